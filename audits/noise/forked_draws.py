"""Whether two children of one process, forked after it has drawn, draw the same noise."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from multiprocessing.connection import Connection

import numpy as np

from audits.noise.goodness import Draw, Ints
from frostglass.boundary.noise.discrete_gaussian import DiscreteGaussian
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian

_SIGMA, _DRAWS = Fraction(10), 200
"""Two vectors of 200 draws agree by chance less often than once in 10**280."""


def _seeded() -> Draw:
    """The control: a generator with a state that a fork copies."""
    chance = np.random.default_rng(1)

    def draw(sigma: Fraction, size: int) -> Ints:
        return np.rint(chance.normal(0, float(sigma), size)).astype(np.int64)

    return draw


SOURCES: Mapping[str, Callable[[], Draw]] = {
    "rounded Gaussian": lambda: RoundedGaussian().draw,
    "OpenDP": lambda: DiscreteGaussian().draw,
    "a seeded generator": _seeded,
}


def children_agree(source: str) -> bool:
    """Whether any two of a parent and its two forked children draw the same vector."""
    context = multiprocessing.get_context("forkserver")
    ours, theirs = context.Pipe(duplex=False)
    parent = context.Process(target=_draw_in_three, args=(source, theirs))
    parent.start()
    vectors = [ours.recv_bytes() for _ in range(3)]
    parent.join()
    return len(set(vectors)) < 3


def _draw_in_three(source: str, out: Connection) -> None:
    """Draw once, fork twice, and send what each of the three draws next."""
    draw = SOURCES[source]()
    draw(_SIGMA, _DRAWS)
    children = [_child(draw, out) for _ in range(2)]
    for child in children:
        os.waitpid(child, 0)
    out.send_bytes(draw(_SIGMA, _DRAWS).tobytes())


def _child(draw: Draw, out: Connection) -> int:
    """Fork a child that sends its draws and ends at once; returns its id."""
    child = os.fork()
    if child:
        return child
    try:
        out.send_bytes(draw(_SIGMA, _DRAWS).tobytes())
    finally:
        os._exit(0)
