"""Virtual environments for what must not share one with frostglass: made when they are first needed, pinned here.

Pins are ranges in which the runners here are known to work; ``versions`` says what was installed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from pathlib import Path

PINS: Mapping[str, tuple[str, ...]] = {
    "pac-synth": ("pac-synth>=0.0.8,<0.1",),
    # OpenDP pins mbi exactly, and what it makes records with needs pandas, which it does not ask for.
    "opendp": ("opendp[mbi]>=0.16,<0.17", "pandas>=2.2,<4"),
    "splink": ("splink==5.0.0",),
    "plots": ("altair>=5.5,<7", "vl-convert-python>=1.7,<2"),
}

_MADE_OF = "made-of.json"


def python(name: str, folder: Path) -> Path:
    """The interpreter of the environment ``name`` in ``folder``, made anew if its pins are other ones."""
    place = folder / name
    stamp = place / _MADE_OF
    if not stamp.exists() or json.loads(stamp.read_text()) != list(PINS[name]):
        shutil.rmtree(place, ignore_errors=True)
        print(f"making the environment of {name}", file=sys.stderr, flush=True)
        venv.create(place, with_pip=True)
        _pip(place, "install", "--quiet", *PINS[name])
        stamp.write_text(json.dumps(PINS[name]))
    return _interpreter(place)


def versions(name: str, folder: Path) -> dict[str, str]:
    """What is installed in the environment, by name; the version of everything that the figures may depend on."""
    listed = json.loads(_pip(folder / name, "list", "--format=json"))
    return {each["name"]: each["version"] for each in listed if each["name"] not in ("pip", "setuptools")}


def _pip(place: Path, *arguments: str) -> str:
    command = [str(_interpreter(place)), "-m", "pip", *arguments, "--disable-pip-version-check"]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def _interpreter(place: Path) -> Path:
    return place / "bin" / "python"
