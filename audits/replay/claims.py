"""Seeded faults that the replay cannot see: each must be found by the test of the claim that it breaks.

A fault is put into a copy of the source, and the test that it names runs against that copy in a process of its own, so
that a test which starts processes or looks at files sees it too. The control is the same copy without any fault.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import frostglass
from audits.figures import Figure, Size, examples
from audits.ground import fast_folder
from audits.replay.mutation import Mutant, claimed, put_into

_ROOT = Path(__file__).parents[2]
_PACKAGE = Path(frostglass.__file__).parent
_PLUGINS = ("-p", "no:cacheprovider", "-p", "audits.replay.plain_examples")
_FAILED, _PASSED = 1, 0
"""Exit codes of pytest; with any other no test ran, which shows nothing."""


def audit(size: Size) -> list[Figure]:
    """Every such fault, or two of them."""
    every = claimed()
    tried = every if size.whole else (every[0], every[-1])
    with copy_of_the_source() as copy:
        begun = time.monotonic()
        ended = {each.name: ended_with(each, copy) for each in tried}
        seconds = time.monotonic() - begun
        honest = run(copy, {each.found_by for each in tried})
    missed = [f"{name} ({code})" for name, code in ended.items() if code != _FAILED]
    return [
        Figure(
            "Faults that were put into a copy of the source one at a time, and that the test of the claim which they "
            "break found",
            f"all {len(tried)}",
            f"{len(tried) - len(missed)}, in {seconds:.0f} s{examples(missed, len(missed))}",
            ok=not missed,
        ),
        Figure(
            "Control: the same tests pass on the copy without a fault",
            f"exit code {_PASSED}",
            f"exit code {honest}",
            ok=honest == _PASSED,
        ),
    ]


@contextmanager
def copy_of_the_source() -> Iterator[Path]:
    """A folder with a copy of the package, times and compiled kernels included."""
    with fast_folder() as folder:
        shutil.copytree(_PACKAGE, folder / _PACKAGE.name)
        yield folder


def ended_with(mutant: Mutant, copy: Path) -> int:
    """pytest's exit code for the test that should find the fault, which is in the copy for as long as it runs."""
    path = copy / _PACKAGE.name / Path(*mutant.module.split(".")).with_suffix(".py")
    honest, found = path.read_text(), path.stat()
    path.write_text(put_into(mutant, honest))
    try:
        return run(copy, [mutant.found_by])
    finally:
        path.write_text(honest)
        os.utime(path, ns=(found.st_atime_ns, found.st_mtime_ns))


def run(copy: Path, tests: Iterable[str]) -> int:
    """pytest's exit code for these tests, with the package of the copy."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", *_PLUGINS, *sorted(tests)]
    place = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
    return subprocess.run(command, cwd=_ROOT, env=place, capture_output=True, check=False).returncode
