"""The verbs of ``frostglass``, each loaded when it is asked for, so that none waits for what it does not need."""

from __future__ import annotations

from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup
from typer.main import get_group


class Verb(NamedTuple):
    """Where a verb is, and what it does in a sentence."""

    module: str
    does: str


VERBS = {
    "demo": Verb(
        "release_commands", "The whole way on fictitious data: case files, coded table, ledger, release, verify, count."
    ),
    "release": Verb(
        "release_commands",
        "Turn a coded table into a sealed bundle of private counts and synthetic records, paid for in the ledger.",
    ),
    "verify": Verb(
        "release_commands",
        "Check a bundle: signature, hashes, constraints, agreement, and everything recomputed from the measurements.",
    ),
    "plan": Verb(
        "plan.commands",
        "Say what error and interval each length and group will get, and what other epsilons would give.",
    ),
    "count": Verb(
        "count_commands", "Print a count, share, difference or table with its interval and a sentence ready to cite."
    ),
    "review": Verb(
        "review_commands",
        "Compare a release with the truth, for the steward's eyes only: errors, intervals, groups, attacks, "
        "thresholds.",
    ),
    "approve": Verb("approval_commands", "Say that a sealed bundle may be published."),
    "publish": Verb(
        "approval_commands",
        "Copy a sealed bundle out, byte for byte, once two people have approved it, and enter it in the ledger.",
    ),
    "withdraw": Verb("approval_commands", "Withdraw a release, published or not, for good."),
    "simulate": Verb(
        "table_commands",
        "Write fictitious case files (--cases) or a fictitious coded table (--records, 17,500 of them by default).",
    ),
    "check": Verb("table_commands", "Report every departure of a table from its codebook."),
    "recode": Verb(
        "casefile_commands", "Turn case files into the coded table: import, scope, strip, duplicates, recode."
    ),
    "import": Verb("casefile_commands", "Case files: what an import would accept, and the maps there are."),
    "duplicates": Verb("casefile_commands", "Cases of one person: keys and tokens between databases."),
    "codebook": Verb("codebook_commands", "Check, show and draft codebooks."),
    "ledger": Verb("ledger_commands", "What each population has paid, and what is left."),
}
"""In the order of the help; a test compares each line with what the verb says itself."""


class Verbs(TyperGroup):
    """The command: knows its verbs by name, and loads one when it is called.

    Its contexts are those of click, which typer brings along under a name of its own.
    """

    def list_commands(self, ctx: Any) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        if cmd_name not in VERBS:
            return None
        verbs = typer.Typer(add_completion=False, rich_markup_mode=None)
        import_module(f"frostglass.desk.{VERBS[cmd_name].module}").add_to(verbs)
        return get_group(verbs).commands[cmd_name]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, each.does) for name, each in VERBS.items()])
