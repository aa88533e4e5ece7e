"""THE PUBLIC DOOR: a static site built from a sealed bundle and nothing else. Not built yet."""
