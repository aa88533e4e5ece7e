"""PAPER: what every page is made of."""
