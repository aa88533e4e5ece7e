"""Check a frostglass ledger without frostglass: ``python verify_ledger.py LEDGER.db|EXPORT.jsonl [--witness FILE]``.

For auditors: Python's own library, and verify_parts.py beside it. Prints "whole" and what was spent, or problems;
ends with 0 or 1. Looks at hashes, chain, shape, order of steps, approvals, letters, sums, allowances, witness. Another
legal history with its own witness passes: compare with an export or a bundle. Rules: docs/reference/ledger.md.
"""

import argparse
import hashlib
import json
import re
import runpy
import sqlite3
from fractions import Fraction
from pathlib import Path
from typing import Any

Json = dict[str, Any]
COLUMNS = ("seq", "kind", "scope", "release_id", "at", "body", "prev", "hash")
SCHEMA = "14e5746f8987b1bad265c29675a6c0f30523ec788f60665764e155a02f3a1a10"  # SHA-256 of the table and its triggers
PARTS = runpy.run_path(str(Path(__file__).with_name("verify_parts.py")))
folded = PARTS["folded"]
canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode

# What the canonical body of each kind holds, and what their values look like in JSON, where they are no texts.
TEXT, WHOLE, HASH, SOME = r'"(?:[^"\\]|\\.)*"', "(?:0|[1-9][0-9]*)", '"[0-9a-f]{64}"', r'"(?:[^"\\]|\\.)+"'
DECIMAL, PAIR = r'"[0-9]{1,28}(?:\.[0-9]{1,30})?(?:e[+-][0-9]{1,2})?"', rf"\[{WHOLE},{HASH}\]"
FIELDS = {"ledger_id": '"[0-9a-f]{32}"', "format": "[123]", "nonce": '"[0-9a-f]{16}"', "keyed": "(?:true|false)"}
FIELDS |= {"epsilon": DECIMAL, "delta": DECIMAL, "max_records": "[1-9][0-9]*", "population": f"(?:null|{WHOLE})"}
FIELDS |= {"clock_behind": "true", "lost": rf"\[{PAIR}(?:,{PAIR})*\]", "mode": '"k-(?:suppress|counts|synthetic)"'}
FIELDS |= {"k": "(?:[2-9]|[1-9][0-9]{1,2}|1000)", "on": '"[0-9]{4}(?:-[0-9]{2}){2}"', "signature": '"[0-9a-f]{128}"'}
FIELDS |= dict.fromkeys(("letter", "name", "trust_cluster"), SOME)
FIELDS |= dict.fromkeys(("public_key", "plan_sha256", "staged_sha256", "manifest_sha256", "key", "person_key"), HASH)
FIELDS |= dict.fromkeys(("allowance", "sampler_allowance", "nano_rho", "sampler_units", "releases"), WHOLE)
KINDS = {"genesis": "ledger_id format public_key", "key": "public_key by reason", "draw": "", "void": "by reason"}
KINDS |= {"open": "epsilon delta accountant allowance sampler_allowance population reason by", "moved": "by reason"}
KINDS |= {"reserve": "plan_sha256 nano_rho sampler_units epsilon mechanism unit keyed max_records by", "k_draw": ""}
KINDS |= {"commit": "staged_sha256", "seal": "manifest_sha256", "approve": "manifest_sha256 by note"}
KINDS |= {"publish": "manifest_sha256 to by", "withdraw": "manifest_sha256 by reason", "non_private": "what by"}
KINDS |= {"reconcile": "nano_rho sampler_units epsilon releases unit keyed lost by reason", "looked": "what modes by"}
KINDS |= {"k_reserve": "plan_sha256 mode k unit keyed max_records despite by"}
KINDS |= dict.fromkeys(PERSON := ("person", "person-left"), "name key by")
MAY = {"reserve": "trust_cluster", "approve": "key letter", **dict.fromkeys(PERSON, "letter reason")}
STEPS = {**dict.fromkeys(("draw", "k_draw"), "reserved drawn"), "void": "reserved voided", "commit": "drawn committed"}
STEPS |= {
    "seal": "committed sealed",
    "approve": "sealed sealed",
    "publish": "sealed sealed",
    "withdraw": "drawn committed sealed withdrawn",
}


def must(holds: object, message: str) -> None:
    if not holds:
        raise ValueError(message)


