"""The review as one page for the steward: a minute's summary, then everything behind it. Private."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from math import isnan
from typing import Any

from frostglass.bundle.pages.statement import best_guess, epsilon_figure
from frostglass.bundle.words import banner, day, guarantee_sentence
from frostglass.pages.blocks import Cell, Page, Row, Section, Table, templates
from frostglass.pages.charts import WITHOUT, can_draw, drawn
from frostglass.pages.words import number, percent, variables
from frostglass.review.acceptance import share, worst_group
from frostglass.review.fidelity import Example, Kind, LengthFidelity
from frostglass.review.pages import plots
from frostglass.review.report import Review
from frostglass.terms import wording
from frostglass.terms.budget import NANO
from frostglass.terms.guarantee import ScopeSummary
from frostglass.version import __version__

PRIVATE = (
    "PRIVATE · for the steward only: this page compares with the truth. Do not publish or send it, nor one figure of "
    "it."
)

_KINDS: dict[Kind, str] = {
    "error": "Largest errors of stated counts",
    "suppressed": "Largest real combinations that are not stated",
    "fabricated": "Largest stated combinations that nobody has",
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A question of the minute's summary, its answer in words, and its figure."""

    figure: str
    question: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewPage(Page):
    """Everything that the template shows."""

    sha256: str
    version: str
    without: str
    strange: bool
    answers: tuple[Answer, ...]
    thresholds: Table
    passed: bool
    sections: tuple[Section, ...]


def review_html(review: Review) -> str:
    """The page: one file, no script, no network."""
    return templates("frostglass.review.pages").get_template("review.html").render(page=_page(review))


def _page(review: Review) -> ReviewPage:
    bundle = review.bundle
    manifest, codebook = bundle.manifest, bundle.codebook
    sections = (
        _counts(review),
        _groups(review),
        _intervals(review),
        _records(review),
        _attacks(review),
        _guarantee(review),
        _flow(review),
        _earlier(review),
        _anonymity(review),
        _sds(review),
    )
    return ReviewPage(
        title=f"PRIVATE · review of release {manifest.release_id}",
        private=PRIVATE,
        banner=banner(manifest),
        over=f"Review before signing · {codebook.title}",
        heading="Is this release safe and good enough to publish?",
        sha256=bundle.manifest_sha256,
        version=__version__,
        without="" if can_draw() else WITHOUT,
        facts=(
            ("release", manifest.release_id),
            ("made", day(manifest)),
            ("codebook", f"{codebook.id} {codebook.version}"),
            ("epsilon, delta", f"{manifest.guarantee.epsilon}, {manifest.guarantee.delta}"),
            ("counts up to", f"{manifest.plan.length} variables"),
            ("counts are stated", f"from {manifest.tau:,} on"),
        ),
        strange=review.strange,
        answers=_answers(review),
        thresholds=Table(
            "Thresholds",
            ("what", "wanted", "found", "verdict"),
            tuple(
                (
                    each.criterion.words,
                    f"at {each.criterion.bound} {_quantity(each.threshold, each.criterion.figure)}",
                    "not there to be found" if isnan(each.found) else _quantity(each.found, each.criterion.figure),
                    Cell("passed") if each.passed else Cell("FAILED", bad=True),
                )
                for each in review.verdicts
            ),
            right=(1, 2),
        ),
        passed=review.passed,
        sections=tuple(each for each in sections if each is not None),
    )


