"""Canaries that nobody may see."""
