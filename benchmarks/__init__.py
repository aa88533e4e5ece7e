"""How near a release comes to the truth, how long it takes, and how simple peers do on the same table."""
