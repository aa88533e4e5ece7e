"""Tables of counts, counted from rows of codes: the compiled loops, and where their code is kept."""
