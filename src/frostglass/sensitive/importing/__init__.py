"""Case files of any system, read by its import map: what is accepted, and what is quarantined and why."""
