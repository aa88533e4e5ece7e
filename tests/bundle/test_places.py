"""Nothing new comes to lie in a sealed bundle: it would break the seal, and a private file would leave with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from frostglass.bundle.format.places import refuse_in_bundle, require_new
from frostglass.errors import UsageError
from tests.bundle.support import contents, sealed
from tests.conftest import Command

COMMANDS = (
    ("plan", "-c", "ctdc-vp-1", "--epsilon", "1", "--delta", "1e-6", "--plot", "NEW.html"),
    ("count", "other", "-o", "NEW.csv"),
    ("simulate", "--records", "10", "-o", "NEW.csv"),
    ("check", "table.csv", "-c", "ctdc-vp-1", "--private-report", "NEW.json"),
    ("recode", "table.csv", "-c", "ctdc-vp-1", "-o", "NEW.csv"),
    ("codebook", "draft", "table.csv", "-o", "NEW.toml"),
    ("duplicates", "key", "-o", "NEW.key"),
    ("ledger", "key", "--ledger", "l.db", "-o", "NEW.pem"),
    ("ledger", "open", "t", "--epsilon", "1", "--delta", "1e-6", "--ledger", "NEW.db"),
    ("ledger", "reconcile", "--from", "l.db.witness", "--ledger", "NEW.db"),
    ("ledger", "export", "--ledger", "l.db", "-o", "NEW.jsonl"),
    ("simulate", "--cases", "10", "-o", "NEW"),
    ("demo", "-o", "NEW"),
    ("ledger", "backup", "--ledger", "l.db", "-o", "NEW.db"),
)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return sealed(tmp_path_factory.mktemp("sealed"), contents()).path


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
def test_no_command_writes_into_a_sealed_bundle(
    words: tuple[str, ...],
    bundle: Path,
    frostglass_command: Command,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("table.csv").write_text("a\n1\n")
    Path("other").symlink_to(bundle)
    frostglass_command("ledger", "open", "s", "--epsilon", "1", "--delta", "1e-6", "--ledger", "l.db")
    before = sorted(bundle.iterdir())
    code, out, err = frostglass_command(*(word.replace("NEW", f"{bundle}/new") for word in words))
    assert (code, out) == (2, "")
    assert "FG-OP-018" in err
    assert sorted(bundle.iterdir()) == before


def test_a_folder_with_half_of_a_seal_is_no_bundle(tmp_path: Path) -> None:
    """Websites have a manifest.json too."""
    (tmp_path / "manifest.json").write_text("{}")
    refuse_in_bundle(tmp_path / "public" / "2026")
    (tmp_path / "manifest.sig").write_bytes(b"")
    with pytest.raises(UsageError, match="is a sealed bundle"):
        refuse_in_bundle(tmp_path / "public" / "2026")


def test_what_exists_is_kept_unless_told(tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    mine.write_text("mine")
    for force, way_out in ((None, "choose another name$"), (False, "or `force`")):
        with pytest.raises(UsageError, match=way_out):
            require_new(mine, force=force)
    require_new(mine, force=True)
    require_new(tmp_path / "new")
