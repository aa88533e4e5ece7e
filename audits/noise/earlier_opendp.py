"""The discrete Gaussian of OpenDP 0.14.1, known to be biased, as a control: in an environment of its own.

Run as a program in that environment it writes so many draws of that sigma to its output, 8 bytes each. The bias was
found and mended in 0.14.2 (opendp issue 2638).
"""

from __future__ import annotations

import subprocess
import sys
import venv
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

VERSION = "0.14.1"
_PINS = (f"opendp=={VERSION}", "numpy>=2,<3")


class EarlierOpenDP:
    """Draws as OpenDP 0.14.1 does. Raises OSError or CalledProcessError where it cannot be installed."""

    def __init__(self, folder: Path) -> None:
        self._python = folder / f"opendp-{VERSION}" / "bin" / "python"
        if not self._python.exists():
            venv.create(self._python.parent.parent, with_pip=True, clear=True)
        install = [str(self._python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *_PINS]
        subprocess.run(install, check=True, capture_output=True)

    def draw(self, sigma: Fraction, size: int) -> npt.NDArray[np.int64]:
        command = [str(self._python), __file__, str(float(sigma)), str(size)]
        return np.frombuffer(subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout, dtype=np.int64)


def _write_draws(sigma: float, size: int) -> None:
    import opendp.prelude as dp

    dp.enable_features("contrib")
    domain, metric = dp.vector_domain(dp.atom_domain(T="i64")), dp.l2_distance(T=float)
    drawn: Any = dp.m.make_gaussian(domain, metric, scale=sigma)(np.zeros(size, dtype=np.int64))
    sys.stdout.buffer.write(np.array(drawn, dtype=np.int64).tobytes())


if __name__ == "__main__":
    _write_draws(float(sys.argv[1]), int(sys.argv[2]))
