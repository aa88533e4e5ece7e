"""Epsilon from below on releases of the size of the real thing: slow, so fewer of them, in a part of their own."""

from __future__ import annotations

import os
from fractions import Fraction

from audits.epsilon.epsilon import CLAIMS, stays_below
from audits.figures import Figure, Size


def audit(size: Size) -> list[Figure]:
    """2 x 1,500 releases at each claim; 2 x 5 at one of them in the short form."""
    cores = size.of(1, os.cpu_count() or 1)
    claims = CLAIMS if size.whole else (Fraction(8),)
    return [stays_below("full", epsilon, size.of(5, 1_500), cores) for epsilon in claims]