def _answers(review: Review) -> tuple[Answer, ...]:
    """What a steward asks first."""
    at = _longest(review)
    checks, found = review.checks, review.fidelity
    intervals, held = sum(each.intervals for each in found.lengths), sum(each.held for each in found.lengths)
    guess = best_guess(review.bundle.manifest)
    worst = worst_group(found.groups)
    answers = [
        Answer(
            f"± {at.errors.mean:,.0f}" if at.errors.number else "–",
            "How far off is a count?",
            f"A stated count of {variables(at.length)} is off by {at.errors.mean:,.1f} people in the mean; 95 of 100 "
            f"are off by at most {at.errors.percentile_95:,.0f}, and the worst by {at.errors.largest:,.0f}.",
        ),
        Answer(
            percent(1 - share(at.lost, at.frequent)),
            "Is what matters there?",
            f"Of the {at.frequent:,} combinations of {variables(at.length)} that ten people or more have, "
            f"{at.frequent - at.lost:,} are stated.",
        ),
        Answer(
            percent(share(at.fabricated, at.stated)),
            "Is anything made up?",
            f"Of the {at.stated:,} stated combinations of {variables(at.length)}, {at.fabricated:,} are nobody's: "
            "noise alone made them.",
        ),
        Answer(
            percent(share(held, intervals)),
            "Do the intervals hold?",
            f"{held:,} of {intervals:,} intervals hold the true count; 95% are promised.",
        ),
        Answer(
            f"{checks.records - checks.people:+,}",
            "Are the records in order?",
            f"{checks.records:,} synthetic records stand for {checks.people:,} people. " + _rules(review),
        ),
        Answer(
            f"{guess:.1f}%",
            "What could anybody learn of one person?",
            "Whoever knows everything else guesses from this release whether a person is in it right at most so often "
            "(50% is a coin toss)." + _attacked(review),
        ),
    ]
    if worst is not None:
        answers.insert(
            4,
            Answer(
                percent(worst.relative_counts),
                "Is any group served badly?",
                f"Of all groups of 100 people or more, {worst.variable}: {worst.value} ({worst.people:,} people) fares "
                "worst: this is the relative error of its counts.",
            ),
        )
    return tuple(answers)


def _rules(review: Review) -> str:
    checks = review.checks
    if not checks.rules:
        return "The codebook has no structural rules that they could break."
    unenforced = "" if review.bundle.manifest.structural else ", which the plan left unenforced"
    return f"{checks.broken:,} of them break one of the {checks.rules} structural rules{unenforced}."


def _attacked(review: Review) -> str:
    if review.attacks is None:
        return " No attack was tried: review with `attacks=quick` or `attacks=full`."
    tried = [each for each in review.attacks.rows if each.baseline == 0.5 and not isnan(each.success)]
    if not tried:
        return " No attack could be tried on so few records."
    best = max(tried, key=lambda each: each.success)
    kinds = "attack" if len(tried) == 1 else "attacks"
    above = best.bound is not None and best.success > best.bound
    chance = (
        " It is above what is allowed by no more than chance: its interval reaches below."
        if best.within
        else " That is more than is allowed, and more than its interval explains: try `attacks=full` before you sign."
    )
    return (
        f" The best of {len(tried)} {kinds} was right in {percent(best.success)} of cases (95% interval "
        f"{percent(best.low)} to {percent(best.high)}), and in {percent(best.control)} without protection."
        f"{chance if above else ''}"
    )


def _longest(review: Review) -> LengthFidelity:
    """The longest combinations that the release counts."""
    return max((each for each in review.fidelity.lengths if each.counted), key=lambda each: each.length)


def _counts(review: Review) -> Section:
    found = review.fidelity
    counted = [each for each in found.lengths if each.counted]
    stated = Table(
        "Counts, by the number of variables",
        (
            "variables",
            "mean error",
            "95 of 100 below",
            "largest",
            "relative error",
            "real",
            "stated",
            "lost, of 10 or more",
            "fabricated, of stated",
        ),
        tuple(
            (
                str(each.length),
                number(each.errors.mean),
                number(each.errors.percentile_95),
                number(each.errors.largest),
                percent(each.relative_counts),
                f"{each.real:,}",
                f"{each.stated:,}",
                f"{percent(share(each.lost, each.frequent))} ({each.lost:,} of {each.frequent:,})",
                f"{percent(share(each.fabricated, each.stated))} ({each.fabricated:,} of {each.stated:,})",
            )
            for each in counted
        ),
        right=tuple(range(9)),
    )
    buckets = Table(
        "Counts, by the number of variables and the true count",
        ("variables", "true count", "combinations", "stated", "mean error", "95 of 100 below", "largest"),
        tuple(
            (
                str(each.length),
                plots.bucket_name(bucket.least),
                f"{bucket.combinations:,}",
                f"{bucket.stated:,}",
                number(bucket.errors.mean),
                number(bucket.errors.percentile_95),
                number(bucket.errors.largest),
            )
            for each in counted
            for bucket in each.buckets
            if bucket.combinations
        ),
        right=(0, 2, 3, 4, 5, 6),
    )
    examples = [
        Table(
            f"{title}, {variables(length)}",
            ("combination", "true", "stated" if kind != "suppressed" else "in the records"),
            tuple(_example(each) for each in found.examples[kind, length]),
            right=(1, 2),
        )
        for kind, title in _KINDS.items()
        for length in [each.length for each in counted]
        if found.examples.get((kind, length))
    ]
    rank = review.ranking
    words = (
        "A count that is not stated is withheld for reliability. The relative error adds up the errors of all "
        "combinations of recorded values, those that are not stated taken as 0, and divides by the true counts.",
        f"Of the ten most frequent combinations of each two variables, {percent(rank.shared)} are also the ten most "
        f"frequent in the release, and {percent(rank.agreement)} of their pairs stand in the true order"
        + (f" (least so for {' and '.join(rank.worst)}: {percent(rank.worst_agreement)})." if rank.worst else "."),
    )
    return Section(
        "How good the counts are",
        words,
        charts=drawn(
            lambda: plots.stated_beside_true(found),
            lambda: plots.errors_by_count(found),
            lambda: plots.stated_share(found),
        ),
        tables=(stated,),
        folded=(buckets, *examples),
    )


