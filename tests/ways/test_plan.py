"""What is foreseen is what a release then has; what is guessed is labelled, and counted right."""

from __future__ import annotations

import json
import re
import shutil
from base64 import b64decode
from dataclasses import replace
from fractions import Fraction
from itertools import combinations
from math import ceil, floor
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

import frostglass
from benchmarks import frames, measures, stating
from frostglass import codebooks
from frostglass.boundary.accountant import SAMPLER_UNITS, accountant
from frostglass.boundary.ledger.ledger import Ledger
from frostglass.boundary.noise.rounded_gaussian import RoundedGaussian
from frostglass.bundle.contents import Contents
from frostglass.counting.tally import tally
from frostglass.errors import BudgetError, BundleError, UsageError
from frostglass.released.counts_size import CountsSize
from frostglass.released.intervals import Intervals
from frostglass.released.least_squares import estimate
from frostglass.released.likeness import Worth, likeness
from frostglass.released.measurement import Measurement
from frostglass.released.synthetic import SyntheticRecords
from frostglass.reporting.opening import Bundle
from frostglass.terms.charge import Charge
from frostglass.terms.codebook import Codebook
from frostglass.terms.custody import Receipt
from frostglass.terms.plan import Plan
from frostglass.terms.unit import PrivacyUnit
from frostglass.ways import plan as foresight
from frostglass.ways import release as pipeline
from frostglass.ways.benchmark_curves import Stated, nearest_errors, usual_share
from frostglass.ways.order import Order
from frostglass.ways.plan import Outlook
from tests.bundle.support import receipts_for
from tests.conftest import Command
from tests.survey import SMALL, survey

DELTA = Fraction("1e-6")
GDP = accountant("gdp")


def plan_for(book: Codebook, epsilon: str = "2", **changes: object) -> Plan:
    plan = Plan(book.id, book.sha256, Fraction(epsilon), PrivacyUnit(book.unit), fit="fast")
    return replace(plan, **changes)  # type: ignore[arg-type]


def looked_out(book: Codebook, epsilon: str = "2", **changes: object) -> Outlook:
    """Beside few others, for the sake of time."""
    return foresight.outlook(book, plan_for(book, epsilon), GDP, DELTA, **{"epsilons": ["1"], **changes})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Ledger:
    made = Ledger.create(tmp_path_factory.mktemp("ledger") / "budget.db")
    made.open_scope("s", epsilon=Fraction(4), delta=DELTA, by="ann")
    return made


@pytest.fixture(scope="module")
def contents(small: Codebook, ledger: Ledger) -> Contents:
    order = Order("s", by="ann", random_state=1)
    return pipeline.release(survey(600), small, plan_for(small), order, ledger=ledger)


