"""Where new files may come to lie: nowhere that is taken, and never in a sealed bundle, which is published as it is."""

from __future__ import annotations

from pathlib import Path

from frostglass.errors import UsageError

MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
"""What seals a bundle."""


def refuse_in_bundle(path: Path) -> None:
    """Raise UsageError FG-OP-018 when ``path`` lies in a sealed bundle."""
    for folder in path.resolve().parents:
        if (folder / MANIFEST).is_file() and (folder / SIGNATURE).is_file():
            raise UsageError(
                "FG-OP-018",
                f"{folder.name} is a sealed bundle: anything new in it would break its seal, and leave with it; name "
                "another place",
            )


def require_new(path: Path, *, force: bool | None = None) -> None:
    """Raise UsageError FG-OP-018 when the file would lie in a sealed bundle, FG-OP-050 when it exists.

    ``force`` overwrites a file; ``None`` where the caller has no such option.
    """
    refuse_in_bundle(path)
    if force or not path.exists():
        return
    if force is None:
        raise UsageError("FG-OP-050", f"{path.name} exists; choose another name")
    raise UsageError("FG-OP-050", f"{path.name} exists; choose another name, or `force` to overwrite it")
