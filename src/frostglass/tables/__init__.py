"""FILES OF TABLES, read exactly: every cell is the text that it was, or the file is refused."""
