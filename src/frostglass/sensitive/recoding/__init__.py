"""From cases to answers by the rules of the codebook, and what identifies people stripped off."""
