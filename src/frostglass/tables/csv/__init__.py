"""CSV files: one exact reader, and one in parts for large files."""
