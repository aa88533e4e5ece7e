"""An XLSX file as a zip archive of XML parts: looked at from outside before anything in it is unpacked."""

from __future__ import annotations

import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO
from xml.parsers import expat

from frostglass.errors import InputError

MOST_UNPACKED = 100_000_000
"""Most bytes that the parts of a workbook may unpack to, all together. To raise it, set
``frostglass.tables.xlsx.package.MOST_UNPACKED`` before reading; save a large table as CSV instead if you can."""

_MOST_PARTS = 5_000

_UNSUPPORTED = {
    r"vbaproject\.bin$|^xl/macrosheets/": "macros",
    r"^xl/externallinks/": "links to other workbooks",
    r"^xl/(connections\.xml$|querytables/)": "a connection to another data source",
    r"^xl/workbook\.bin$": "the binary format .xlsb",
    r"^content\.xml$": "the OpenDocument format .ods",
    r"^encryptedpackage$": "encryption",
}
"""Parts whose presence makes a workbook one that we do not read, by what they mean."""

Start = Callable[[str, Mapping[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


_DAMAGE = (
    LookupError,
    ValueError,
    OverflowError,
    EOFError,
    OSError,
    NotImplementedError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    expat.ExpatError,
)
"""What is raised at a part that is missing, cut short, no XML, or in contradiction with itself."""


_NO_MEMORY = expat.errors.codes[expat.errors.XML_ERROR_NO_MEMORY]
"""How the XML parser says that it ran out of memory, which is no damage."""


@dataclass(frozen=True)
class Package:
    """An opened archive whose directory was checked."""

    archive: zipfile.ZipFile

    def has(self, part: str) -> bool:
        return part in self.archive.NameToInfo

    def parse(self, part: str, start: Start, end: End | None = None, text: Text | None = None) -> None:
        """Send the elements of an XML part to the handlers, by local name; InputError when it is damaged or unsafe."""
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = _refuse_doctype
        parser.StartElementHandler = lambda name, given: start(_local(name), _local_keys(given))
        if end is not None:
            parser.EndElementHandler = lambda name: end(_local(name))
        if text is not None:
            parser.CharacterDataHandler = text
        with self._opened(part) as stream:
            parser.ParseFile(stream)

    @contextmanager
    def _opened(self, part: str) -> Iterator[BinaryIO]:
        try:
            with self.archive.open(part) as stream:
                yield stream  # type: ignore[misc]  # a ZipExtFile reads as a BinaryIO does
        except _DAMAGE as error:
            if isinstance(error, expat.ExpatError) and error.code == _NO_MEMORY:
                raise MemoryError from None
            raise damaged() from None


@contextmanager
def opened(file: BinaryIO) -> Iterator[Package]:
    """The package in ``file``, after a look at its directory alone.

    Raises InputError FG-IN-052 (a kind of workbook that is not read), FG-IN-053 (too large when unpacked), FG-IN-054
    (unsafe names), FG-IN-074 (damaged).
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise damaged() from None
    with archive:
        parts = archive.infolist()
        _check_names(parts)
        _check_kind(parts)
        _check_size(parts)
        yield Package(archive)


def damaged() -> InputError:
    """The error for a workbook that breaks off or contradicts itself."""
    return InputError("FG-IN-074", "the workbook is damaged or no workbook: open it and save it again as .xlsx")


def resolve(base: str, target: str) -> str:
    """The part that ``target`` means when the part ``base`` refers to it."""
    if target.startswith("/"):
        return target[1:]
    return posixpath.normpath(posixpath.join(posixpath.dirname(base), target))


def _check_names(parts: list[zipfile.ZipInfo]) -> None:
    names = [part.orig_filename for part in parts]
    unsafe = any(
        name.startswith("/") or ".." in name.split("/") or "\\" in name or ":" in name or not name.isprintable()
        for name in names
    )
    if unsafe or len({name.casefold() for name in names}) != len(names) or len(names) > _MOST_PARTS:
        raise InputError(
            "FG-IN-054",
            "the workbook holds parts with unsafe names (absolute, leading out of the archive, twice the same, or "
            "thousands of them): no spreadsheet program writes that. Get the file from its source again",
        )


def _check_kind(parts: list[zipfile.ZipInfo]) -> None:
    if any(part.flag_bits & 1 for part in parts):
        raise unsupported("a password")
    if any(part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) for part in parts):
        raise unsupported("a compression that no spreadsheet program uses")
    for pattern, what in _UNSUPPORTED.items():
        if any(re.search(pattern, part.filename.casefold()) for part in parts):
            raise unsupported(what)


def unsupported(what: str) -> InputError:
    """The error for a workbook with ``what``."""
    return InputError("FG-IN-052", f"unsupported workbook: it has {what}. Save the sheet alone as plain .xlsx or CSV")


def _check_size(parts: list[zipfile.ZipInfo]) -> None:
    size = sum(part.file_size for part in parts)
    if size > MOST_UNPACKED:
        raise InputError(
            "FG-IN-053",
            f"the workbook expands to {size / 1e6:,.0f} MB (limit {MOST_UNPACKED / 1e6:,.0f} MB) and was not unpacked: "
            "save the sheet as CSV, or raise frostglass.tables.xlsx.package.MOST_UNPACKED",
        )


def _refuse_doctype(*_: object) -> None:
    raise InputError(
        "FG-IN-054",
        "the workbook defines XML entities, which no spreadsheet program does and which can be an attack: get the file "
        "from its source again",
    )


def _local(name: str) -> str:
    return name.rpartition(" ")[2]


def _local_keys(given: Mapping[str, str]) -> Mapping[str, str]:
    return {_local(key): value for key, value in given.items()} if any(" " in key for key in given) else given
