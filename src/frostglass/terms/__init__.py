"""THE WORDS: frozen values that both sides share. No data, no I/O, no randomness."""
