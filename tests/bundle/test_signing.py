"""Bundles are signed: nobody without the ledger's key can make one that passes against that key or that ledger."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from typer.testing import CliRunner

from audits.inputs.forgeries import forge, genuine
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.signing_key import SigningKey
from frostglass.bundle.format.manifest import MANIFEST, canonical_json
from frostglass.bundle.format.signature import SIGNATURE, pem_of, public_key_of
from frostglass.bundle.seal import seal
from frostglass.desk.main import app
from frostglass.errors import BundleError, FrostglassError, LedgerError, UsageError
from frostglass.signed import is_signed
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import release as pipeline
from frostglass.ways import verify as bundles
from frostglass.ways.finishing import finish
from frostglass.ways.order import Order
from tests.boundary.support import new_ledger, put_back
from tests.bundle.support import KEY, contents, sealed, verified
from tests.survey import survey

# RFC 8032, section 7.1, test 2: secret key aside, as anyone sees it.
RFC_KEY = "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"
RFC_SIGNATURE = (
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
    "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
)


def test_a_signature_of_the_standard_is_accepted_and_none_beside_it() -> None:
    signature = bytes.fromhex(RFC_SIGNATURE)
    assert is_signed(b"\x72", signature, RFC_KEY)
    assert not is_signed(b"\x73", signature, RFC_KEY)
    assert not is_signed(b"\x72", signature[:-1], RFC_KEY)
    assert not is_signed(b"\x72", bytes([signature[0] ^ 1, *signature[1:]]), RFC_KEY)
    assert not is_signed(b"\x72", signature, KEY.public)
    assert not is_signed(b"\x72", signature, "00")


def test_a_key_is_read_from_digits_and_from_files(tmp_path: Path) -> None:
    pem, digits = tmp_path / "key.pem", tmp_path / "key.txt"
    pem.write_text(pem_of(KEY.public))
    digits.write_text(KEY.public.upper() + "\n")
    assert {public_key_of(each) for each in (KEY.public, f" {KEY.public} ", pem, digits, str(pem))} == {KEY.public}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"no key", b"-----BEGIN PUBLIC KEY-----\nAAAA\n", b"a" * 5000])
def test_what_is_no_public_key_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    for key in (path, tmp_path, tmp_path / "nothing", "abc"):
        with pytest.raises(UsageError, match="FG-OP-077"):
            public_key_of(key)


def test_a_private_key_is_not_taken_for_a_public_one(tmp_path: Path) -> None:
    KEY.write(tmp_path / "private.pem")
    with pytest.raises(UsageError, match="FG-OP-077"):
        public_key_of(tmp_path / "private.pem")


def test_the_key_never_shows(tmp_path: Path) -> None:
    path = tmp_path / "key"
    KEY.write(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert SigningKey.read(path).public == KEY.public
    secret = "".join(path.read_text().splitlines()[1:-1])
    assert secret not in repr(KEY)
    assert secret not in str(vars(KEY))


@pytest.mark.parametrize("place", [0, 31, 32, 63])
def test_a_changed_signature_is_found(tmp_path: Path, place: int) -> None:
    path = sealed(tmp_path).path / SIGNATURE
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)
    assert "signature" in verified(path.parent)


def test_a_bundle_without_a_signature_or_with_a_longer_one_is_refused(tmp_path: Path) -> None:
    path = sealed(tmp_path).path / SIGNATURE
    signature = path.read_bytes()
    path.write_bytes(signature + b"\0")
    assert "signature" in verified(path.parent)
    path.unlink()
    assert "signature" in verified(path.parent)


def test_a_manifest_that_was_changed_and_written_well_needs_the_key(tmp_path: Path) -> None:
    path = sealed(tmp_path).path / MANIFEST
    words = json.loads(path.read_bytes())
    path.write_bytes(canonical_json({**words, "sampling_seed": 1}))
    assert "signature" in verified(path.parent)


def test_contents_are_not_sealed_with_another_key_than_they_name(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="FG-BN-009"):
        seal(contents(), tmp_path / "out", sign=SigningKey.new().sign)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(shutil.which("openssl") is None, reason="OpenSSL is not there")
def test_openssl_checks_the_signature_as_the_page_prints_it(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "how-to" / "verify-a-bundle.md").read_text()
    (command,) = (line for line in page.splitlines() if line.startswith("openssl "))
    folder = sealed(tmp_path).path
    (folder / "publisher.pem").write_text(pem_of(KEY.public))
    assert subprocess.run(command.split(), cwd=folder, check=False, capture_output=True).returncode == 0
    (folder / "publisher.pem").write_text(pem_of(SigningKey.new().public))
    assert subprocess.run(command.split(), cwd=folder, check=False, capture_output=True).returncode != 0


def test_a_new_ledger_names_its_key_and_signs_with_it(tmp_path: Path) -> None:
    ledger = new_ledger(tmp_path / "l.db")
    key = tmp_path / "l.db.key"
    assert ledger.public_key == SigningKey.read(key).public == next(ledger.entries()).body["public_key"]
    assert is_signed(b"word", ledger.sign(b"word"), ledger.public_key)
    assert key.stat().st_mode & 0o777 == 0o600


def test_a_key_is_never_overwritten_by_a_new_ledger(tmp_path: Path) -> None:
    KEY.write(tmp_path / "l.db.key")
    with pytest.raises(LedgerError, match="FG-LG-002"):
        Ledger.create(tmp_path / "l.db")
    assert SigningKey.read(tmp_path / "l.db.key").public == KEY.public
    assert not (tmp_path / "l.db").exists()


def plan_for(book: Codebook) -> Plan:
    return Plan(book.id, book.sha256, Fraction(1), PrivacyUnit(book.unit), fit="fast")


@pytest.mark.parametrize(
    ("damage", "code"),
    [("gone", "FG-LG-022"), ("no key", "FG-LG-022"), ("public", "FG-LG-022"), ("another", "FG-LG-023")],
)
def test_without_its_key_a_release_refuses_before_anything_is_spent(
    tmp_path: Path, small: Codebook, damage: str, code: str
) -> None:
    ledger = new_ledger(tmp_path / "l.db")
    key = tmp_path / "l.db.key"
    if damage == "another":
        KEY.write(key)
    elif damage == "gone":
        key.unlink()
    else:
        key.write_text("no key" if damage == "no key" else pem_of(KEY.public))
    with pytest.raises(LedgerError, match=code):
        pipeline.release(survey(60), small, plan_for(small), Order("people"), ledger=ledger)
    assert [each.kind for each in ledger.entries()] == ["genesis", "open"]


@pytest.mark.long
def test_a_new_key_signs_from_then_on_and_what_was_signed_stays_so(tmp_path: Path, small: Codebook) -> None:
    path = tmp_path / "l.db"
    ledger = new_ledger(path)
    keys = []
    for name in ("first", "second"):
        made = pipeline.release(survey(60), small, plan_for(small), Order("people"), ledger=ledger)
        pipeline.seal(made, tmp_path / name, ledger=ledger)
        keys.append(ledger.public_key)
        (tmp_path / "l.db.key").unlink()
        ledger.new_key(by="ada", reason="lost")
    assert len(set(ledger.public_keys())) == 3
    assert ledger.verify().ok
    for name, key, other in (("first", keys[0], keys[1]), ("second", keys[1], keys[0])):
        assert not bundles.verify(tmp_path / name, key=key).failed
        refused = bundles.verify(tmp_path / name, key=other)
        assert [each.name for each in refused.checks if not each.ok] == ["key"]
        assert CliRunner().invoke(app, ["verify", str(tmp_path / name), "--ledger", str(path)]).exit_code == 0


def test_a_release_that_lost_its_key_after_the_draw_goes_on_with_a_new_one_at_no_cost(
    tmp_path: Path, small: Codebook
) -> None:
    path = tmp_path / "l.db"
    ledger = new_ledger(path)
    made = pipeline.release(survey(60), small, plan_for(small), Order("people"), ledger=ledger)
    spent = ledger.scope("people").spent
    (tmp_path / "l.db.key").unlink()
    with pytest.raises(LedgerError, match="FG-LG-022"):
        pipeline.seal(made, tmp_path / "out", ledger=ledger)
    assert not (tmp_path / "out").exists()
    ledger.new_key(by="ada", reason="lost")
    again = pipeline.release(survey(60), small, plan_for(small), Order("people"), ledger=ledger)
    pipeline.seal(again, tmp_path / "out", ledger=ledger)
    assert ledger.scope("people").spent == spent
    assert not bundles.verify(tmp_path / "out", key=ledger.public_key).failed


def test_a_key_that_an_older_copy_of_the_ledger_forgot_comes_back(tmp_path: Path) -> None:
    """Also where the older copy went another way meanwhile."""
    path, copy = tmp_path / "l.db", tmp_path / "copy.db"
    ledger = new_ledger(path)
    ledger.backup(copy)
    ledger.new_key(by="ada", reason="seen by others")
    named = ledger.public_key
    put_back(copy, path)
    (tmp_path / "l.db.witness").rename(tmp_path / "aside")
    Ledger.open(path).non_private("people", what="a table", by="ada")
    (tmp_path / "aside").replace(tmp_path / "l.db.witness")
    back = Ledger.inspect(path)
    back.reconcile([], by="bea", reason="put back")
    assert back.public_key == named
    assert back.sign(b"word")
    assert back.verify().ok


def test_a_consistent_forgery_says_that_only_key_and_ledger_can_tell() -> None:
    """With scripted noise, every hash right and a signature of its own; tests/audits/test_forgeries.py goes on."""
    with genuine() as true:
        folder, ledger = forge(true), true.ledger
        alone = bundles.verify(folder)
        assert alone.ok, alone.text()
        assert "`key` or `ledger`" in alone.note
        against = bundles.verify(folder, key=ledger.public_key)
        assert [each.name for each in against.checks if not each.ok] == ["key"]
        done = CliRunner().invoke(app, ["verify", str(folder), "--ledger", str(ledger.path), "--json"])
        assert done.exit_code == 1
        failed = [each["name"] for each in json.loads(done.stdout)["checks"] if each["outcome"] != "ok"]
        assert failed == ["ledger: signed", "ledger: sealed"]


def test_a_bundle_that_somebody_put_where_a_cut_short_one_would_be_is_not_entered(
    tmp_path: Path, small: Codebook
) -> None:
    """``finish`` enters only what the ledger's own key signed."""
    ledger = new_ledger(tmp_path / "l.db")
    made = pipeline.release(survey(60), small, plan_for(small), Order("people"), ledger=ledger)
    other = SigningKey.new()
    seal(replace(made, public_key=other.public), tmp_path / "out", sign=other.sign)
    assert not bundles.verify(tmp_path / "out").failed
    assert finish(tmp_path / "out", plan_for(small), Order("people"), ledger) is None
    shutil.rmtree(tmp_path / "out")
    seal(made, tmp_path / "out", sign=ledger.sign)
    assert finish(tmp_path / "out", plan_for(small), Order("people"), ledger) is not None


def test_the_desk_prints_and_replaces_the_key(tmp_path: Path) -> None:
    path = tmp_path / "l.db"
    ledger = new_ledger(path)
    run, first, pem = CliRunner(), ledger.public_key, tmp_path / "publisher.pem"
    shown = run.invoke(app, ["ledger", "key", "--ledger", str(path), "-o", str(pem)])
    assert (shown.exit_code, shown.stdout.strip()) == (0, first)
    assert public_key_of(pem) == first
    again = run.invoke(app, ["ledger", "key", "--ledger", str(path), "-o", str(pem)])
    assert isinstance(again.exception, FrostglassError)
    made = run.invoke(app, ["ledger", "new-key", "--ledger", str(path), "--by", "ada", "--reason", "seen", "--json"])
    assert made.exit_code == 0
    assert json.loads(made.stdout)["public_key"] == ledger.public_key != first
