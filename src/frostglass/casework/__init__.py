"""THE CASEWORKER'S DOOR: the intake web application, with its vault. Not built yet."""
