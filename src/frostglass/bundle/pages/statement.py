"""The statement: what this release promises, in plain words and figures, made from the manifest and the codebook."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from statistics import NormalDist

from frostglass.bundle.format.manifest import Manifest
from frostglass.bundle.words import banner, citation, day, guarantee_sentence, protected
from frostglass.pages.blocks import templates
from frostglass.pages.words import markdown
from frostglass.terms.budget import NANO
from frostglass.terms.codebook import Codebook

_ROUNDED_GAUSSIAN, _DISCRETE_GAUSSIAN = "rounded-gaussian", "discrete-gaussian"

_RANDOMNESS = {
    _ROUNDED_GAUSSIAN: "the operating system's randomness",
    _DISCRETE_GAUSSIAN: "OpenSSL's private stream of random numbers, which the operating system seeds,",
}
"""Where the noise of each mechanism comes from."""


_NO_BOUND = "no useful bound"


@dataclass(frozen=True, slots=True)
class GroupLine:
    """One line of the table of groups."""

    size: int
    epsilon: str


@dataclass(frozen=True, slots=True)
class StatementPage:
    """All that the template of statement.md sees."""

    title: str
    banner: str
    release_id: str
    day: str
    sentence: str
    empty: bool
    unit: str
    epsilon: str
    delta: str
    best_guess: str
    reason: str
    groups: tuple[GroupLine, ...]
    replace_one: str
    confirmed: str
    randomness: str
    scope: str
    releases: str
    plain_epsilon: str
    plain_delta: str
    tight_epsilon: str
    accountant: str
    scope_epsilon: str
    scope_delta: str
    non_private: tuple[str, ...]
    measured: str
    tau: str
    structural: bool
    citation: str
    accessed_note: str
    provenance: str
    limitations: tuple[str, ...]
    terms: str
    contact: str
    codebook: str
    codebook_version: str
    codebook_sha256: str
    software_version: str
    public_key: str


def statement(manifest: Manifest, codebook: Codebook) -> str:
    """The text of statement.md."""
    page = statement_page(manifest, codebook)
    return templates("frostglass.bundle.pages").get_template("statement.md").render(page=page)


def statement_page(manifest: Manifest, codebook: Codebook) -> StatementPage:
    """What the template of statement.md is filled with."""
    promise, scope, texts = manifest.guarantee, manifest.scope, codebook.release
    return StatementPage(
        title=markdown(codebook.title),
        banner=banner(manifest),
        release_id=manifest.release_id,
        day=day(manifest),
        sentence=guarantee_line(manifest, codebook),
        empty=manifest.total == 0,
        unit=markdown(protected(manifest, codebook)),
        epsilon=promise.epsilon,
        delta=promise.delta,
        best_guess=f"{best_guess(manifest):.1f}",
        reason=scope.reason,
        groups=tuple(GroupLine(each.size, epsilon_figure(each.epsilon)) for each in promise.groups),
        replace_one=_NO_BOUND if promise.replace_one is None else f"epsilon {epsilon_figure(promise.replace_one)}",
        confirmed=_confirmed(codebook),
        randomness=_RANDOMNESS[promise.mechanism],
        scope=manifest.ledger.scope,
        releases="1 release" if scope.releases == 1 else f"{scope.releases:,} releases",
        plain_epsilon=scope.plain_epsilon,
        plain_delta=scope.plain_delta,
        tight_epsilon=epsilon_figure(scope.tight_epsilon),
        accountant=scope.accountant,
        scope_epsilon=scope.epsilon,
        scope_delta=scope.delta,
        non_private=scope.non_private,
        measured=_measured(manifest, codebook),
        tau=f"{manifest.tau:,}",
        structural=manifest.structural,
        citation=citation(manifest, codebook),
        accessed_note=texts.accessed_note,
        provenance=texts.provenance,
        limitations=texts.limitations,
        terms=texts.terms,
        contact=texts.contact,
        codebook=codebook.id,
        codebook_version=codebook.version,
        codebook_sha256=manifest.codebook.sha256,
        software_version=manifest.software.version,
        public_key=manifest.public_key,
    )


def guarantee_line(manifest: Manifest, codebook: Codebook) -> str:
    """The sentence of the guarantee as statement.md has it."""
    return markdown(guarantee_sentence(manifest, codebook))


def best_guess(manifest: Manifest) -> float:
    """Most percent of correct answers, from even chances, to whether one person is in the data; rounded up to 0.1.

    Half of one plus the largest total-variation distance: ``Phi(mu / 2)`` for Gaussian noise with ``mu**2 = 2 rho``,
    and ``(exp(epsilon) + delta) / (exp(epsilon) + 1)`` for anything of which only (epsilon, delta) is known.

    Source: Dong, Roth & Su (2019), Section 2.2; Kairouz, Oh & Viswanath (2015), Theorem 2.1.
    """
    promise = manifest.guarantee
    if promise.mechanism == _ROUNDED_GAUSSIAN:
        share = NormalDist().cdf(math.sqrt(2 * promise.nano_rho / NANO) / 2)
    else:
        odds = math.exp(float(Fraction(promise.epsilon)))
        share = (odds + float(Fraction(promise.delta))) / (odds + 1)
    return min(math.ceil(share * 1000) / 10, 100.0)


def _measured(manifest: Manifest, codebook: Codebook) -> str:
    wanted = manifest.to_plan().workload(codebook.domain)
    if len(wanted.orders) == 1:
        return "All tables of one variable"
    *first, last = ("one", "two", "three", "four")[: len(wanted.orders)]
    fixed = f"All tables of {', '.join(first)} and {last} variables"
    if not wanted.candidates:
        return fixed
    return f"{fixed}, and those of three that a model of the pairs is farthest from, which was asked with noise too,"


def epsilon_figure(epsilon: float | None) -> str:
    """An epsilon for people: two decimals, rounded up."""
    return _NO_BOUND if epsilon is None else f"{math.ceil(epsilon * 100) / 100:.2f}"


def _confirmed(codebook: Codebook) -> str:
    """Who confirmed a drafted codebook, and when; empty for one that was not drafted from data."""
    word = codebook.confirmed
    return f"{word.by} on {word.on}" if codebook.drafted and word else ""
