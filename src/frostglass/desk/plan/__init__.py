"""What a plan comes to, in text, tables and on a page."""
