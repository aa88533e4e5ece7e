"""Files that are wrong, hostile or forged."""
