"""QUESTIONS: counts, shares, differences and tables of one release, each with interval and sentence."""