@pytest.fixture(scope="module")
def bundle(contents: Contents, ledger: Ledger, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return Bundle.open(pipeline.seal(contents, tmp_path_factory.mktemp("out") / "bundle", ledger=ledger).path)


# -------------------------------------------------------------------------------------------------- what is certain


def test_the_foreseen_errors_are_those_of_the_release(small: Codebook, contents: Contents) -> None:
    """Equal to the last bit, of every table: sd, and half-width of what no whole cuts."""
    foreseen = foresight.foresight(small, contents.plan, GDP, DELTA)
    came = estimate(small.domain, contents.answers.measurements)
    intervals = Intervals(came)
    for row in foreseen.rows:
        sets = list(small.domain.sets_of_length(row.length))
        sds = sorted(came.sd(each) for each in sets)
        assert row.sd == (sds[0], sds[len(sds) // 2], sds[-1])
        for each in sets:
            assert foreseen.estimate.sd(each) == came.sd(each)
            low, high, _ = intervals.everywhere(each)
            width, middle = foresight.REACH * foreseen.estimate.sd(each), came.marginal(each)
            own = np.maximum(middle - width, 0)
            assert (low <= own).all()
            assert (low == own).mean() > (0.5 if row.length > 1 else 0.999)
            assert (high <= np.maximum(middle + width, 0)).all()
    singles = [block for block in contents.counts.blocks if len(block.attributes) == 1]
    for block in singles:
        width, middle = foresight.REACH * foreseen.estimate.sd(block.attributes), came.marginal(block.attributes)
        assert block.low.tolist() == [max(0, min(ceil(m - width), c)) for m, c in zip(middle, block.count, strict=True)]
        expected = [max(floor(m + width), c, 0) for m, c in zip(middle, block.count, strict=True)]
        assert block.high.tolist() == expected


def test_a_group_is_told_from_none_as_often_as_foreseen(small: Codebook) -> None:
    """200 seeded sets of answers on one true table: the share of intervals above zero, within five of its own sd.

    Each group is a small part of its wholes, whose ends would cut its own otherwise.
    """
    plan, domain, generator = plan_for(small), small.domain, np.random.default_rng(5)
    receipts = receipts_for(small, plan, foresight.foresight(small, plan, GDP, DELTA).nano_rho)
    foreseen = foresight.foresight(small, plan, GDP, DELTA)
    roomy = [each for each in domain.sets_of_length(2) if min(domain.shape(each)) > 2]
    pair = min(roomy, key=foreseen.estimate.sd)
    sd = foreseen.estimate.sd(pair)
    people = [ceil(foresight.TOLD * sd), round(foresight.REACH * sd), 0]
    others = 10 * people[0]
    cells = np.repeat(
        [(0, 0), (1, 1), (0, 2), (2, 0), (1, 2), (2, 1)], [*people[:2], others, others, others, others], axis=0
    )
    codes = np.zeros((len(cells), len(domain)), dtype=np.uint16)
    codes[:, domain.axes(pair)] = cells
    above, runs = np.zeros(3), 200
    for _ in range(runs):
        answers = [_answer(small, codes, receipt, generator) for receipt in receipts]
        low, _, _ = Intervals(estimate(domain, answers)).everywhere(pair)
        above += np.array([low[0, 0], low[1, 1], low[0, 1]]) > 0
    for times, count in zip(above, people, strict=True):
        chance = NormalDist().cdf(count / sd - foresight.REACH)
        assert abs(times - runs * chance) < 5 * (runs * chance * (1 - chance)) ** 0.5
    assert above[0] > 0.9 * runs > above[1] > 0.35 * runs > 0.1 * runs > above[2]


def _answer(
    book: Codebook, codes: npt.NDArray[np.uint16], receipt: Receipt, generator: np.random.Generator
) -> Measurement:
    attributes, sigma = receipt.attributes, receipt.sigma
    axes, shape = book.domain.axes(attributes), book.domain.shape(attributes)
    noise = np.rint(generator.normal(0, float(sigma), shape)).astype(np.int64)
    return Measurement(attributes, tally(codes, axes, shape) + noise, RoundedGaussian().sd(sigma), receipt)


def test_groups_are_measured_by_the_middle_table(small: Codebook) -> None:
    outlook = looked_out(small, expect=2_000)
    tau, rows = outlook.wanted.tau, {row.length: row for row in outlook.wanted.rows}
    assert {each.length for each in outlook.wanted.groups} == {1, 2, 3}
    for each in outlook.wanted.groups:
        row = rows[each.length]
        assert each.half_width == row.half_width[1] == foresight.REACH * row.sd[1]
        assert each.relative == each.half_width / each.people
        assert each.told == NormalDist().cdf(each.people / row.sd[1] - foresight.REACH)
        said = "stated" if each.people >= 2 * tau else "withheld" if each.people <= tau / 2 else "either"
        assert each.count == ("always" if each.length == 1 else said)
        assert row.told_from is not None
        sure = NormalDist().cdf(row.told_from / row.sd[1] - foresight.REACH)
        assert sure >= 0.95 > NormalDist().cdf((row.told_from - 1) / row.sd[1] - foresight.REACH)


def test_a_larger_epsilon_narrows_everything_and_costs_more(small: Codebook) -> None:
    """The planned one stands among the others at its place, once; all others are those that were asked for."""
    outlook = looked_out(small, "3", epsilons=["12", 0.5, "3"])
    assert [each.epsilon for each in outlook.range] == [Fraction(1, 2), 3, 12]
    assert outlook.range[1] is outlook.wanted
    for weak, strong in zip(outlook.range[1:], outlook.range, strict=False):
        assert weak.nano_rho > strong.nano_rho
        assert weak.tau <= strong.tau
        for narrow, wide in zip(weak.rows, strong.rows, strict=True):
            assert narrow.half_width < wide.half_width
    alone = foresight.foresight(small, plan_for(small, "12"), GDP, DELTA)
    assert alone.rows == outlook.range[2].rows


def test_an_epsilon_that_would_be_refused_is_named_and_left_out(small: Codebook) -> None:
    plan = plan_for(small, "20", unit=PrivacyUnit(small.unit, 1000, "person"))
    tiny = Fraction("1e-12")
    outlook = foresight.outlook(small, replace(plan, length=1), GDP, tiny, epsilons=["0.01", "20"])
    assert [each.epsilon for each in outlook.range] == [20]
    assert [(each, reason[:9]) for each, reason in outlook.refused] == [(Fraction(1, 100), "FG-OP-033")]
    with pytest.raises(UsageError, match="FG-OP-033"):
        foresight.outlook(small, replace(plan, epsilon=Fraction(1, 100)), GDP, tiny)


@pytest.mark.parametrize("expect", [0, -5, 10**9 + 1, True, 2.5])
def test_an_expected_number_that_cannot_be_is_refused(small: Codebook, expect: object) -> None:
    with pytest.raises(UsageError, match="FG-OP-047"):
        looked_out(small, expect=expect)


def test_groups_are_round_numbers_and_shares_of_what_is_expected() -> None:
    assert foresight.expected_groups(20_000) == (
        (1, None), (10, None), (50, None), (100, None), (200, 0.01), (500, None), (1_000, 0.05), (5_000, 0.25),
        (10_000, None),
    )  # fmt: skip
    assert foresight.expected_groups(1) == ((1, 1.0),)
    assert max(people for people, _ in foresight.expected_groups(None)) == foresight.LARGEST_UNKNOWN
    for expect in (7, 999, 10**9):
        assert all(1 <= people <= expect for people, _ in foresight.expected_groups(expect))


@pytest.mark.parametrize("epsilons", [[], [1] * 13, "4"])
def test_too_many_epsilons_or_none_are_refused(small: Codebook, epsilons: object) -> None:
    with pytest.raises(UsageError, match="FG-OP-046"):
        looked_out(small, epsilons=epsilons)


def test_a_scope_affords_as_many_releases_as_it_then_pays_for(small: Codebook) -> None:
    purse = Ledger.ephemeral(epsilon=Fraction(3), delta=DELTA)
    outlook = looked_out(small, "1", epsilons=["1", "12"], scope=purse.scope("ephemeral"))
    assert outlook.wanted.affords is not None
    assert outlook.wanted.affords >= 3
    assert outlook.range[1].affords == 0
    for paid in range(outlook.wanted.affords + 1):
        left = looked_out(small, "1", epsilons=["1"], scope=purse.scope("ephemeral"))
        assert left.wanted.affords == outlook.wanted.affords - paid
        if paid < outlook.wanted.affords:
            _reserve(purse, outlook, str(paid))
    with pytest.raises(BudgetError, match="FG-BU-001"):
        _reserve(purse, outlook, "more")


def _reserve(purse: Ledger, outlook: Outlook, name: str) -> None:
    plan = outlook.plan
    charge = Charge(outlook.wanted.nano_rho, plan.epsilon, "rounded-gaussian", SAMPLER_UNITS, PrivacyUnit("person"))
    purse.reserve("ephemeral", name, plan.sha256, charge)


# ----------------------------------------------------------------------------------- what comes from an earlier release


def brute_force(records: pl.DataFrame, length: int, least: float) -> tuple[int, int, float]:
    """Different combinations, how many of them at least so many records have, and the share of all that these are."""
    rows = records.fill_null("").rows()
    held: dict[object, int] = {}
    for columns in combinations(range(records.width), length):
        for row in rows:
            key = (columns, tuple(row[column] for column in columns))
            held[key] = held.get(key, 0) + 1
    shown = [count for count in held.values() if count >= least]
    return len(held), len(shown), sum(shown) / max(sum(held.values()), 1)


@pytest.mark.parametrize("expect", [None, 60, 5_000])
def test_what_would_be_stated_of_an_earlier_release(small: Codebook, bundle: Bundle, expect: int | None) -> None:
    earlier = foresight.earlier_release(bundle.path, small)
    outlook = looked_out(small, "1", epsilons=["0.5", "12"], earlier=earlier, expect=expect)
    scale = 1 if expect is None else expect / bundle.manifest.total
    assert outlook.as_earlier == (expect is None)
    for foreseen in outlook.range:
        assert [each.length for each in foreseen.like] == [1, 2, 3]
        for each in foreseen.like:
            least = 0 if each.length == 1 else foreseen.tau / scale - 1e-9
            found = brute_force(bundle.records, each.length, least)
            assert (each.combinations, each.stated) == found[:2]
            assert each.withheld == each.combinations - each.stated
            assert each.carried == pytest.approx(found[2])
    withheld = [foreseen.like[-1].withheld for foreseen in outlook.range]
    assert withheld == sorted(withheld, reverse=True)


def test_at_its_own_tau_a_release_states_what_it_stated(small: Codebook, bundle: Bundle) -> None:
    plan = replace(bundle.manifest.to_plan(), tau=bundle.manifest.tau)
    earlier = foresight.earlier_release(bundle.path, small)
    outlook = foresight.outlook(small, plan, GDP, DELTA, epsilons=["2"], earlier=earlier)
    for each in outlook.wanted.like[1:]:
        counts = bundle.counts.filter(pl.col("length") == each.length)
        stated = counts.filter(pl.col("status") == "released")
        assert (each.stated, each.combinations) == (stated.height, counts.height)
        assert each.relative_sd is not None
        assert each.relative_sd == pytest.approx(float((stated["sd"] / stated["count"]).median()), rel=0.01)  # type: ignore[arg-type]


def test_the_same_records_many_times_over_state_more(small: Codebook, contents: Contents) -> None:
    worth = Worth(foresight.foresight(small, contents.plan, GDP, DELTA).estimate, 40)
    shares = [likeness(contents.records, [worth], 3, scale=Fraction(scale))[0] for scale in ("0.2", "1", "7")]
    assert [each.stated for each in shares] == sorted({each.stated for each in shares})
    empty = SyntheticRecords(small.domain, contents.records.codes[:0].copy(), ())
    none = likeness(empty, [worth], 2, scale=Fraction(1))[0]
    assert (none.combinations, none.carried, none.relative_sd) == (0, 0.0, None)


def test_a_release_of_other_variables_says_nothing(bundle: Bundle) -> None:
    """Another version with the same variables is welcome; another id, or one more category, is not."""
    assert foresight.earlier_release(bundle.path, codebooks.loads(SMALL.replace('"1"', '"2"', 1), source="x")).total
    for old, new in (('id = "survey"', 'id = "other"'), ('["F", "M"]', '["F", "M", "X"]')):
        with pytest.raises(UsageError, match="FG-OP-048"):
            foresight.earlier_release(bundle.path, codebooks.loads(SMALL.replace(old, new), source="x"))


@pytest.mark.parametrize("name", ["counts.csv", "synthetic.parquet", "manifest.json", "manifest.sig"])
def test_a_bundle_that_was_changed_says_nothing(small: Codebook, bundle: Bundle, tmp_path: Path, name: str) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(bundle.path, copy)
    data = (copy / name).read_bytes()
    (copy / name).write_bytes(data[:-3] + bytes([data[-3] ^ 1]) + data[-2:])
    with pytest.raises(BundleError):
        foresight.earlier_release(copy, small)
    with pytest.raises(BundleError, match="FG-BN-020"):
        foresight.earlier_release(tmp_path / "none", small)


# ------------------------------------------------------------------------------------ what comes from the benchmark


def test_what_was_stated_was_nearer_than_its_interval_says() -> None:
    """On every shipped point, on average, and most where combinations are long; no group is without a figure."""
    for exponent in range(-2, 10):
        points = nearest_errors(2.0**exponent, [1, 2, 3, 4])
        assert {each.length for each in points} == {1, 2, 3, 4}
        assert len({each.table for each in points}) == 2
        assert all(0 < each.typical < (0.9, 0.65, 0.5, 0.4)[each.length - 1] for each in points)
        assert all(each.typical < each.most for each in points)
        stated = sum(each.combinations for each in points)
        assert sum(each.combinations * each.typical for each in points) < 0.3 * stated
        shares = [usual_share(points, length, people) for length in (1, 2, 3, 4) for people in (1, 10, 10**7)]
        assert all(share is not None and share < 0.9 for share in shares)
    assert usual_share((), 3, 10) is None


def test_the_usual_error_is_that_of_the_bucket_on_all_tables() -> None:
    points = [
        Stated(records, 5, 9.0, 2, least, 99, typical, 1.0)
        for records, least, typical in ((7, 10, 0.1), (7, 100, 0.2), (8, 1, 0.5), (8, 100, 0.6))
    ]
    assert usual_share(points, 2, 99) == pytest.approx((0.1 + 0.5) / 2)
    assert usual_share(points, 2, 100) == usual_share(points, 2, 10**6) == pytest.approx((0.2 + 0.6) / 2)
    assert usual_share(points, 2, 1) == usual_share(points, 2, 10)
    assert usual_share(points, 3, 99) is None


def test_the_benchmark_takes_errors_of_what_is_stated(bundle: Bundle) -> None:
    """Against every combination, one by one."""
    domain, length = bundle.codebook.with_missing_everywhere().domain, 2
    coded = survey(600)
    expected = {}
    for row in bundle.counts.filter(pl.col("length") == length, pl.col("status") == "released").iter_rows(named=True):
        values = zip(row["variables"].split("|"), row["values"].split("|"), strict=True)
        same = [pl.col(name).is_null() if value == "(missing)" else pl.col(name) == value for name, value in values]
        true = coded.filter(*same).height
        expected[row["variables"], row["values"]] = (true, abs(row["count"] - true) / (1.959964 * row["sd"]))
    codes = frames.codes(coded, bundle.codebook)
    found = stating.errors(bundle, measures.tables(codes, domain.sizes, length), length)
    assert sorted(zip(*map(np.ndarray.tolist, found), strict=True)) == [
        (true, pytest.approx(share, abs=0.01)) for true, share in sorted(expected.values())
    ]


# ---------------------------------------------------------------------------------------------------- how it is said

HOW_TO = Path(__file__).parents[2] / "docs" / "how-to" / "plan-a-release.md"


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the small codebook, in which commands run."""
    (tmp_path / "small.toml").write_text(SMALL)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.long
def test_the_how_to_runs_as_printed_and_fits_a_terminal(frostglass_command: Command, at_home: Path) -> None:
    commands = re.findall(r"^frostglass (plan .*)$", HOW_TO.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 3
    texts = []
    for command in commands[:2]:  # the third needs a release
        code, said, _ = frostglass_command(*command.split())
        assert code == 0
        texts.append(said)
        lines = said.splitlines()
        assert max(map(len, lines)) <= 100
        assert len(lines) <= 75
        assert sum(line.startswith("    > 3 ") for line in lines) == 1
    assert (at_home / "plan.html").exists()
    assert "22, 51, 66" in texts[0]
    assert "± 51" in HOW_TO.read_text(encoding="utf-8")


@pytest.mark.parametrize("length", ["1", "2", "4"])
def test_every_length_fits_a_terminal(frostglass_command: Command, at_home: Path, length: str) -> None:
    told = (
        "plan",
        "-c",
        at_home / "small.toml",
        "--epsilon",
        "0.1",
        "--delta",
        "1e-6",
        "--expect",
        "1000000000",
        "--epsilons",
        "1",
    )
    code, said, _ = frostglass_command(*told, "--length", length)
    assert code == 0
    assert max(map(len, said.splitlines())) <= 100


def test_what_the_data_choose_is_not_foreseen(frostglass_command: Command, at_home: Path) -> None:
    """Where not all triples can be measured, nothing is said of a triple, and that is said."""
    told = ("plan", "-c", "small.toml", "--epsilon", "3", "--delta", "1e-6", "--epsilons", "1", "--cells", "200")
    code, said, _ = frostglass_command(*told, "--plot", "plan.html")
    assert code == 0
    assert max(map(len, said.splitlines())) <= 100
    assert "not known beforehand" in " ".join(said.split())
    assert "not known beforehand" in (at_home / "plan.html").read_text(encoding="utf-8")
    groups = json.loads(frostglass_command(*told, "--json")[1])["groups"]
    unknown = [each for each in groups if each["half_width"] is None]
    assert {each["length"] for each in unknown} == {3}
    assert all(each["relative"] is each["told"] is each["usual_error"] is None for each in unknown)


SMALL_PLAN = ("plan", "-c", "small.toml", "--epsilon", "3", "--delta", "1e-6", "--epsilons", "1")


def test_the_text_and_the_page_of_an_earlier_release(
    frostglass_command: Command, bundle: Bundle, at_home: Path
) -> None:
    code, text, _ = frostglass_command(*SMALL_PLAN, "--like", bundle.path, "--plot", "plan.html")
    assert code == 0
    assert bundle.manifest.release_id in text
    assert "WHAT OTHER THRESHOLDS" not in text
    assert max(map(len, text.splitlines())) <= 100
    page = (at_home / "plan.html").read_text(encoding="utf-8")
    assert page.count("<svg") == 3
    assert bundle.manifest.release_id in page


def test_the_page_is_one_file_and_its_drawings_carry_their_data(frostglass_command: Command, at_home: Path) -> None:
    code, _, _ = frostglass_command(*SMALL_PLAN, "--plot", "plan.html")
    assert code == 0
    page = (at_home / "plan.html").read_text(encoding="utf-8")
    assert "<script" not in page
    outside = re.findall(r'(?:src|href|url)\s*[=(]\s*["\']?(?!data:|#)([^"\'\s)>]+)', page)
    assert not outside
    sources = re.findall(r'download="([a-z0-9-]+\.vl\.json)" href="data:application/json;base64,([^"]+)"', page)
    assert len(sources) == page.count("<svg") == 2
    for _, source in sources:
        spec = json.loads(b64decode(source))
        assert "vega-lite" in spec["$schema"]
        assert all(layer["data"]["values"] for layer in spec["layer"])
    middle = frostglass.foresee("small.toml", epsilon=3, delta="1e-6", epsilons=[1]).wanted.rows[2].middle
    assert f"± {middle:,.0f} people" in page


@pytest.mark.parametrize(
    ("options", "refused"),
    [
        (("--plot", "page.txt"), "FG-OP-049"),
        (("--plot", "there.html"), "FG-OP-050"),
        (("--expect", "0"), "FG-OP-047"),
        (("--epsilons", "1,,2"), "FG-OP-001"),
        (("--epsilons", ",".join(map(str, range(1, 14)))), "FG-OP-046"),
        (("--like", "nothing-here"), "FG-BN-020"),
    ],
)
def test_what_cannot_be_is_refused(
    frostglass_command: Command, at_home: Path, options: tuple[str, str], refused: str
) -> None:
    (at_home / "there.html").write_text("mine")
    code, said, error = frostglass_command(*SMALL_PLAN, *options)
    assert code in (1, 2)
    assert refused in error
    assert said == ""
    assert (at_home / "there.html").read_text() == "mine"


def test_python_and_the_command_line_foresee_the_same(frostglass_command: Command, at_home: Path) -> None:
    _, said, _ = frostglass_command(*SMALL_PLAN, "--expect", "4000", "--json")
    outlook = frostglass.foresee(at_home / "small.toml", epsilon=3, delta="1e-6", expect=4000, epsilons=["1"])
    assert json.loads(said) == json.loads(json.dumps(outlook.as_json()))
    assert json.loads(said)["epsilons"][1]["groups"] == json.loads(said)["groups"]


@pytest.mark.parametrize("expected", [False, True])
def test_counts_in_csv_are_no_more_than_was_said_and_take_about_as_much(
    small: Codebook, bundle: Bundle, expected: bool
) -> None:
    said = looked_out(small, expect=bundle.manifest.total if expected else None).wanted.counts
    stated = bundle.counts.filter(pl.col("status") == "released").height
    assert stated <= said.rows <= small.domain.cells_of_length(1) * 50
    size = (bundle.path / "counts.csv").stat().st_size
    assert 0.5 < size / stated / (said.bytes / said.rows) < 2


def test_more_rows_than_a_spreadsheet_opens_are_named_before_anything_is_done(frostglass_command: Command) -> None:
    """Of 27 variables, up to four together: fewer are stated of few records."""
    wide = ("plan", "-c", "ctdc-global", "--epsilon", "1", "--delta", "1e-6", "--length", "4", "--epsilons", "1")
    _, said, _ = frostglass_command(*wide)
    assert "147,547,606 rows" in said
    assert "No spreadsheet opens more than 1,048,576 rows" in " ".join(said.split())
    _, said, _ = frostglass_command(*wide, "--expect", "1000")
    assert "with 1,000 records" in " ".join(said.split())
    assert "spreadsheet" not in said


@pytest.mark.parametrize(("rows", "opens"), [(1_048_575, True), (1_048_576, False)])
def test_the_heading_is_a_row_of_a_spreadsheet(rows: int, opens: bool) -> None:
    assert CountsSize(rows, 1, None).opens is opens
