"""Run the audits and put their figures into docs/trust.md.

Each part can be run alone. What it found stays in ``--out``, and with ``--update-docs`` in docs/trust.json too,
until it is run again.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

from audits.figures import Figure, Size
from frostglass.version import __version__

PARTS = {
    "replay": ("replay.replay", "Record and replay"),
    "claims": ("replay.claims", "Claims and their tests"),
    "samplers": ("noise.samplers", "Samplers"),
    "epsilon": ("epsilon.epsilon", "Epsilon from below"),
    "epsilon_full": ("epsilon.epsilon_full", "Epsilon from below, on full releases"),
    "canaries": ("epsilon.canaries", "One-run audit with canaries"),
    "kills": ("ledger.kills", "Kills"),
    "power": ("ledger.power", "Power loss"),
    "faults": ("ledger.faults", "Faults of the disk and the clock"),
    "race": ("ledger.race", "Races"),
    "tampering": ("ledger.tampering", "Tampering with the ledger"),
    "machine": ("ledger.machine", "Ledger against a reference model"),
    "releases": ("ledger.releases", "Releases that are killed"),
    "signals": ("ledger.signals", "Releases that are interrupted"),
    "leaks": ("leaks.leaks", "Leaks"),
    "inputs": ("inputs.inputs", "Bad inputs"),
    "fuzzing": ("inputs.fuzzing", "Fuzzing"),
    "forgeries": ("inputs.forgeries", "Forged bundles"),
    "attacks": ("attacks.attacks", "Attacks on releases"),
    "coverage": ("coverage", "Intervals that hold"),
}
"""By name, the module of each, with a function ``audit(size) -> list[Figure]``, and its heading."""

_PAGE = Path(__file__).parent.parent / "docs" / "trust.md"
_BEGIN, _END = "<!-- figures: begin -->", "<!-- figures: end -->"


def main(arguments: Sequence[str] | None = None) -> int:
    options = _options().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    missed = 0
    if not options.report_only:
        for part in options.parts:
            size = Size(whole=not options.short, seed=options.seed, folder=options.data_folder)
            missed += _run(part, size, options.out)
    if options.update_docs:
        _update_docs(options.out)
    return 1 if missed else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m audits.run", description=__doc__)
    parser.add_argument("--parts", type=_parts, default=tuple(PARTS), help=f"between commas: {', '.join(PARTS)}")
    parser.add_argument("--short", action="store_true", help="the part of each that runs with the tests")
    parser.add_argument(
        "--seed", type=int, default=Size(whole=True).seed, help="where chance is ours and not the noise"
    )
    folder = os.environ.get("FROSTGLASS_DATA")
    parser.add_argument("--data-folder", type=Path, default=folder, help="holds vp_published.csv and adult.csv, if any")
    parser.add_argument("--out", type=Path, default=Path("build/audit"), help="takes the figures of each part as JSON")
    parser.add_argument("--report-only", action="store_true", help="run nothing")
    parser.add_argument("--update-docs", action="store_true", help="put the figures into docs/trust.md")
    return parser


def _parts(text: str) -> tuple[str, ...]:
    asked = tuple(text.split(","))
    unknown = set(asked) - PARTS.keys()
    if unknown:
        raise argparse.ArgumentTypeError(f"there is no part {sorted(unknown)[0]!r}")
    return asked


def _run(part: str, size: Size, out: Path) -> int:
    """Run one part, print and keep its figures; returns how many were missed."""
    module, heading = PARTS[part]
    print(heading, flush=True)
    begun = time.monotonic()
    figures: list[Figure] = import_module(f"audits.{module}").audit(size)
    seconds = time.monotonic() - begun
    for each in figures:
        print(f"  {each.line()}", flush=True)
    print(f"  {seconds:,.0f} s", flush=True)
    held = {
        "on": datetime.now(UTC).date().isoformat(),
        "whole": size.whole,
        "seed": size.seed,
        "machine": f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}",
        "version": __version__,
        "seconds": round(seconds),
        "figures": [each.as_json() for each in figures],
    }
    (out / f"{part}.json").write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n")
    return sum(not each.ok for each in figures)


def _update_docs(out: Path) -> None:
    """The figures of every part that was ever run, the latest ones, as JSON and between the markers of the page."""
    kept = _PAGE.with_suffix(".json")
    found = json.loads(kept.read_text()) if kept.exists() else {}
    found |= {part: json.loads((out / f"{part}.json").read_text()) for part in PARTS if (out / f"{part}.json").exists()}
    kept.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")
    before, _, rest = _PAGE.read_text().partition(_BEGIN)
    after = rest.partition(_END)[2]
    _PAGE.write_text(f"{before}{_BEGIN}\n{_tables(found)}{_END}{after}")


def _tables(found: Mapping[str, Any]) -> str:
    text = ""
    for part, (_, heading) in PARTS.items():
        if part not in found:
            continue
        held = found[part]
        how = "" if held["whole"] else ", short form"
        text += f"\n### {heading}\n\n"
        text += (
            f"`--parts {part}`{how}, {held['on']}, seed {held['seed']}, {held['machine']}, {held['seconds']:,} s.\n\n"
        )
        text += "| claim | target | reached | |\n|---|---|---|---|\n"
        for each in held["figures"]:
            text += (
                f"| {each['what']} | {each['target']} | {each['reached']} | {'' if each['ok'] else '**missed**'} |\n"
            )
    return text + "\n"


if __name__ == "__main__":
    sys.exit(main())
