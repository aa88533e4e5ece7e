"""Numbers 55 to 70 of the catalogue of bad inputs: codebooks, settings, ledgers, and what goes wrong around them."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

from audits.inputs.tries import CHECK, GOOD, RELEASE, Try, book, nothing, raw, text, with_book
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.terms.domain import MISSING_LABEL
from tests.boundary.support import reserve

_FAULTS = "audits.inputs.faults"
_BOOK = ("codebook", "check", "bad.toml")
_READ_ONLY = (f"{_FAULTS}:no_permission_to_write",)
_CONFIG = ("release", "--config", "release.toml")
_SETTINGS = (
    'data = "survey.csv"\ncodebook = "small.toml"\nepsilon = "1"\nscope = "people"\nledger = "l.db"\nout = "out"\n'
)


def tries() -> list[Try]:
    """All of them, in order."""
    return [*_codebooks(), *_figures(), *_budgets(), *_places(), *_releases()]


def _codebooks() -> list[Try]:
    def bad(number: int, what: str, words: str, *changes: tuple[str, str]) -> Try:
        return Try(number, what, words, raw(book(*changes).encode(), "bad.toml"), _BOOK)

    def codes(codes: str) -> tuple[str, str]:
        return ('["F", "M"]', codes)

    many = ", ".join(f'"c{place}"' for place in range(201))
    config = f'epsilon = "1"\n{_SETTINGS}'
    return [
        bad(55, "a code that is no text (NO, 1:30 and 012 in YAML)", "variable[0]", codes("[false, 90, 10]")),
        Try(56, "a setting twice", "FG-OP-041", raw(config.encode(), "release.toml"), _CONFIG, 2),
        bad(56, "a codebook's key twice", "line 5, column 14", ('version = "1"', 'version = "1"\nversion = "2"')),
        bad(57, "lists in lists, 10,000 deep", "nested deeper than 40 levels", codes("[" * 10_000 + "]" * 10_000)),
        Try(57, "a codebook of 12 MB", "larger than 10 MB", raw(b"#" * 12_000_000, "bad.toml"), _BOOK),
        bad(58, "one code twice", "variable[0]", codes('["F", "F"]')),
        bad(58, "no category", "variable[0]", codes("[]")),
        bad(58, "one category", "variable[0]", codes('["F"]')),
        bad(58, "codes that differ in a space", "variable[0]", codes('["F", "F "]')),
        bad(58, "201 codes", "variable[0]", codes(f"[{many}]")),
        bad(58, "a code that is the word for missing", "variable[0]", codes(f'["F", "{MISSING_LABEL}"]')),
        Try(
            59,
            "a codebook that changed since the last release",
            "2 (plain sum)",
            _released_before,
            RELEASE,
            0,
            unspent=False,
        ),
    ]  # fmt: skip


def _released_before(folder: Path) -> None:
    """A ledger that paid for a release with the codebook as it was; and the codebook with another version."""
    ledger = Ledger.open(folder / "l.db")
    reserve(ledger, "R1", Fraction(1))
    (folder / "small.toml").write_text(book(('version = "1"', 'version = "2"')))


def _figures() -> list[Try]:
    def epsilon(value: str) -> tuple[str, ...]:
        pairs = zip(("", *RELEASE), RELEASE, strict=False)
        return tuple(value if before == "--epsilon" else each for before, each in pairs)

    def scope(epsilon: str, delta: str) -> tuple[str, ...]:
        return ("ledger", "open", "t", "--epsilon", epsilon, "--delta", delta, "--ledger", "l.db")

    return [
        *(
            Try(60, f"epsilon {value}", "FG-OP-001", nothing, epsilon(value), 2)
            for value in ("0", "-1", "NaN", "inf", "1,5", "1e-300", "50")
        ),
        Try(60, "a scope of epsilon 6, without a reason", "FG-OP-061", nothing, scope("6", "1e-6"), 2),
        *(Try(61, f"delta {value}", "FG-OP-002", nothing, scope("1", value), 2) for value in ("0", "1", "-1", "NaN")),
        Try(61, "delta 1e-4, without a reason", "FG-OP-061", nothing, scope("1", "1e-4"), 2),
        Try(61, "no delta", "--delta", nothing, scope("1", "1e-6")[:5] + scope("1", "1e-6")[7:], 2),
        Try(62, "k, which there is not: nothing is suppressed by k", "--k", nothing, (*RELEASE, "--k", "1"), 2),
    ]


def _budgets() -> list[Try]:
    unread = tuple("not-there.csv" if each == "survey.csv" else each for each in RELEASE)
    beyond = tuple("3" if each == "1" else each for each in unread)

    def older(folder: Path) -> None:
        shutil.copy(folder / "l.db", folder / "backup.db")
        reserve(Ledger.open(folder / "l.db"), "R1", Fraction(1))
        (folder / "backup.db").replace(folder / "l.db")

    def broken(folder: Path) -> None:
        content = bytearray((folder / "l.db").read_bytes())
        place = content.index(b'"epsilon":"2"')
        content[place : place + 13] = b'"epsilon":"9"'
        (folder / "l.db").write_bytes(bytes(content))

    def lost(folder: Path) -> None:
        for path in folder.glob("l.db*"):
            path.unlink()

    return [
        Try(63, "an allowance that does not cover it; the table is not even looked for", "FG-BU-001", nothing, beyond),
        Try(64, "no ledger", "FG-LG-001", lost, RELEASE, unspent=False),
        Try(64, "a ledger older than its witness", "ledger reconcile", older, RELEASE, unspent=False),
        Try(64, "a broken chain", "FG-LG-003", broken, RELEASE, unspent=False),
        Try(64, "a network disk", "FG-LG-006", nothing, RELEASE, change=(f"{_FAULTS}:network_disk",)),
        Try(64, "a ledger that is locked", "FG-LG-004", nothing, RELEASE, change=(f"{_FAULTS}:locked",)),
    ]


def _places() -> list[Try]:
    newer = ('id = "survey"', 'id = "survey"\nformat = 9')

    def there(folder: Path) -> None:
        (folder / "out").mkdir()

    def settings(content: str) -> Callable[[Path], None]:
        return raw(content.encode(), "release.toml")

    return [
        Try(65, "a place that is taken", "FG-BN-001", there, RELEASE),
        Try(65, "a place that cannot be written", "FG-LG-005", nothing, RELEASE, change=_READ_ONLY),
        Try(65, "a full disk", "FG-BN-065", nothing, RELEASE, change=(f"{_FAULTS}:full_disk",)),
        Try(66, "a setting that is misspelt", "did you mean epsilon", settings('epsilonn = "1"\n'), _CONFIG, 2),
        Try(67, "settings of a newer version", "format 2", settings(f"format = 2\n{_SETTINGS}"), _CONFIG, 2),
        Try(67, "a codebook with a key of a newer version", "format", with_book(text(GOOD), newer), CHECK),
    ]  # fmt: skip


def _releases() -> list[Try]:
    def used(folder: Path) -> None:
        reserve(Ledger.open(folder / "l.db"), "R7", Fraction(1, 10))

    stages = {
        "before the reservation": "nothing was drawn",
        "after the reservation": "second person may void it",
        "after the first table": "goes on at no further cost",
        "when staged": "goes on at no further cost",
        "when fitted": "goes on at no further cost",
        "after its fifth file": "goes on at no further cost",
    }
    return [
        Try(68, "the id of another release", "FG-LG-019", used, (*RELEASE, "--release-id", "R7"), unspent=False),
        Try(
            69,
            "a clock before the last entry",
            "the clock stood before",
            nothing,
            RELEASE,
            0,
            (f"{_FAULTS}:clock_of_2001",),
            unspent=False,
            then=("ledger", "verify", "--ledger", "l.db"),
        ),
        *(
            Try(70, f"Ctrl-C {stage}", words, nothing, RELEASE, 1, (f"{_FAULTS}:interrupt", stage), unspent=False)
            for stage, words in stages.items()
        ),
    ]  # fmt: skip
