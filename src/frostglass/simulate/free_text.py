"""Free text with names and phone numbers planted in it: nothing of it may ever come out."""

from __future__ import annotations

from frostglass.simulate.cases import Notes
from frostglass.simulate.chance import Uniform, one_of

_SYLLABLES = ["ba", "ce", "di", "fo", "gu", "ha", "je", "ki", "lo", "mu", "na", "pe", "ri", "so", "tu", "va"]
_FIRST_NAMES = ["Xandrevo", "Xilbura", "Xomirel", "Xaltuno", "Xevindra", "Xurkasi"]

_SHARE_NOTES, _SHARE_LONG = 0.15, 0.2

_SENTENCES = (
    "Interviewed twice, the second time with an interpreter",
    'said that the agent was called "the cousin"',
    "asks that her sister's number be used, not her own",
    "was told the work was in a kitchen; it was not",
    "remembers a blue van, a river and a long wait at night",
    "documents were taken on arrival, and never given back",
)


class Planter:
    """Makes texts up and remembers what it planted since it was last asked."""

    def __init__(self) -> None:
        self._serial = 0
        self._planted: list[str] = []

    def notes(self, u: Uniform, *, persons: bool) -> Notes:
        """Notes on a case and, where there are ``persons``, on one of them; mostly none."""
        if u() >= _SHARE_NOTES:
            return Notes()
        of_case = self._text(u)
        return Notes(of_case, self._text(u) if persons and u() < 0.3 else "")

    def planted(self) -> list[str]:
        """What has been planted since the last call."""
        planted, self._planted = self._planted, []
        return planted

    def _text(self, u: Uniform) -> str:
        self._serial += 1
        name = f"{one_of(_FIRST_NAMES, u)} Qx{_syllables(self._serial)}"
        phone = f"+9990{self._serial:08d}"
        self._planted += (name, phone)
        text = f"{name}, tel. {phone}"
        if u() >= _SHARE_LONG:
            return f"{one_of(_SENTENCES, u)} ({text})"
        return f"{text}:\n" + ".\n".join(f"{sentence}, {name}" for sentence in _SENTENCES)


def _syllables(serial: int) -> str:
    """``serial`` in letters; another number has other letters."""
    text = _SYLLABLES[serial % 16]
    while serial := serial // 16:
        text = _SYLLABLES[serial % 16] + text
    return text