def combination_words(combination: Iterable[tuple[str, str]]) -> str:
    """A combination in words, such as "age: 9-17; sex: F"."""
    return wording.conditions(f"{name}: {value}" for name, value in combination)


def _example(one: Example) -> Row:
    return combination_words(one.combination), f"{one.true:,}", f"{one.records:,}"


def _groups(review: Review) -> Section | None:
    groups = review.fidelity.groups
    if not groups:
        return None
    table = Table(
        "Every group",
        ("group", "people", "in the records", "relative error", "lost, of 10 or more", "fabricated", "intervals hold"),
        tuple(
            (
                f"{each.variable}: {each.value}",
                f"{each.people:,}",
                f"{each.shown:,}",
                percent(each.relative_counts),
                percent(share(each.lost, each.frequent)),
                percent(share(each.fabricated, each.stated)),
                percent(share(each.held, each.intervals)),
            )
            for each in groups
        ),
        right=(1, 2, 3, 4, 5, 6),
    )
    return Section(
        "Whether each group is served",
        (
            "A good mean may hide a group that is served badly. These are combinations of two and three variables that "
            "name the group. Other variables can be asked for with `group`.",
        ),
        charts=drawn(lambda: plots.group_errors(groups)) if any(each.people for each in groups) else (),
        folded=(table,),
    )


def _intervals(review: Review) -> Section:
    counted = [each for each in review.fidelity.lengths if each.counted]
    table = Table(
        "Intervals, over all declared combinations",
        ("variables", "intervals", "hold the true count", "mean width"),
        tuple(
            (
                str(each.length),
                f"{each.intervals:,}",
                percent(share(each.held, each.intervals)),
                f"{each.width:,.1f}",
            )
            for each in counted
        ),
        right=(0, 1, 2, 3),
    )
    return Section(
        "Whether the intervals hold",
        (
            "The interval of a count says what is certain, so it is wider than the error of the count usually is. Over "
            "many releases 95% of them hold the true count.",
        ),
        charts=drawn(lambda: plots.coverage(review.fidelity)),
        tables=(table,),
    )


def _records(review: Review) -> Section:
    checks = review.checks
    tables = (
        Table(
            "Tables of the synthetic records",
            (
                "variables",
                "tables",
                "mean distance",
                "largest",
                "of the table",
                "relative error",
                "combinations",
                "fabricated",
            ),
            tuple(
                (
                    str(each.length),
                    f"{each.tables:,}",
                    f"{each.total_variation:.4f}",
                    f"{each.worst_total_variation:.4f}",
                    " × ".join(each.worst_table),
                    percent(each.relative_records),
                    f"{each.record_combinations:,}",
                    percent(share(each.record_fabricated, each.record_combinations)),
                )
                for each in review.fidelity.lengths
            ),
            right=(0, 1, 2, 3, 5, 6, 7),
        ),
        Table(
            "The records themselves",
            ("question", "answer"),
            (
                ("people in the table", f"{checks.people:,}"),
                ("synthetic records", f"{checks.records:,}"),
                ("synthetic records that break a structural rule", f"{checks.broken:,}"),
                ("people with a record like nobody else's", f"{checks.unique:,}"),
                (
                    "… whose record is also a synthetic one",
                    f"{checks.matched:,} ({percent(share(checks.matched, checks.unique))})",
                ),
                ("… as many if the columns had nothing to do with one another", f"{checks.alone:,.0f}"),
                ("synthetic records that occur once", f"{checks.synthetic_unique:,}"),
                (
                    "synthetic records that look like somebody's",
                    f"{checks.real:,} ({percent(share(checks.real, checks.records))})",
                ),
            ),
            right=(1,),
        ),
    )
    return Section(
        "The synthetic records",
        (
            "The distance of two tables (total variation) is the share of the records that would have to move to make "
            "one into the other. Combinations of four variables are not counted in most releases, but the records show "
            "them.",
            "That a synthetic record looks like somebody's is no disclosure by itself: common records do, and the "
            "records were made from noisy counts. Whether it says anything of the person is what the attacks ask.",
        ),
        tables=tables,
    )


