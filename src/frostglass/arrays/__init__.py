"""Neutral ground: plain arrays and files, counting kernels. Knows no custody."""
