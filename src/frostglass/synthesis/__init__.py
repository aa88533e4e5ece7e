"""POST-PROCESSING: asks, estimates and fits records. It sees released values and public words only."""
