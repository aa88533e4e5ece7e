"""THE GLASS: sensitive values become released ones here and only here, each paid for before it is drawn."""
