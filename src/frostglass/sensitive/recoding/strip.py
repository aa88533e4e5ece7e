"""The strip: past this point there is nothing of a case but what the codebook's rules read, and no birth date at all.

It works by an allow-list, so that a new column, a note or a name can only be left behind. Of the identities one thing
is handed over: completed years, for each age that a rule asks for.
"""

from __future__ import annotations

from frostglass.sensitive.recoding.answers import Answers
from frostglass.sensitive.recoding.evaluation import Evaluation, Losses, age_key, ages_of
from frostglass.sensitive.recoding.records import Cases, Records
from frostglass.terms.recoding import Recoding


def strip(cases: Cases, births: Answers[str], recoding: Recoding) -> Cases:
    """``cases`` with no more than the fields that ``recoding`` reads; ``births`` are the birth dates of the cases."""
    reads = recoding.reads()
    records = cases.records.only(reads[None])
    ages = {age_key(rule): ages_of(births, Evaluation(cases, Losses()).of(rule.at, "")) for rule in recoding.ages()}
    children = {name: one.only(reads[name]) for name, one in cases.children.items() if name in reads}
    return Cases(Records(records.number, {**records.fields, **ages}), children)
