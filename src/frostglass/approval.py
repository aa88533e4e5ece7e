"""What becomes of a sealed bundle: approved by two people, published, or withdrawn."""
