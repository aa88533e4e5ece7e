"""THE STEWARD'S DOOR: the command line."""
