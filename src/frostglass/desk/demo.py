"""``frostglass demo``: the whole way on fictitious data, from case files to a published bundle, in under a minute."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path

from frostglass import codebooks
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.bundle.format.places import refuse_in_bundle
from frostglass.bundle.words import guarantee_sentence
from frostglass.desk.output import Voice, table
from frostglass.errors import BundleError
from frostglass.reporting.opening import Bundle
from frostglass.reporting.rows import written_back
from frostglass.simulate.casefiles import write_case_files
from frostglass.terms.arguments import whole
from frostglass.terms.budget import parse_delta, parse_epsilon
from frostglass.terms.codebook import Codebook
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import approve as approval
from frostglass.ways import recode as preparation
from frostglass.ways import release as pipeline
from frostglass.ways import review as reviewing
from frostglass.ways.order import Order, whoever
from frostglass.ways.recode import Prepared

LEAST_CASES, MOST_CASES = 200, 1_000_000
CODEBOOK, SCOPE, EPSILON, DELTA, SEED = "ctdc-vp-1", "demo", "4", "1e-6", 7

_READERS = {"Ada (invented)": "read the statement", "Bea (invented)": "looked at the counts"}
"""Who approves the demo's release, and with what note."""

_HEADLINES: tuple[dict[str, str], ...] = (
    {},
    {"gender": "Female"},
    {"majorityStatus": "Minor"},
    {"isForcedLabour": "1", "UN_COE_Region": "Asia"},
    {"gender": "Female", "IP_Relation": "FriendAcquaintance", "IP_RecruiterBroker": "1"},
)


def run(out: Path | None, cases: int, voice: Voice) -> None:
    """Case files, coded table, ledger, release, review, approval; print where it lies, what it promises and says."""
    whole(
        cases, LEAST_CASES, MOST_CASES, "FG-OP-109", f"the demo takes {LEAST_CASES} to {MOST_CASES:,} cases (--cases)"
    )
    folder = _new_folder(out)
    book = fictitious(codebooks.load(CODEBOOK))
    voice.progress(f"writing the case files of {cases:,} fictitious people, with names, from four systems")
    write_case_files(folder / "case-files", cases, SEED)
    prepared = preparation.prepare(preparation.Order((folder / "case-files",)), book, voice.progress)
    preparation.write_table(prepared, folder / "coded.parquet")
    preparation.write_report(prepared, folder / "flow.html")
    preparation.write_queue(prepared, folder / "likely-duplicates.csv")
    ledger = Ledger.create(folder / "ledger.db")
    ledger.open_scope(SCOPE, epsilon=parse_epsilon(EPSILON), delta=parse_delta(DELTA), by=whoever())
    plan = Plan(
        codebook_id=book.id,
        codebook_sha256=book.sha256,
        epsilon=parse_epsilon(EPSILON),
        unit=PrivacyUnit(book.unit),
    )
    contents = pipeline.release(
        folder / "coded.parquet",
        book,
        plan,
        Order(scope=SCOPE, fictitious=True),
        ledger=ledger,
        progress=voice.progress,
    )
    bundle = pipeline.seal(contents, folder / "bundle", ledger=ledger, progress=voice.progress)
    order = reviewing.Order(attacks="none")
    found = reviewing.review(folder / "coded.parquet", bundle.path, order, progress=voice.progress)
    reviewing.write(found, folder / "review.html")
    for person, note in _READERS.items():
        voice.progress(f"{person} verifies the bundle from its files alone, and approves it")
        approval.approve(bundle.path, ledger=ledger, by=person, note=note)
    voice.progress("publishing what two people have approved")
    approval.publish(bundle.path, folder / "public", ledger=ledger, by=whoever())
    voice.say(_story(Bundle.open(bundle.path), prepared, folder))


def fictitious(book: Codebook) -> Codebook:
    """The same codebook with texts that say what the demo's data are, so that nobody cites them as anybody's."""
    document = json.loads(book.canonical)
    document["codebook"] |= {
        "id": f"{book.id}-demo",
        "title": f"Fictitious demonstration data ({book.id})",
        "publisher": "Nobody: the data are invented",
    }
    document["release"] = {
        "citation": "Fictitious data made by `frostglass demo`; not to be cited as data about anybody.",
        "limitations": ["Every record is invented, and so is every figure."],
    }
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return codebooks.from_canonical(text.encode())


def _new_folder(out: Path | None) -> Path:
    """The folder asked for, or the first of frostglass-demo, frostglass-demo-2, … that is not there yet."""
    if out is None:
        names = ("frostglass-demo" + (f"-{number}" if number > 1 else "") for number in count(1))
        out = next(Path(name) for name in names if not Path(name).exists())
    refuse_in_bundle(out)
    if out.exists():
        raise BundleError("FG-BN-001", f"{out} exists; choose another folder")
    out.mkdir(parents=True)
    return out


def _story(bundle: Bundle, prepared: Prepared, folder: Path) -> str:
    flow, rows = prepared.flow, []
    for conditions in _HEADLINES:
        answer = bundle.count(conditions)
        words = written_back(answer.conditions) or "all records"
        stated = "withheld" if answer.count is None else f"{answer.count:,}"
        rows.append((words, stated, "–" if answer.low is None else f"{answer.low:,} to {answer.high:,}"))
    return "\n".join(
        [
            "",
            f"{flow.stages[0][1]:,} registered cases came to {flow.released:,} records, one a person: "
            f"{folder}/flow.html says why (private).",
            f"{flow.linked.undecided:,} pairs that may be one person wait for a decision in "
            f"{folder}/likely-duplicates.csv (private).",
            f"{folder}/review.html compares the release with the truth, for the steward's eyes alone (private).",
            f"The bundle lies in {bundle.path} and verifies; two people approved it, and {folder}/public is what is "
            "published. Its data are fictitious.",
            "",
            guarantee_sentence(bundle.manifest, bundle.codebook),
            "",
            table(("five counts", "count", "95% interval"), rows, right=(1, 2)),
            "",
            "What to try next:",
            f"  frostglass count {bundle.path} gender=Female IP_Relation=FriendAcquaintance",
            f"  open {bundle.path}/codebook.html, {bundle.path}/accuracy.html and {bundle.path}/statement.md",
            f"  frostglass verify {bundle.path} --ledger {folder}/ledger.db",
            f"  frostglass ledger show --ledger {folder}/ledger.db",
            "  frostglass plan -c ctdc-vp-1 --epsilon 1 --delta 1e-6",
            "(.venv/bin/frostglass, where you came here by `make demo`)",
        ]
    )
