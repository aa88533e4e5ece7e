"""Cases of the same person: found by what identifies people, decided by rule or by a data officer, never trained."""
