"""THE WAYS: each calls rooms, from the door to the end, in the order that makes it safe. Read ``release`` first."""
