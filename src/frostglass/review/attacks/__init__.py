"""Attacks on shadow releases: what somebody could learn of one person, beside what the guarantee allows. Private."""
