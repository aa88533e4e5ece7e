"""How strongly the fit follows the tables: fixed, or found by data fission at no cost in privacy.

Fission splits an answer y = x + noise into two with independent noise: y + k s z and y - (s / k) z, for a fresh
standard normal z. The first is fitted at several temperatures, the second says which fit is nearest to x. Both are
functions of the answers and of a seed.

Source: Leiner, Duan, Wasserman & Ramdas (2023), data fission; Rasines & Young (2022).
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from frostglass.synthesis.record_fit import Effort, Start, Wanted, mean_tables, whole_aim
from frostglass.synthesis.rules import Rules
from frostglass.synthesis.sweeps import State

COLDEST, HOTTEST = 0.1, 0.2
"""Of the usual fits; tuned once on published data, like the rule between them (docs/explanation/engine-notes.md)."""

TEMPERATURES = (1.0, 0.3, 0.1, 0.03)
"""Tried from hot to cold, so that each goes on from the records of the one before."""

_SPLIT = 0.5
"""k: the fitted part has a quarter more variance than the answers."""

_TRIAL = Effort(pairs=0, settling=1, kept=1, polishing=0, chains=1)


def usual_temperature(error: float) -> float:
    """The less error (sd, in fitted records) the estimates have, the hotter: 0.1 from 114 on, 0.2 up to 57.

    Where little is known the tables are followed closely and the base measure does the rest; where much is known,
    following them closely would only repeat their noise.
    """
    return min(max(11.4 / error, COLDEST), HOTTEST)


def choose_temperature(wanted: Wanted, start: Start, rules: Rules, *, seed: int, state: State) -> float:
    """The temperature of ``TEMPERATURES`` whose fit predicts the held-out part best; ``start`` stays as it is."""
    generator = np.random.Generator(np.random.PCG64(seed))
    noise = [sd * generator.standard_normal(each.shape) for each, sd in zip(wanted.answers, wanted.sd, strict=True)]
    fitted = replace(
        wanted,
        answers=tuple(each + _SPLIT * extra for each, extra in zip(wanted.answers, noise, strict=True)),
        sd=tuple(sd * (1 + _SPLIT**2) ** 0.5 for sd in wanted.sd),
    )
    held_out = replace(
        wanted, answers=tuple(each - extra / _SPLIT for each, extra in zip(wanted.answers, noise, strict=True))
    )
    longest = max(len(each) for each in wanted.sets)
    judged = whole_aim(held_out, start, 0.0)
    of_longest = judged.layout.spread([float(len(each) == longest) for each in judged.layout.sets])
    weight = judged.layout.spread(judged.weight) * of_longest
    codes = start.codes.copy()
    errors = []
    for temperature in TEMPERATURES:
        tables = mean_tables(
            codes, whole_aim(fitted, start, temperature), rules, _TRIAL, temperature=temperature, state=state
        )
        errors.append(float((weight * np.square(judged.target - tables)).sum()))
    return TEMPERATURES[int(np.argmin(errors))]
