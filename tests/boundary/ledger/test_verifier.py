"""The verifier that stands alone: short, without dependencies, and of one mind with frostglass.

That both say the same of a thousand changed ledgers is part of the audit of tampering (tests/audits/test_ledger.py).
"""

from __future__ import annotations

import ast
import json
import runpy
import sqlite3
import subprocess
import sys
from contextlib import closing
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from audits.ledger.forging import forge, recomputed, rows_of
from frostglass.boundary.ledger.entries import canonical
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.ledger.money import allowed, sampler_allowance
from tests.boundary.support import DELTA, SCOPE, draw, new_ledger, published, put_back, reserve, spent, witness_of

SCRIPT = Path(__file__).parents[3] / "tools" / "verify_ledger.py"
VERIFIER = runpy.run_path(str(SCRIPT))


def said(*arguments: object) -> tuple[int, str]:
    """What the script prints, run as an auditor runs it, where frostglass is not to be found."""
    command = [sys.executable, "-I", "-S", str(SCRIPT), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def problems(path: Path, witness: Path | None = None) -> list[str]:
    found: list[str] = VERIFIER["examine"](path, witness).problems
    return found


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A ledger with releases in several states, in two scopes of both accountants."""
    ledger = new_ledger(tmp_path / "l.db")
    published(ledger, "R1")
    ledger.withdraw("R1", by="cyd", reason="a wrong year")
    draw(ledger, "R2")
    reserve(ledger, "R3")
    ledger.void("R3", by="bea", reason='the "machine" was switched off \\ é')
    ledger.open_scope("others", epsilon=Fraction(3), delta=DELTA, accountant="zcdp", population=5000)
    return tmp_path / "l.db"


def test_it_is_two_short_files_that_import_the_standard_library_alone() -> None:
    for script in (SCRIPT, SCRIPT.with_name("verify_parts.py")):
        text = script.read_text()
        assert text.count("\n") < 200
        found = list(ast.walk(ast.parse(text)))
        modules = {name.name for node in found if isinstance(node, ast.Import) for name in node.names}
        modules |= {(node.module or "").split(".")[0] for node in found if isinstance(node, ast.ImportFrom)}
        assert modules <= sys.stdlib_module_names


def test_a_whole_ledger_and_its_export_are_whole_with_the_sums_of_frostglass(path: Path, tmp_path: Path) -> None:
    ledger, export = Ledger.open(path), tmp_path / "export.jsonl"
    ledger.export(export)
    for file in (path, export):
        code, out = said(file, "--witness", witness_of(path))
        assert code == 0
        assert out.splitlines()[0] == f"whole, {len(list(ledger.entries()))} entries, the last {ledger.verify().head}"
        assert f"{SCOPE}: {spent(ledger)} of {ledger.scope(SCOPE).allowance} nano-rho" in out
        assert f"others: 0 of {ledger.scope('others').allowance} nano-rho" in out


def test_a_reconciled_ledger_is_whole_and_answers_for_the_branch_that_it_left(path: Path) -> None:
    ledger = Ledger.open(path)
    early = path.with_name("early.db")
    ledger.backup(early)
    draw(ledger, "R4")
    put_back(early, path)
    witness = witness_of(path)
    aside = witness.rename(path.with_name("aside"))
    draw(Ledger.open(path), "R5")
    aside.replace(witness)
    assert problems(path, witness) != []
    Ledger.inspect(path).reconcile([], by="bea", reason="a copy was used")
    assert Ledger.open(path).verify().ok
    assert problems(path, witness) == []


def test_damage_is_named_by_its_place_and_ends_with_1(path: Path) -> None:
    rows = rows_of(path)
    forge(path, [*rows[:3], (*rows[3][:4], "2020-01-01T00:00:00Z", *rows[3][5:]), *rows[4:]])
    code, out = said(path)
    assert (code, out.splitlines()[0]) == (1, "entry 4: does not match its hash")


def test_other_files_are_no_ledgers(tmp_path: Path) -> None:
    for name, content in {"empty": b"", "text": b"hello\n", "list": b"[1]\n", "deep": b"[" * 10**5 + b"\n"}.items():
        (tmp_path / name).write_bytes(content)
        code, out = said(tmp_path / name)
        assert (code, out.startswith("ledger: ")) == (1, True)
    for nothing in (tmp_path / "nothing", tmp_path):
        assert said(nothing)[0] == 1


def test_other_tables_or_triggers_are_found(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DROP TRIGGER entries_never_go")
        connection.commit()
    assert problems(path) == ["ledger: has another table or other triggers"]
    assert not Ledger.inspect(path).verify().ok


@pytest.mark.parametrize("accountant", ["gdp", "zcdp"])
@pytest.mark.parametrize(
    ("epsilon", "delta"), [("0.01", "1e-12"), ("0.5", "1e-6"), ("2", "1e-6"), ("20", "1e-3"), ("7.25", "3e-9")]
)
def test_an_allowance_is_checked_to_the_last_unit(accountant: str, epsilon: str, delta: str) -> None:
    most = allowed(accountant, Fraction(epsilon), Fraction(delta))
    room = sampler_allowance(Fraction(epsilon), Fraction(delta))

    def keeps(**allowances: int) -> bool:
        return bool(VERIFIER["PARTS"]["keeps"](accountant, epsilon=epsilon, delta=delta, **allowances))

    assert keeps(allowance=most, sampler_allowance=room)
    assert not keeps(allowance=most + 1, sampler_allowance=room)
    assert not keeps(allowance=most, sampler_allowance=room + 1)


@pytest.mark.parametrize(
    ("kind", "changes"),
    [
        ("open", {"allowance": 10**9}),
        ("open", {"epsilon": "0.5"}),
        ("open", {"epsilon": "200"}),
        ("open", {"accountant": "none"}),
        ("reserve", {"nano_rho": 0}),
        ("reserve", {"nano_rho": 10**9}),
        ("reserve", {"nano_rho": -5}),
        ("reserve", {"nano_rho": True}),
        ("reserve", {"sampler_units": 2**100}),
        ("reserve", {"epsilon": "0.0000000001"}),
        ("reserve", {"unit": ""}),
        ("reserve", {"max_records": 0}),
        ("commit", {"staged_sha256": "B" * 64}),
        ("approve", {"by": " "}),
        ("approve", {"by": "\u3000Ｂ\u0045Ａ "}),
        ("approve", {"manifest_sha256": "d" * 64}),
        ("publish", {"manifest_sha256": "d" * 64}),
        ("withdraw", {"manifest_sha256": "d" * 64}),
        ("withdraw", {"reason": None}),
        ("void", {"by": " ADA "}),
        ("void", {"by": ""}),
        ("void", {"extra": 1}),
        ("draw", {"nonce": "x"}),
        ("draw", {"clock_behind": False}),
    ],
)
def test_a_rule_that_is_broken_by_a_consistent_chain_is_found_by_both(
    path: Path, kind: str, changes: dict[str, Any]
) -> None:
    """Whoever can make hashes can make a chain; the rules hold all the same."""
    rows = rows_of(path)
    number = next(place for place, row in enumerate(rows) if row[1] == kind)
    row = rows[number]
    body = canonical({**json.loads(row[5]), **changes})
    forge(path, recomputed([*rows[:number], (*row[:5], body, *row[6:]), *rows[number + 1 :]], number, on=True))
    witness_of(path).unlink()
    assert problems(path) != []
    assert not Ledger.inspect(path).verify().ok


def test_another_order_of_steps_is_found_by_both(path: Path) -> None:
    rows = rows_of(path)
    for one in range(1, len(rows) - 1):
        moved = recomputed([*rows[:one], rows[one + 1], rows[one], *rows[one + 2 :]], one, on=True)
        forge(path, moved)
        witness_of(path).unlink(missing_ok=True)
        assert bool(problems(path)) == (not Ledger.inspect(path).verify().ok)


def test_a_witness_that_broke_off_after_the_end_of_the_ledger_is_found_by_both(path: Path) -> None:
    """Its last line was begun after an entry was durable; the copy that lacks the entry is an old one."""
    lines = witness_of(path).read_bytes().splitlines(keepends=True)
    forge(path, rows_of(path)[:-1])
    witness_of(path).write_bytes(b"".join(lines[:-1]) + lines[-1][:40])
    assert problems(path, witness_of(path)) == ["ledger: holds less than it must"]
    assert "broke off" in str(Ledger.inspect(path).verify().problems[0])


def test_a_witness_that_broke_off_in_an_entry_that_the_ledger_holds_is_no_damage(path: Path) -> None:
    content = witness_of(path).read_bytes()
    witness_of(path).write_bytes(content[:-40])
    assert problems(path, witness_of(path)) == []
    assert Ledger.inspect(path).verify().ok
