"""Short codebooks for tests of the codebook file."""

from __future__ import annotations

from frostglass import codebooks
from frostglass.codebooks import Fault
from frostglass.terms.codebook import Codebook

HEAD = '[codebook]\nid = "test"\n'

EVERYTHING = """
format = 1

[codebook]
id = "everything"
version = "3"
title = "All there is"
date = 2024-02-29
language = "fr"
publisher = "An office"
unit = "household"
privacy_unit = "household"
set_separator = "/"
set_order = "codebook"
null_out = ""
missing_in = [".", "NA"]
drafted = true
confirmed = { by = "R. Steward", on = "2024-03-01" }

[related]
older = "The table of the year before."

[release]
citation = "An office (2024)."
provenance = "Its own records."
limitations = ["Not a sample.", "Self-reported."]
terms = "Free to use."
contact = "office@example.org"
file_stem = "all_there_is"
accessed_note = "Name the day."

[[source]]
name = "case"
key = "case_id"
fields = ["size", "moved_on", "left_on", "country", "tenure", "second_tenure", "region"]
direct_identifiers = ["house_number"]

[[source.children]]
name = "members"
max = 9
overflow = "error"
fields = ["languages", "kind"]

[[scope]]
field = "moved_on"
year_between = [2000, 2024]
reason = "moved before 2000"

[[scope]]
field = "country"
in = ["NA", "ZA"]

[[scope]]
children = "members"
at_least = 1

[[lookup]]
name = "language"
by_value = { af = ["afr", "nld"], en = "eng" }

[[lookup]]
name = "region"
table = { NA = "south", ZA = "south" }

[[variable]]
name = "address"
type = "nominal"
role = "direct_identifier"
aliases = ["home address"]

[[variable]]
name = "size"
number = 7
type = "integer"
role = "quasi"
aliases = ["household size"]
label = "taille"
bands = [[1, 1, "1"], [2, 4, "2 to 4"], [5, 40, "5 or more"]]
categories = [{ code = "5 or more", label = { fr = "5 ou plus", en = "five or more" }, color = "#aa0000" }]
null = { meaning = "not counted", structural = "never", count_as_value = false }
derive = { op = "band", from = "size", bands = [[1, 1, "1"], [2, 4, "2 to 4"], [5, 40, "5 or more"]] }

[[variable]]
name = "months"
number = 1
type = "integer"
range = [0, 60]
derive = { op = "months_between", from = "moved_on", to = "left_on" }

[[variable]]
name = "country"
number = 2
type = "nominal"
role = "public"
derive = "country"

[[variable.categories]]
code = "NA"

[[variable.categories]]
code = "ZA"
label = { fr = "Afrique du Sud" }
aliases = ["RSA", "za"]
definition = "South Africa"

[[variable]]
name = "owner"
number = 3
type = "flag"
denominator_group = "tenure"
sensitive_zeros = true
derive = { op = "any_in", from = "tenure", in = "owned" }

[[variable]]
name = "tenant"
number = 4
type = "flag"
categories = [{ code = "yes", label = "oui" }]
recall = "A household is a row."

[variable.derive]
op = "when"
if = { tenure = ["rented", ""] }
then = { op = "map", from = "second_tenure", table = { r = "yes" } }

[[variable]]
name = "languages"
number = 5
type = "set"
atoms = [{ code = "en", label = "anglais", aliases = ["English"] }, "af", "xh"]
max_atoms = 2
overflow = "other_label"
other = { code = "three or more", aliases = ["all"] }

[variable.derive]
op = "set_of"
over = "members"
where = { kind = "adult" }
each = { op = "lookup", from = "languages", table = "language", else = "null" }

[[variable]]
name = "period"
number = 6
type = "ordinal"
categories = ["old", "new"]

[[variable.derive.of]]
op = "band"
from = { op = "year", from = "moved_on" }
bands = [[2000, 2009, "old"], [2010, 2024, "new"]]

[[variable.derive.of]]
op = "one_of"
from = "region"

[variable.derive]
op = "coalesce"

[[group]]
name = "tenure"
label = { fr = "occupation", en = "tenure" }
definition = "Among households whose tenure is known."
color = "#123456"
page = "tenure"
of = ["tenant"]

[[constraint]]
kind = "not_null"
of = "country"

[[constraint]]
kind = "at_least_one"
of = ["owner", "tenant"]

[[constraint]]
name = "small ones speak one language"
kind = "implies"
if = { size = "1" }
then = { languages = ["en", "af", "xh", "(missing)"] }

[[constraint]]
kind = "forbid"
combination = { owner = "1", tenant = ["yes"] }

[[constraint]]
kind = "requires_any"
if_any = ["languages"]
of = ["country", "months"]

[[constraint]]
kind = "max_atoms"
of = ["languages"]
at_most = 2

[[constraint]]
kind = "complete_rate"
of = ["months"]
at_least = 0.950

[synthesis]
mode = "dp"
epsilon = 1.50
delta = "0.000001"
k = 10
reporting_length = 2
record_count = "dp"

[[chart]]
title = "Pays"
kind = "bars"
variables = ["country", "size"]
note = "A note."
"""
"""One codebook with every key of the file format."""


def book(text: str) -> Codebook:
    """A codebook from the tables after its head."""
    return codebooks.loads(HEAD + text, source="test.toml")


def faults(text: str) -> tuple[Fault, ...]:
    """The faults of the tables after a good head."""
    return codebooks.faults(HEAD + text)