def _attacks(review: Review) -> Section | None:
    if review.attacks is None:
        return None
    rows = review.attacks.rows
    table = Table(
        "Attacks",
        ("attack", "on", "success (95% interval)", "by chance", "bound", "without protection"),
        tuple(
            (
                each.attack,
                each.target,
                f"{percent(each.success)} ({percent(each.low)} to {percent(each.high)})",
                percent(each.baseline),
                "–" if each.bound is None else percent(each.bound),
                percent(each.control),
            )
            for each in rows
        ),
        right=(2, 3, 4, 5),
    )
    meanings = Table(
        "What each of them means",
        ("attack", "on", "what it means"),
        tuple((each.attack, each.target, each.meaning) for each in rows),
        right=(),
    )
    return Section(
        "What attacks achieved",
        (
            "Attacks on releases like this one, of tables in which people were left out or put in. Without protection "
            "the same attack has to succeed: one that always fails proves nothing. A low figure is no proof either; "
            "the bound is. An interval that lies wholly above its bound would be a fault, or one of the few in a "
            "hundred that miss by chance: try another `random_state`.",
            f"They rest on {review.attacks.counted + review.attacks.fitted:,} releases that were made for this alone, "
            "cost nothing and never leave.",
        ),
        charts=drawn(lambda: plots.attacks(rows)) if rows else (),
        folded=(meanings, table),
    )


def _guarantee(review: Review) -> Section:
    manifest, codebook = review.bundle.manifest, review.bundle.codebook
    scope, promise = manifest.scope, manifest.guarantee
    before = scope.spent - promise.nano_rho
    rows = [
        ("before this release", f"{before / NANO:.6f}", _left(scope.allowance - before)),
        ("after it", f"{scope.spent / NANO:.6f}", _left(scope.allowance - scope.spent)),
    ]
    if review.scope is not None:
        now: ScopeSummary = review.scope
        rows.append(("now", f"{now.spent / NANO:.6f}", _left(now.allowance - now.spent)))
    ledger = Table(f"Scope {manifest.ledger.scope}", ("when", "spent (rho)", "left (rho)"), tuple(rows), right=(1, 2))
    jointly = Table(
        "People who are protected together",
        ("people", "epsilon"),
        tuple((str(each.size), epsilon_figure(each.epsilon)) for each in promise.groups),
        right=(0, 1),
    )
    return Section(
        "The guarantee and the ledger",
        (
            guarantee_sentence(manifest, codebook),
            f"{scope.releases} release(s) of this scope so far: epsilon {scope.plain_epsilon} as a plain sum, "
            f"{epsilon_figure(scope.tight_epsilon)} tightly counted, of {scope.epsilon} allowed.",
            "This review compares with the truth and is not covered by the guarantee: publishing one exact figure of "
            "it may give a person away.",
        ),
        tables=(ledger, jointly),
    )


def _left(nano: int) -> str:
    return f"{nano / NANO:.6f}"


def _flow(review: Review) -> Section | None:
    flow: Any = review.flow
    if flow is None:
        return None
    stages = tuple((str(each["stage"]), f"{int(each['cases']):,}") for each in flow["stages"])
    losses = tuple(
        (str(each["variable"]), str(each["kind"]), f"{int(each['cases']):,}")
        for each in sorted(flow["recoding"], key=lambda each: -int(each["cases"]))
        if each["cases"]
    )
    return Section(
        "From registered cases to released ones",
        ("From the flow report; it says more, with reasons and examples.",),
        tables=(Table("Steps", ("step", "cases"), stages, right=(1,)),),
        folded=(Table("What recoding could not keep", ("variable", "what", "cases"), losses, right=(2,)),),
    )


