"""From cells to a coded table: what departs from the codebook, by rule, place and count; who is left out."""
