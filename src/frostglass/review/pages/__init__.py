"""The private pages: the review, and the flow of the cases."""