def _earlier(review: Review) -> Section | None:
    found = review.comparison
    if found is None:
        return None
    change = found.total_after - found.total_before
    words = [
        f"Release {found.release_id} of {found.date}, epsilon {found.epsilon}, had {found.total_before:,} records; "
        f"this one has {found.total_after:,} ({change:+,}, ± {found.total_margin:,.0f}).",
        f"Of {found.compared:,} single values that both count, {found.beyond:,} changed by more than the noise of "
        "both explains; one in twenty would by chance.",
        "The codebook is the same." if found.same_codebook else "The codebook is another one: see what was renamed.",
    ]
    names = tuple((each, "new") for each in found.added) + tuple((each, "gone") for each in found.removed)
    changes = Table(
        "Largest changes, in units of the noise of both",
        ("combination", "before", "now", "change / noise"),
        tuple(
            (
                combination_words(each.combination),
                f"{each.before:,}",
                f"{each.after:,}",
                f"{each.deviations:+.1f}",
            )
            for each in found.changes
        ),
        right=(1, 2, 3),
    )
    tables = (changes,) if not names else (changes, Table("Variables and values", ("name", ""), names, right=()))
    return Section("Beside the release before", tuple(words), folded=tables)


def _anonymity(review: Review) -> Section:
    table = Table(
        "Records that k-anonymity would suppress",
        ("k", "alike on", "suppressed", "share"),
        tuple(
            (str(each.size), f"{each.variables} variables", f"{each.suppressed:,}", percent(each.share))
            for each in review.anonymity
        ),
        right=(0, 2, 3),
    )
    return Section(
        "The other way: k-anonymity",
        (
            "Before, tables like this were made safe by leaving out every record that fewer than k people share. That "
            "loses the rarest people, and still gives them away when somebody is added from one release to the next.",
        ),
        charts=drawn(lambda: plots.suppression(review.anonymity)),
        folded=(table,),
    )


def _sds(review: Review) -> Section:
    found = review.sds
    lengths = Table(
        "As Synthetic Data Showcase prints it (combinations of recorded values; rare is below 10)",
        (
            "length",
            "sensitive",
            "synthetic",
            "rare",
            "mean count",
            "mean error",
            "preservation",
            "missed",
            "fabricated",
            "leaked",
        ),
        tuple(
            (
                str(each.length),
                f"{each.sensitive:,}",
                f"{each.synthetic:,}",
                percent(each.rare),
                f"{each.mean_count:,.1f}",
                f"{each.mean_error:,.2f}",
                percent(each.preservation),
                percent(each.missed),
                percent(each.fabricated),
                f"{each.leaked:,} ({percent(each.leaked_share)})",
            )
            for each in found.lengths
        ),
        right=tuple(range(10)),
    )
    right = Table(
        "The same questions, asked so that the answer does not mislead",
        (
            "length",
            "mean error, one-sided ones too",
            "part of the true counts kept",
            "missed, of 10 or more",
            "fabricated, of those shown",
        ),
        tuple(
            (
                str(each.length),
                f"{each.mean_error_all:,.2f}",
                percent(each.kept),
                percent(each.missed_frequent),
                percent(each.fabricated_shown),
            )
            for each in found.lengths
        ),
        right=tuple(range(5)),
    )
    buckets = Table(
        "Preservation by synthetic count, as Synthetic Data Showcase prints it",
        ("count up to", "combinations", "mean count", "mean length", "preservation"),
        tuple(
            (
                f"{each.most:,}",
                f"{each.combinations:,}",
                f"{each.mean_count:,.1f}",
                f"{each.mean_length:.1f}",
                percent(each.preservation),
            )
            for each in found.buckets
            if each.combinations
        ),
        right=tuple(range(5)),
    )
    return Section(
        "In the words of Synthetic Data Showcase",
        (
            "For comparison with releases that were made with it. These are figures of the records, not of the stated "
            "counts. Its mean error leaves out what is on one side alone; its shares of fabricated combinations are of "
            "the real ones; “leaked” counts rare combinations on both sides, which under differential privacy gives "
            "nobody away, as a rare combination in the records need not be anybody's.",
        ),
        tables=(lengths, right),
        folded=(buckets,),
    )


def _quantity(value: float, figure: str) -> str:
    """A figure of a threshold: a number of records, a distance, or a share."""
    if figure == "rules_broken":
        return f"{value:,.0f}"
    if figure in ("total_variation", "worst_total_variation"):
        return f"{value:.4f}"
    return f"{100 * value:.2f}%"
