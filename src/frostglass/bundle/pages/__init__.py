"""The pages of a bundle: its codebook, its promise in plain words, and its accuracy."""