def hash_of(entry: Json) -> str:
    at, kind, prev, release, scope = (canonical(entry[each]) for each in ("at", "kind", "prev", "release_id", "scope"))
    said = f'"at":{at},"body":{entry["body"]},"kind":{kind},"prev":{prev},"release_id":{release},"scope":{scope}'
    return hashlib.sha256(f'{{{said},"seq":{entry["seq"]}}}'.encode()).hexdigest()


class Ledger:
    def __init__(self) -> None:  # ``known`` are the (seq, hash) pairs that the ledger answers for
        self.seq, self.head, self.known, self.four_eyes, self.first = 0, "0" * 64, set[tuple[int, str]](), False, Json()
        self.problems, self.scopes, self.releases = list[str](), dict[str, Json](), dict[str, Json]()
        self.people = PARTS["People"]()

    def add(self, entry: Json) -> None:
        self.seq += 1
        try:
            self.apply(entry, entry["kind"], self.checked_body(entry))
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as fault:
            self.problems.append(f"entry {self.seq}: {fault}")
        self.head = entry["hash"]
        self.known.add((self.seq, self.head))

    def checked_body(self, entry: Json) -> Json:
        texts = [entry["release_id"] or "", *(entry[each] for each in COLUMNS if each not in ("seq", "release_id"))]
        must(type(entry["seq"]) is int and all(isinstance(each, str) for each in texts), "has a wrong type")
        must((entry["seq"], entry["prev"]) == (self.seq, self.head), "does not continue the entry before it")
        must(hash_of(entry) == entry["hash"], "does not match its hash")
        body: Json = json.loads(entry["body"])
        must(isinstance(body, dict) and canonical(body) == entry["body"], "is not a canonical JSON object")
        due, may = ({*each.get(entry["kind"], "").split()} for each in (KINDS, MAY))
        due |= {"nonce"}
        fits = entry["kind"] in KINDS and due <= body.keys() <= due | may | {"clock_behind"}
        must(fits, "is not what its kind should be")
        for name, value in body.items():
            must(re.fullmatch(FIELDS.get(name, TEXT), canonical(value), re.DOTALL), f"holds a malformed {name}")
        must(re.fullmatch("[0-9]{4}(-[0-9]{2}){2}T[0-9]{2}(:[0-9]{2}){2}Z", entry["at"]), "does not say when it was")
        must((entry["kind"] == "genesis") == (self.seq == 1), "is out of order: the first entry is the genesis")
        return body

    def apply(self, entry: Json, kind: str, body: Json) -> None:
        name, release_id, scope = entry["scope"], entry["release_id"], self.scopes.get(entry["scope"])
        self.first = self.first or body
        self.people.ledger_id = self.first["ledger_id"]
        tells = kind not in ("draw", "k_draw", "commit") or self.first["format"] < 3
        must(tells or entry["at"].endswith("T00:00:00Z"), "tells more than its day")
        if kind == "open":
            must(scope is None, "opens a scope that is open")
            self.scopes[name] = {**body, "unit": None, "spent": 0, "sampler_spent": 0}
            figures = {each: body[each] for each in ("epsilon", "delta", "allowance", "sampler_allowance")}
            must(PARTS["keeps"](body["accountant"], **figures), "allows more than its epsilon and delta")
        elif kind in STEPS:
            self.step(name, kind, body, self.releases.get(release_id, {"state": "unknown", "scope": None}))
        elif kind in PERSON:
            self.people.enter(kind, body, body["name"], body["key"])
        elif kind not in ("genesis", "key", "moved"):
            free = kind == "reconcile" and not (name or body["nano_rho"] or body["sampler_units"] or body["releases"])
            must(scope is not None or free, "names a scope that is not open")
        if kind in ("reserve", "k_reserve"):
            must(release_id and body["unit"] and release_id not in self.releases, "is not legal")
            must(body.get("nano_rho", 1), "costs nothing")
            others = {each["state"] for each in self.releases.values() if "k" in each and each["scope"] == name}
            must(body.get("despite", "-") or others <= {"voided"}, "is a second k-anonymous release without a reason")
            self.releases[release_id] = {**body, "id": release_id, "state": "reserved", "scope": name, "approved": {}}
        paid, sign = (self.releases[release_id], -1) if kind == "void" else (body, 1)
        if "nano_rho" in paid and scope is not None:
            unit, billionths = (paid["unit"], paid["keyed"]), Fraction(paid["epsilon"]) * 10**9
            must(billionths < 10**18 and billionths.denominator == 1, "claims an epsilon that is not whole billionths")
            must(not paid["unit"] or scope["unit"] in (None, unit), "protects another unit than its scope")
            scope["unit"] = unit if paid["unit"] else scope["unit"]
            scope["spent"] += sign * paid["nano_rho"]
            scope["sampler_spent"] += sign * paid["sampler_units"]
            fits = scope["spent"] <= scope["allowance"] and scope["sampler_spent"] <= scope["sampler_allowance"]
            must(fits or kind != "reserve", "is not covered by the allowance")
        if kind == "reconcile":
            self.known.update((seq, head) for seq, head in body["lost"])
            taken = self.releases.setdefault(release_id, {"state": "taken over", "scope": None})
            taken.update(state="drawn" if taken["state"] == "reserved" else taken["state"])
        self.four_eyes |= kind in ("approve", "withdraw") or body.get("format", 1) > 1  # an older ledger from there on

    def step(self, scope: str, kind: str, body: Json, release: Json) -> None:
        *before, after = STEPS[kind].split()
        must(release["scope"] == scope and release["state"] in before, f"comes when it is {release['state']}")
        must(kind != ("draw" if "k" in release else "k_draw"), "draws for a release of the other sort")
        must(release.get("manifest_sha256") in (None, body.get("manifest_sha256")), "is not what was sealed")
        must(kind != "publish" or not self.four_eyes or len(release["approved"]) > 1, "was not approved by two people")
        first, person = folded(release.get("by", "")), folded(body.get("by", ""))
        if kind == "approve":
            must(person not in {"", *release["approved"]}, "is not by another person")
            must(body.get("key", 0) not in release["approved"].values(), "is not by another key")
            self.people.approve(body, release["id"])
            release["approved"][person] = body.get("key")
        must(kind != "void" or len({first, person} - {""}) == 2, "gives back without a second person")
        release.update(body if kind == "seal" else {}, state=after)


