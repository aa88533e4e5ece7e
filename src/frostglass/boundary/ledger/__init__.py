"""What was granted, spent, drawn, sealed and approved: entry after entry, in one chain that nobody rewrites."""
