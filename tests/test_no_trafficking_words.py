"""The program knows no subject: what a table is about comes from its codebook alone.

The words of the first users' subject may stand in the shipped codebooks and in the simulated table. Anywhere else they
would be a sign that something was made for one dataset.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import frostglass

ROOMS = Path(frostglass.__file__).parent

AT_HOME = (Path("codebooks"), Path("simulate"), Path("desk/demo.py"))
"""What may speak of the subject: two rooms, and the demo, which tells the story of the simulated table."""

SUBJECT = re.compile(
    r"traffick|victim|perpetrator|exploit|recruit|kidnap|smuggl|forced.?labour|sexual|majority.?status"
    r"|year.?register|UN_CO[OE]|\bIP_|PayMoney|FriendAcquaintance|IntimatePartner|\bIOM\b|\bctdc",
    re.IGNORECASE,
)

SHIPPED = re.compile(r"ctdc-(vp-1|vp-next|global)")
"""Names of shipped codebooks, which the command line may offer."""

TEXT = {".py", ".toml", ".json", ".html", ".jinja", ".j2", ".md", ".txt", ".css", ".js", ".svg"}


def subject_words(text: str, room: str) -> list[str]:
    """Every word of the subject in ``text``; the desk may name a shipped codebook."""
    if room == "desk":
        text = SHIPPED.sub("", text)
    return [found.group() for found in SUBJECT.finditer(text)]


def modules() -> list[Path]:
    """All text files of the package but those that may speak of the subject."""
    files = (path.relative_to(ROOMS) for path in ROOMS.rglob("*") if path.suffix in TEXT)
    return sorted(path for path in files if not any(path.is_relative_to(home) for home in AT_HOME))


@pytest.mark.parametrize("module", modules(), ids=str)
def test_no_room_but_codebooks_and_simulate_speaks_of_the_subject(module: Path) -> None:
    words = subject_words((ROOMS / module).read_text(encoding="utf-8"), module.parts[0])
    assert not words, f"{module} says {sorted(set(words))}: take it from the codebook, or use a neutral example"


@pytest.mark.parametrize(
    "text",
    ["a victim of trafficking", "yearRegister", "IP_Relation=FriendAcquaintance", "isSexualExploit", "ctdc-vp-1"],
)
def test_the_search_finds_the_subject(text: str) -> None:
    """So that the test above cannot pass by looking for nothing."""
    assert subject_words(text, "bundle")


@pytest.mark.parametrize(
    "text", ["frostglass release cases.csv -c births-1", "the year in which a case was registered", "SHIP_DATE"]
)
def test_the_search_lets_neutral_words_pass(text: str) -> None:
    assert not subject_words(text, "bundle")


def test_the_desk_may_name_a_shipped_codebook_and_nothing_more() -> None:
    assert not subject_words("frostglass demo -c ctdc-vp-1", "desk")
    assert subject_words("frostglass demo -c ctdc-vp-1", "ways")
    assert subject_words("frostglass count out IP_Gender=Male -c ctdc-vp-1", "desk")
