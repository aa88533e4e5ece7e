"""A BUNDLE OF ANY ORIGIN, looked through without belief: what holds, what does not, what was not checked."""