def lines_in(data: bytes) -> list[Json]:
    entries = [json.loads(line) for line in data.split(b"\n")[:-1]]
    must(all(isinstance(each, dict) and each.keys() == set(COLUMNS) for each in entries), "holds a line of no entry")
    must(data == "".join(canonical(each) + "\n" for each in entries).encode(), "is not as frostglass writes it")
    return [{**each, "body": canonical(each["body"])} for each in entries]


def rows_in(path: Path) -> list[Json]:
    connection = sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)
    connection.text_factory = lambda raw: raw.decode("utf-8", "replace")
    must(connection.execute("PRAGMA integrity_check").fetchone() == ("ok",), "fails SQLite's own check")
    listed = "SELECT name || ' ' || sql AS text FROM sqlite_master WHERE sql > '' ORDER BY 1"
    spelt = connection.execute(f"SELECT group_concat(text, char(10)) FROM ({listed})").fetchone()[0] or ""
    must(hashlib.sha256(spelt.encode()).hexdigest() == SCHEMA, "has another table or other triggers")
    rows = connection.execute(f"SELECT {', '.join(COLUMNS)} FROM entries ORDER BY seq").fetchall()
    connection.close()
    return [dict(zip(COLUMNS, row, strict=True)) for row in rows]


def examine(path: Path, witness: Path | None) -> Ledger:
    ledger = Ledger()
    try:
        told, end, torn = witness.read_bytes().rpartition(b"\n") if witness else (b"", b"", b"")
        seen = [(each["seq"], each["hash"], hash_of(each)) for each in lines_in(told + end)]
        for entry in rows_in(path) if (data := path.read_bytes())[:16] == b"SQLite format 3\0" else lines_in(data):
            ledger.add(entry)
        must(ledger.seq and not (torn and seen and seen[-1][0] >= ledger.seq), "holds less than it must")
        must(all((at, head) in ledger.known and head == true for at, head, true in seen), "is not what its witness saw")
    except (ValueError, TypeError, RecursionError, OSError, sqlite3.Error) as fault:
        ledger.problems.append(f"ledger: {'is no ledger' if isinstance(fault, json.JSONDecodeError) else fault}")
    return ledger


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Check a frostglass ledger without frostglass.")
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--witness", type=Path)
    found = examine((options := parser.parse_args()).ledger, options.witness)
    spent = [f"{name}: {each['spent']} of {each['allowance']} nano-rho" for name, each in sorted(found.scopes.items())]
    print("\n".join(found.problems or [f"whole, {found.seq} entries, the last {found.head}", *spent]))
    raise SystemExit(bool(found.problems))
