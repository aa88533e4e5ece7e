"""THE FROSTED SIDE: values that have crossed the glass, and what is computed from them alone."""
