"""The files of a bundle: each read with suspicion and written whole, in one form for the same content."""
