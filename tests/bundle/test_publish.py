"""Publishing copies a sealed bundle byte for byte, with a detached word beside it."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest

from frostglass.bundle import publish
from frostglass.bundle.format.manifest import COUNTS_CSV, MANIFEST, PUBLICATION, SEALED
from frostglass.bundle.format.signature import SIGNATURE
from frostglass.errors import BundleError
from frostglass.reporting.opening import Bundle
from tests.bundle.support import sealed, verified

DAYS = ("2024-05-01", "2024-05-02")
WORD = publish.publication("weather-2024-05-01-abc", published_on="2024-05-02", approved_on=DAYS)


def copy(folder: Path, to: Path) -> Path:
    """A published copy of the bundle in ``folder``."""
    bundle = Bundle.open(folder)
    publish.require_whole(bundle)
    return publish.write(bundle, to, WORD)


def test_a_published_copy_is_the_sealed_bundle_and_one_word_more(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    out = copy(bundle.path, tmp_path / "public" / "v1")
    assert {each.name for each in out.iterdir()} == {*SEALED, MANIFEST, SIGNATURE, PUBLICATION}
    for name in (*SEALED, MANIFEST, SIGNATURE):
        assert (out / name).read_bytes() == (bundle.path / name).read_bytes()
    assert json.loads((out / PUBLICATION).read_bytes()) == {**WORD, "manifest_sha256": bundle.manifest_sha256}
    assert verified(out) == {}


def test_what_is_published_is_readable_by_all_and_nothing_before(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    out = copy(bundle.path, tmp_path / "public")
    for folder, modes in ((bundle.path, (0o700, 0o600)), (out, (0o755, 0o644))):
        assert stat.S_IMODE(folder.stat().st_mode) == modes[0]
        assert {stat.S_IMODE(each.stat().st_mode) for each in folder.iterdir()} == {modes[1]}


def test_the_word_tells_how_many_approved_it_and_when_and_not_who(tmp_path: Path) -> None:
    word = json.loads((copy(sealed(tmp_path).path, tmp_path / "public") / PUBLICATION).read_bytes())
    assert set(word) == {"release_id", "manifest_sha256", "published_on", "approvals", "approved_on"}
    assert (word["approvals"], word["approved_on"]) == (2, list(DAYS))


def test_a_published_copy_reads_like_the_bundle(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    published = Bundle.open(copy(bundle.path, tmp_path / "public"))
    assert published.manifest_sha256 == bundle.manifest_sha256
    assert published.count(sky="clear") == bundle.count(sky="clear")


def test_a_changed_bundle_is_not_published(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    (bundle.path / COUNTS_CSV).write_bytes(b"length\n")
    with pytest.raises(BundleError, match="not the file that was sealed"):
        copy(bundle.path, tmp_path / "public")
    assert [each.name for each in tmp_path.iterdir()] == ["bundle"]


def test_nothing_but_the_bundle_is_published(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    (bundle.path / "cases.csv").write_text("private")
    with pytest.raises(BundleError) as caught:
        copy(bundle.path, tmp_path / "public")
    assert caught.value.code == "FG-BN-050"
    assert not (tmp_path / "public").exists()


def test_nothing_is_published_over_anything(tmp_path: Path) -> None:
    bundle = sealed(tmp_path)
    (tmp_path / "public").mkdir()
    with pytest.raises(BundleError) as caught:
        copy(bundle.path, tmp_path / "public")
    assert caught.value.code == "FG-BN-001"
    assert list((tmp_path / "public").iterdir()) == []
