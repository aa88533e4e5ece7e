"""Time and memory of stage one, from case files to the coded table, and how it compares with the known truth.

``python -m benchmarks.stage_one --cases 17500,1000000``. Each command runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks.meter import Cost


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.stage_one", description=__doc__)
    parser.add_argument("--cases", default="17500", help="numbers of cases, separated by commas")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--without-truth", action="store_true", help="only time and memory")
    options = parser.parse_args(arguments)
    print("| cases | step | wall s | processor s | MB |")
    print("|---|---|---|---|---|")
    for number in options.cases.split(","):
        with tempfile.TemporaryDirectory() as name:
            _run(Path(name), number, str(options.seed), with_truth=not options.without_truth)


def _run(folder: Path, number: str, seed: str, *, with_truth: bool) -> None:
    files = folder / "case-files"
    _row(number, "simulate", _measured("simulate", "--cases", number, "--seed", seed, "-o", str(files)))
    _row(number, "import check", _measured("import", "check", str(files)))
    recode = ["recode", str(files), "-c", "ctdc-vp-1", "-o", str(folder / "coded.parquet")]
    _row(number, "recode", _measured(*recode, "--report", str(folder / "flow.json")))
    if with_truth:
        _measured(*recode, "--report", str(folder / "flow.json"), "--truth", str(files / "truth.csv"), "--force")
        truth = json.loads((folder / "flow.json").read_text())["truth"]
        for what, figure in truth.items():
            print(f"| {int(number):,} | {what} | {figure} | | |")


def _row(number: str, step: str, cost: Cost) -> None:
    print(
        f"| {int(number):,} | {step} | {cost.seconds:.1f} | {cost.processor:.1f} | {cost.megabytes:,.0f} |", flush=True
    )


def _measured(*arguments: str) -> Cost:
    """Run ``frostglass`` with the arguments in a process that only it and its children share."""
    code = (
        "import resource, subprocess, sys; subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL);"
        "used = resource.getrusage(resource.RUSAGE_CHILDREN); print(used.ru_utime + used.ru_stime, used.ru_maxrss)"
    )
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code, sys.executable, "-m", "frostglass", *arguments, "-q"],
        capture_output=True,
        text=True,
        check=True,
    )
    processor, kilobytes = done.stdout.split()
    unit = 1e6 if sys.platform == "darwin" else 1e3
    return Cost(time.perf_counter() - began, float(processor), float(kilobytes) / unit)


if __name__ == "__main__":
    main()
