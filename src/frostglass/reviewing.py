"""Looking at a release beside the truth: what the review is given, and where its report goes. Private."""
