"""Parts of ``verify_ledger.py``, which lies beside it, that stand for themselves: people and letters, and arithmetic.

Python's own library alone. Rules: docs/reference/ledger.md, "People and letters"; the formulas name their sources.
"""

import hashlib
import json
import re
from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any
from unicodedata import category, normalize

Json = dict[str, Any]
canonical = json.JSONEncoder(sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode
SHAPES = {"key": "[0-9a-f]{64}", "on": "[0-9]{4}-[0-9]{2}-[0-9]{2}", "signature": "[0-9a-f]{128}"}
PI = Decimal("3.141592653589793238462643383279502884197169399375105820974944592307816406286208998628034825342117068")
P, ORDER = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # the field and the group of RFC 8032
D = -121665 * pow(121666, -1, P)
BASE = b"\x58" + b"\x66" * 31


def must(holds: object, message: str) -> None:
    if not holds:
        raise ValueError(message)


def folded(name: str) -> str:
    """A name as names are compared."""
    text = normalize("NFKC", normalize("NFKC", name).casefold())
    return "".join(one for one in text if category(one)[0] in "LMN")


class People:
    """Whose keys a ledger knows. Each step raises ValueError for what cannot be."""

    def __init__(self) -> None:
        self.ledger_id, self.known, self.ever, self.letters_are_due = "", dict[str, str](), set[str](), False

    def enter(self, kind: str, body: Json, name: str, key: str) -> None:
        """Take in a ``person`` or ``person-left`` entry."""
        new = kind == "person"
        free = key not in self.ever and folded(name) not in {"", *map(folded, self.known.values())}
        must(free if new else self.known.get(key) == name, "is about nobody who could come or leave")
        if "letter" in body:
            by = self.signer(body["letter"], {"kind": kind, "person": name, "person_key": key})
            must(folded(by) != folded(body["by"]), "is by the person who wrote the letter")
        else:
            alone = "reason" in body and len(self.known) <= 2 - new
            must(alone or (new and len(self.ever) < 2), "lacks another person's letter")
        self.known = {each: who for each, who in self.known.items() if each != key} | ({key: name} if new else {})
        self.ever.add(key)
        self.letters_are_due |= len(self.known) > 1

    def approve(self, body: Json, release_id: str) -> None:
        """Look at the letter of an ``approve`` entry, or at whether it needs one."""
        must(("key" in body) == ("letter" in body), "has a key or a letter alone")
        must("key" in body or not self.letters_are_due, "lacks a letter")
        if "key" in body:
            said = {each: body[each] for each in ("manifest_sha256", "by", "note", "key")}
            self.signer(body["letter"], {"kind": "approval", "release_id": release_id, **said})

    def signer(self, text: str, said: Mapping[str, object]) -> str:
        """Who, among those who are known, signed a letter that says all that is ``said``."""
        letter = json.loads(text)
        said = {**said, "format": 1, "ledger_id": self.ledger_id}
        fits = canonical(letter) == text and letter.keys() == {*said, "by", "note", "on", "key", "signature"}
        must(fits and said.items() <= letter.items(), "has a letter about something else")
        texts = [isinstance(value, str) for name, value in letter.items() if name != "format"]
        must(all(texts) and type(letter["format"]) is int, "has a letter of another form")
        must(all(re.fullmatch(SHAPES[each], letter[each]) for each in SHAPES), "has a letter of another form")
        signature, key = bytes.fromhex(letter.pop("signature")), bytes.fromhex(letter["key"])
        message = f"frostglass letter 1\n{canonical(letter)}".encode()
        must(is_signed(message, signature, key), "has a letter that its key did not sign")
        known = self.known.get(letter["key"], "")
        must(known and folded(known) == folded(letter["by"]), "has a letter by nobody who is known")
        return known


def is_signed(message: bytes, signature: bytes, key: bytes) -> bool:
    """Whether S B - h A is R in its written form: Ed25519, RFC 8032, 5.1.7. ValueError when the key is none."""
    (bx, by), (ax, ay) = point(BASE), point(key)
    s, x, y = int.from_bytes(signature[32:], "little"), 0, 1
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    for bit in range(255, -1, -1):  # double, and add what has this bit
        for times, (u, v) in ((-1, (x, y)), (s, (bx, by)), (h, (P - ax, ay))):
            if times >> bit & 1:
                t = D * x * u * y * v
                x, y = (x * v + u * y) * pow(1 + t, -1, P) % P, (y * v + x * u) * pow(1 - t, -1, P) % P
    return s < ORDER and (y | (x & 1) << 255).to_bytes(32, "little") == signature[:32]


def point(data: bytes) -> tuple[int, int]:
    """The point that 32 bytes stand for: RFC 8032, 5.1.3."""
    odd, y = divmod(int.from_bytes(data, "little"), 2**255)
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if (x * x - square) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if (x * x - square) % P:
        raise ValueError("names a key that is none")
    return (x if x % 2 == odd else P - x, y)


def keeps(accountant: str, *, epsilon: str, delta: str, allowance: int, sampler_allowance: int) -> bool:
    """Whether both allowances are within epsilon and delta, of which 2**-30 is kept for the samplers."""
    usual = 1 <= 100 * Fraction(epsilon) <= 2000 and 1 <= 10**12 * Fraction(delta) <= 10**9
    if not usual or accountant not in ("gdp", "zcdp"):
        raise ValueError("makes a promise that cannot be valued")
    units = Fraction(delta) * 2**98 // (1 + Fraction(68, 25) ** -(-Fraction(epsilon) // 1))
    with localcontext(prec=110):
        rho, most = Decimal(min(allowance, 10**15)) / 10**9, Decimal(delta) * (1 - Decimal(2) ** -30)
        worth = delta_of(accountant, rho, Decimal(epsilon)) if rho else rho
    return worth <= most and sampler_allowance <= units


def delta_of(accountant: str, rho: Decimal, epsilon: Decimal) -> Decimal:
    """What so much rho is worth: Balle & Wang (2018), Theorem 8; Canonne, Kamath & Steinke (2020), Corollary 13."""

    def normal(x: Decimal) -> Decimal:
        """The standard normal distribution function: 1/2 + density(x) (x + x^3/3 + x^5/(3 5) + …)."""
        x = max(min(x, Decimal(15)), Decimal(-15))  # beyond, it is 0 or 1 to 50 digits
        term, total, odd = x, x, 1
        while abs(term) > Decimal("1e-90"):
            term, odd = term * x * x / (odd + 2), odd + 2
            total += term
        return Decimal("0.5") + total * (-x * x / 2).exp() / (2 * PI).sqrt()

    if accountant == "gdp":
        mu = (2 * rho).sqrt()
        return normal(mu / 2 - epsilon / mu) - epsilon.exp() * normal(-mu / 2 - epsilon / mu)
    order, step = Decimal("1.01"), (epsilon + 1) / (2 * rho) + 1
    for _ in range(100):  # the bound holds for every order above 1; this looks for the one where it is least
        step, next_order = step / 2, order + step / 2
        order = next_order if (2 * next_order - 1) * rho - epsilon + (1 - 1 / next_order).ln() < 0 else order
    return ((order - 1) * (order * rho - epsilon)).exp() / (order - 1) * (1 - 1 / order) ** order
