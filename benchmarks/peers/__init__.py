"""Other people's methods on the same table. Each module but ``task`` is run by an environment of its own."""
