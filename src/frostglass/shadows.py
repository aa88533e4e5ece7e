"""Shadow releases: what a release of other tables would have been, for attacks alone. Never charged, never sealed."""
