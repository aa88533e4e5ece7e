"""THE STEWARD'S EYES: comparisons with the truth, told to the steward alone."""
