"""Codebooks from files, from text, from canonical JSON, and those that ship with the package."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from frostglass.codebooks.faults import Fault, listing
from frostglass.codebooks.parsing import MOST_BYTES, Raw, SyntaxFault, parse_json, parse_toml, too_large
from frostglass.codebooks.reading import read_codebook
from frostglass.errors import CodebookError
from frostglass.terms.arguments import path as path_of
from frostglass.terms.codebook import Codebook, nearest


def shipped() -> tuple[str, ...]:
    """Ids of the codebooks that ship with the package."""
    folder = files("frostglass.codebooks") / "shipped"
    return tuple(sorted(one.name.removesuffix(".toml") for one in folder.iterdir() if one.name.endswith(".toml")))


def load(id_or_path: str | Path) -> Codebook:
    """The shipped codebook of that id, or the one in a TOML file or in a bundle's ``codebook.json``.

    CodebookError: FG-CB-001 with every fault of the file, FG-CB-002 when it cannot be read as text, FG-CB-003 when
    there is neither such an id nor such a file, FG-CB-004 and FG-CB-005 as ``from_canonical``.
    """
    if isinstance(id_or_path, str) and id_or_path in shipped():
        text = (files("frostglass.codebooks") / "shipped" / f"{id_or_path}.toml").read_text(encoding="utf-8")
        return loads(text, source=f"codebook {id_or_path}")
    path = path_of(id_or_path, "a codebook that does not ship with frostglass")
    if not path.exists():
        ids = shipped()
        raise CodebookError(
            "FG-CB-003",
            f"there is no codebook {str(id_or_path)!r}: neither a file, nor one that ships with frostglass "
            f"({', '.join(ids)}){nearest(str(id_or_path), ids)}",
        )
    data = file_bytes(path)
    return (
        from_canonical(data) if path.suffix.lower() == ".json" else loads(utf8_text(data, path.name), source=path.name)
    )


def loads(text: str, *, source: str) -> Codebook:
    """The codebook in a TOML text; ``source`` names it in messages. CodebookError FG-CB-001 lists every fault."""
    try:
        return _codebook(parse_toml(text), source)
    except SyntaxFault as error:
        raise CodebookError("FG-CB-001", listing(source, [error.fault])) from None


def from_canonical(data: bytes, *, sealed: bool = False) -> Codebook:
    """The codebook whose canonical JSON this is. ``sealed``: it is read from a bundle, for what was released.

    CodebookError: FG-CB-001 with every fault, FG-CB-004 when it is not JSON, FG-CB-005 when it is not exactly the
    canonical form, so that the hash of the bytes would not be the hash of the codebook.
    """
    try:
        raw = parse_json(utf8_text(data, "the canonical codebook"))
        codebook = _codebook(raw, "the canonical codebook", sealed=sealed)
    except SyntaxFault as error:
        raise CodebookError("FG-CB-004", listing("the canonical codebook", [error.fault])) from None
    if codebook.canonical != data:
        raise CodebookError(
            "FG-CB-005",
            "this codebook.json is not in canonical form: it was edited or damaged; take it from its bundle again, or "
            "write a codebook in TOML",
        )
    return codebook


def faults(text: str) -> tuple[Fault, ...]:
    """Every fault of a codebook in TOML, in the order of the file; none when it can be used."""
    try:
        return read_codebook(parse_toml(text))[1]
    except SyntaxFault as error:
        return (error.fault,)


def _codebook(raw: Raw, source: str, *, sealed: bool = False) -> Codebook:
    codebook, found = read_codebook(raw, sealed=sealed)
    if codebook is None:
        raise CodebookError("FG-CB-001", listing(source, found))
    return codebook


def file_bytes(path: Path) -> bytes:
    """The bytes of a file of at most ``MOST_BYTES``; CodebookError FG-CB-002 when it cannot be read."""
    if not path.is_file():
        raise CodebookError("FG-CB-002", f"{path.name} is not a regular file; name a file in TOML")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise CodebookError("FG-CB-001", listing(path.name, [too_large().fault]))
        return path.read_bytes()
    except OSError as error:
        raise CodebookError("FG-CB-002", f"{path.name} cannot be read: {error.strerror}") from None


def utf8_text(data: bytes, source: str) -> str:
    """The text of a file, which ``source`` names; CodebookError FG-CB-002 when it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise CodebookError("FG-CB-002", f"{source} is not UTF-8 text; save it as UTF-8") from None
