"""What an attacker who sees everything can prove of epsilon."""
