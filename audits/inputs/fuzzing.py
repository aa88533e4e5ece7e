"""Every reader of files meets files that are wrong at random: a result or an error with a code, and nothing else.

In both forms sound files are changed at random, from a seed, in processes of their own, and files are built to harm:
small ones that would be huge, endless or contradictory once decoded. The whole form also lets
atheris choose the changes by the lines of code that they reach.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from audits.figures import Figure, Size, examples
from audits.inputs.fuzz_child import MOST_SECONDS
from audits.inputs.fuzz_targets import BROKEN, TARGETS

MOST_MEGABYTES = 150
"""Most memory that the reader of a file of up to 1 MB may take beyond what sound files take."""

SLOW = ("counts of bundles", "records of bundles")
"""A whole bundle is verified for each input: a tenth as many of them."""

ENVIRONMENTS = Path("build") / "environments"
ATHERIS = "atheris>=3,<4"


@dataclass(frozen=True)
class Fuzzed:
    """What became of one target. ``peak`` is in MB beyond sound files, ``slowest`` in seconds."""

    target: str
    runs: int
    crashes: Mapping[str, str]
    peak: int
    slowest: float


def audit(size: Size) -> list[Figure]:
    """150 changed files a reader in the short form, 20,000 in the whole one and then 60 seconds of atheris each."""
    found = at_random([each for each in TARGETS if each not in SLOW], size.of(150, 20_000), size.seed)
    found += at_random(SLOW, size.of(15, 2_000), size.seed)
    figures = _figures(found, "changed at random")
    if size.whole:
        python = _python()
        figures += _figures([by_coverage(python, each, 60, size.seed) for each in TARGETS], "chosen by atheris")
    return [*figures, *_controls()]


def at_random(targets: Sequence[str], runs: int, seed: int, *more: str) -> list[Fuzzed]:
    """Fuzz targets in one process; a process that dies is a crash of the target that it was at."""
    command = [
        sys.executable,
        "-m",
        "audits.inputs.fuzz_child",
        *targets,
        "--runs",
        str(runs),
        "--seed",
        str(seed),
        *more,
    ]
    ended = subprocess.run(command, capture_output=True, text=True)
    found = [Fuzzed(**json.loads(line)) for line in ended.stdout.splitlines()]
    if ended.returncode:
        place = targets[min(len(found), len(targets) - 1)]
        found.append(Fuzzed(place, 0, {f"ended with {ended.returncode}": ended.stderr[-300:]}, 0, 0.0))
    return found


def by_coverage(python: Path, target: str, seconds: int, seed: int) -> Fuzzed:
    """Fuzz one target for so many seconds, with atheris."""
    places = [str(Path(__file__).parents[2]), *(sysconfig.get_path(each) for each in ("purelib", "platlib"))]
    source = Path(__file__).parents[2] / "src"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*places, str(source)])}
    command = [str(python), "-m", "audits.inputs.fuzz_child", target, "--coverage", str(seconds), "--seed", str(seed)]
    ended = subprocess.run(command, capture_output=True, text=True, env=environment)
    said = ended.stderr + ended.stdout
    crashes = {_cause(said): said[-600:]} if ended.returncode else {}
    begun = re.search(r"INITED.*rss: (\d+)Mb", said)
    peak = _statistic(said, "peak_rss_mb") - int(begun[1]) if begun else 0
    return Fuzzed(
        target, _statistic(said, "number_of_executed_units"), crashes, peak, _statistic(said, "slowest_unit_time_sec")
    )


def _cause(said: str) -> str:
    """The first line that says what went wrong."""
    return next((line for line in said.splitlines() if re.search(r"Error|Exception|ERROR", line)), "ended early")[:200]


def _statistic(said: str, name: str) -> int:
    found = re.search(rf"stat::{name}:\s+(\d+)", said)
    return int(found[1]) if found else 0


def _python() -> Path:
    """The interpreter of an environment that has atheris, made when it is first needed."""
    place = ENVIRONMENTS / "atheris"
    if not (place / "bin" / "python").exists():
        venv.create(place, with_pip=True)
    python = place / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", ATHERIS]
    subprocess.run(install, check=True, capture_output=True)
    return python.absolute()


def _figures(found: Sequence[Fuzzed], how: str) -> list[Figure]:
    crashes = [f"{each.target}: {place}" for each in found for place in each.crashes]
    runs = sum(each.runs for each in found)
    fewest, largest = min(found, key=lambda each: each.runs), max(found, key=lambda each: each.peak)
    slowest = max(found, key=lambda each: each.slowest)
    return [
        Figure(
            f"Files {how}, for {len({each.target for each in found})} readers: other outcomes than a result or an "
            "error with a code",
            "0",
            f"{len(crashes)} in {runs:,} files, {fewest.runs:,} ({fewest.target}) or more a reader{examples(crashes)}",
            ok=not crashes and fewest.runs > 0,
        ),
        Figure(
            f"… {how}: most memory beyond that for sound files",
            f"at most {MOST_MEGABYTES} MB",
            f"{largest.peak} MB ({largest.target})",
            ok=largest.peak <= MOST_MEGABYTES,
        ),
        Figure(
            f"… {how}: longest time of computing for one file",
            f"at most {MOST_SECONDS} s",
            f"{slowest.slowest} s ({slowest.target})",
            ok=slowest.slowest <= MOST_SECONDS,
        ),
    ]


def _controls() -> list[Figure]:
    """Readers that are wrong on purpose."""
    crash, hang, memory = at_random(tuple(BROKEN), 6, 1, "--patience", "0.3")
    seen = {
        "fails on bytes that are no text": any("UnicodeDecodeError" in each for each in crash.crashes),
        "goes on for ever": any("HangError" in each for each in hang.crashes),
        "takes 300 MB": memory.peak > MOST_MEGABYTES,
    }
    return [
        Figure(f"Control: a reader that {what} must be found out", "found", "found" if found else "not found", ok=found)
        for what, found in seen.items()
    ]
