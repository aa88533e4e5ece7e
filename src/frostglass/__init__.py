"""frostglass: publish the pattern, never the person.

The public names are loaded when they are first used, so that importing one room never loads another. And nothing is
imported here that Python has not imported by then: with ``-m`` it comes here before it is kept from looking in the
working folder.
"""

from importlib import import_module

from frostglass.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from frostglass.api import Recoded, Release, Reviewed, Synthesizer, recode, release, review_release
    from frostglass.boundary.ledger.ledger import Ledger
    from frostglass.codebooks import load as load_codebook
    from frostglass.errors import FrostglassError
    from frostglass.reporting.opening import Bundle, open_bundle
    from frostglass.ways.approve import approve, publish, withdraw
    from frostglass.ways.plan import Outlook, foresee
    from frostglass.ways.verify import verify

_PLACES = {
    "Bundle": ("frostglass.reporting.opening", "Bundle"),
    "FrostglassError": ("frostglass.errors", "FrostglassError"),
    "Ledger": ("frostglass.boundary.ledger.ledger", "Ledger"),
    "Outlook": ("frostglass.ways.plan", "Outlook"),
    "Recoded": ("frostglass.api", "Recoded"),
    "Release": ("frostglass.api", "Release"),
    "Reviewed": ("frostglass.api", "Reviewed"),
    "Synthesizer": ("frostglass.api", "Synthesizer"),
    "approve": ("frostglass.ways.approve", "approve"),
    "foresee": ("frostglass.ways.plan", "foresee"),
    "load_codebook": ("frostglass.codebooks", "load"),
    "open_bundle": ("frostglass.reporting.opening", "open_bundle"),
    "publish": ("frostglass.ways.approve", "publish"),
    "recode": ("frostglass.api", "recode"),
    "release": ("frostglass.api", "release"),
    "review_release": ("frostglass.api", "review_release"),
    "verify": ("frostglass.ways.verify", "verify"),
    "withdraw": ("frostglass.ways.approve", "withdraw"),
}

__all__ = [
    "Bundle",
    "FrostglassError",
    "Ledger",
    "Outlook",
    "Recoded",
    "Release",
    "Reviewed",
    "Synthesizer",
    "__version__",
    "approve",
    "foresee",
    "load_codebook",
    "open_bundle",
    "publish",
    "recode",
    "release",
    "review_release",
    "verify",
    "withdraw",
]


def __getattr__(name: str) -> object:
    if name not in _PLACES:
        raise AttributeError(f"module 'frostglass' has no attribute {name!r}")
    module, attribute = _PLACES[name]
    return getattr(import_module(module), attribute)


def __dir__() -> list[str]:
    return list(__all__)
