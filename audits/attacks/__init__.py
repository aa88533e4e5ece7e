"""What attacks on releases get right."""
