"""What is not signed is not believed: whoever can write into the folder of bundles can neither spend nor block."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from frostglass.boundary.ledger.ledger import KnownRelease, Ledger
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.bundle.format.manifest import MANIFEST, MOST_MANIFEST_BYTES, parse_manifest
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.desk.main import app
from frostglass.errors import LedgerError
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import verify as bundles
from frostglass.ways.finishing import refuse_output
from frostglass.ways.neighbours import shown
from tests.boundary.support import new_ledger, put_back, sealed, spent, witness_of

FORMAT_2 = Path(__file__).parents[1] / "data" / "format-2" / "all-measured.zip"


def manifest_of(known: KnownRelease, **figures: int) -> bytes:
    """A manifest that says what is known of a release; ``figures`` are other ones of its guarantee and scope."""
    with zipfile.ZipFile(FORMAT_2) as archive:
        made = parse_manifest(archive.read(MANIFEST))
    place = {"id": known.ledger_id, "scope": known.scope, "seq": known.seq, "head": known.head}
    promise = {"nano_rho": figures.get("nano_rho", known.nano_rho), "epsilon": f"{float(known.epsilon):g}"}
    sums = {"spent": figures.get("spent", known.scope_spent), "releases": known.scope_releases}
    return made.model_copy(
        update={
            "release_id": known.release_id,
            "guarantee": made.guarantee.model_copy(update=promise),
            "ledger": made.ledger.model_copy(update={**place, "reserve_seq": known.reserve_seq}),
            "scope": made.scope.model_copy(update={**sums, "plain_epsilon": f"{float(known.scope_plain_epsilon):g}"}),
        }
    ).canonical()


def folder_of(place: Path, manifest: bytes, signature: bytes | None) -> Path:
    place.mkdir(parents=True)
    (place / MANIFEST).write_bytes(manifest)
    if signature is not None:
        (place / SIGNATURE).write_bytes(signature)
    return place


class Ground:
    """A ledger that was put back to before its second release; the witness is lost, and its bundle is at hand."""

    def __init__(self, folder: Path) -> None:
        path, old = folder / "l.db", folder / "old.db"
        before = new_ledger(path)
        sealed(before, "R1")
        before.backup(old)
        self.lost = sealed(before, "R2")
        self.manifest = manifest_of(self.lost)
        self.signature = before.sign(self.manifest)
        put_back(old, path)
        witness_of(path).unlink()
        self.ledger, self.folder, self.path = Ledger.open(path), folder / "out", path


@pytest.fixture
def ground(tmp_path: Path) -> Ground:
    return Ground(tmp_path)


def notes_beside(ground: Ground, book: Codebook) -> tuple[str, ...]:
    plan = Plan(book.id, book.sha256, Fraction(1), PrivacyUnit(book.unit))
    return refuse_output(ground.folder / "next", book, plan, ground.ledger)


def test_what_the_ledger_signed_is_believed(ground: Ground, small: Codebook) -> None:
    place = folder_of(ground.folder / "R2", ground.manifest, ground.signature)
    found = shown([place], ground.ledger)
    assert found.notes == ()
    assert [(each.seq, each.nano_rho) for each in found.known] == [(ground.lost.seq, ground.lost.nano_rho)]
    with pytest.raises(LedgerError, match="FG-LG-008"):
        notes_beside(ground, small)


def _unsigned(ground: Ground) -> tuple[bytes, bytes | None]:
    return ground.manifest, None


def _cheaper(ground: Ground) -> tuple[bytes, bytes | None]:
    return manifest_of(ground.lost, nano_rho=1, spent=1), ground.signature


def _dearer(ground: Ground) -> tuple[bytes, bytes | None]:
    return manifest_of(ground.lost, nano_rho=10**12, spent=10**12), ground.signature


def _by_another_key(ground: Ground) -> tuple[bytes, bytes | None]:
    """A forger's manifest agrees with itself: it names the forger's own key."""
    key = SigningKey.new()
    named = parse_manifest(ground.manifest).model_copy(update={"public_key": key.public}).canonical()
    return named, key.sign(named)


def _signature_cut_short(ground: Ground) -> tuple[bytes, bytes | None]:
    return ground.manifest, ground.signature[:-1]


def _signature_with_a_tail(ground: Ground) -> tuple[bytes, bytes | None]:
    return ground.manifest, ground.signature + b"\n"


def _spaced_otherwise(ground: Ground) -> tuple[bytes, bytes | None]:
    return ground.manifest.replace(b"\n", b"\n\n", 1), ground.signature


@pytest.mark.parametrize(
    "forge",
    [
        _unsigned,
        _cheaper,
        _dearer,
        _by_another_key,
        _signature_cut_short,
        _signature_with_a_tail,
        _spaced_otherwise,
    ],
)
def test_what_it_did_not_sign_neither_blocks_nor_spends(
    ground: Ground, small: Codebook, forge: Callable[[Ground], tuple[bytes, bytes | None]]
) -> None:
    place = folder_of(ground.folder / "gift", *forge(ground))
    (note,) = notes_beside(ground, small)
    assert note.startswith("'gift': passed over: this names the ledger, and no key")
    before = spent(ground.ledger)
    told = CliRunner().invoke(
        app, ["ledger", "reconcile", str(place), "--ledger", str(ground.path), "--by", "bea", "--reason", "to be sure"]
    )
    assert told.exit_code == 0
    assert "passed over" in told.stderr
    assert "0 entries added" in told.stdout
    assert spent(ground.ledger) == before


def _link(place: Path, ground: Ground) -> None:
    (place.parent / "elsewhere").write_bytes(ground.manifest)
    (place / MANIFEST).symlink_to(place.parent / "elsewhere")


def _pipe(place: Path, _ground: Ground) -> None:
    os.mkfifo(place / MANIFEST)


def _folder(place: Path, _ground: Ground) -> None:
    (place / MANIFEST).mkdir()


def _huge(place: Path, ground: Ground) -> None:
    with (place / MANIFEST).open("wb") as file:
        file.write(ground.manifest)
        file.truncate(MOST_MANIFEST_BYTES + 1)


def _deep(place: Path, _ground: Ground) -> None:
    (place / MANIFEST).write_bytes(b'{"ledger":' + b"[" * 500_000)


def _something_else(place: Path, _ground: Ground) -> None:
    (place / MANIFEST).write_text('{"name": "a web page", "icons": []}')


@pytest.mark.parametrize("make", [_link, _pipe, _folder, _huge, _deep, _something_else])
def test_a_file_that_is_no_manifest_is_passed_over(
    ground: Ground, small: Codebook, make: Callable[[Path, Ground], None]
) -> None:
    place = ground.folder / "odd"
    place.mkdir(parents=True)
    (place / SIGNATURE).write_bytes(ground.signature)
    make(place, ground)
    assert notes_beside(ground, small) == (
        "'odd': passed over: no manifest of a bundle that this version reads lies there",
    )
    assert shown([place, ground.folder / "nowhere"], ground.ledger).known == ()


def test_a_signed_manifest_of_a_later_version_is_told_of_and_not_believed(ground: Ground) -> None:
    """Its figures cannot be read here; whether the ledger knows it, the version that wrote it can tell."""
    later = ground.manifest.replace(b'"format": 2', b'"format": 99')
    place = folder_of(ground.folder / "R9", later, SigningKey.read(ground.path.with_name("l.db.key")).sign(later))
    found = shown([place], ground.ledger)
    assert found.known == ()
    assert "the ledger's key signed this, and this version cannot read it" in found.notes[0]


def test_many_forged_folders_fill_no_screen(ground: Ground, small: Codebook) -> None:
    for number in range(40):
        folder_of(ground.folder / f"gift-{number:02}", ground.manifest, None)
    (note,) = notes_beside(ground, small)
    assert "'gift-04' and 35 more: passed over" in note


def test_a_name_that_would_act_on_the_terminal_is_shown_as_it_is_spelt(ground: Ground, small: Codebook) -> None:
    folder_of(ground.folder / "gift\x1b[2J", ground.manifest, None)
    (note,) = notes_beside(ground, small)
    assert note.isprintable()


def test_a_key_that_was_replaced_still_vouches_for_what_it_signed(ground: Ground) -> None:
    """Whether the witness still tells of it or not."""
    ground.ledger.new_key(by="ada", reason="the laptop was given away")
    place = folder_of(ground.folder / "R2", ground.manifest, ground.signature)
    assert shown([place], ground.ledger).known
    witness_of(ground.path).unlink()
    assert shown([place], ground.ledger).known


def test_a_key_that_only_the_witness_saw_vouches_too(tmp_path: Path) -> None:
    """The ledger was put back to before its new key; the witness still names it."""
    path, old = tmp_path / "l.db", tmp_path / "old.db"
    before = new_ledger(path)
    before.backup(old)
    before.new_key(by="ada", reason="the laptop was stolen")
    manifest = manifest_of(sealed(before, "R1"))
    place = folder_of(tmp_path / "R1", manifest, before.sign(manifest))
    put_back(old, path)
    assert [each.release_id for each in shown([place], Ledger.inspect(path)).known] == ["R1"]
    witness_of(path).unlink()
    assert shown([place], Ledger.inspect(path)).known == ()


def test_another_ledgers_witness_lends_its_keys_to_nobody(ground: Ground, tmp_path: Path) -> None:
    other = new_ledger(tmp_path / "other.db")
    place = folder_of(ground.folder / "gift", ground.manifest, other.sign(ground.manifest))
    mixed = Ledger.inspect(ground.path, witness=tmp_path / "other.db.witness")
    assert shown([place], mixed).known == ()


def test_a_bundle_of_another_ledger_is_mentioned_without_its_figures(ground: Ground, tmp_path: Path) -> None:
    """They are as easily forged as the rest; that two ledgers speak of scopes of one name is worth a word."""
    other = new_ledger(tmp_path / "other.db")
    manifest = manifest_of(sealed(other, "R9"))
    place = folder_of(ground.folder / "R9", manifest, other.sign(manifest))
    found = shown([place], ground.ledger)
    assert found.known == ()
    assert found.notes[0].startswith("'R9': another ledger is named there, with a scope of the same name")
    assert not set("0123456789") & set(found.notes[0].removeprefix("'R9'"))


def test_one_place_makes_known_releases() -> None:
    """And that place looks at the signature first."""
    source = Path(bundles.__file__).parents[1]
    makers = [each.name for each in source.rglob("*.py") if "KnownRelease(\n" in each.read_text()]
    assert makers == ["neighbours.py"]
