"""Columns that look as if they identified people: by their headings, in several languages, or by their cells."""

from __future__ import annotations

import re
import unicodedata
from itertools import pairwise

from frostglass.tables.text_table import TextColumn

MOST_LIKE_IDENTIFIERS = 3
"""A column with more cells than this that look like an e-mail address, a telephone or a document number is refused."""

_WORDS = {
    "a name": (
        "name names fullname firstname lastname middlename forename surname nickname alias maiden nom "
        "prenom noms prenoms nombre nombres apellido apellidos vorname nachname familienname nome cognome "
        "sobrenome naam voornaam achternaam imie nazwisko ime prezime isim soyisim soyad soyadi имя "
        "фамилия отчество прізвище اسم الاسم 姓名 名字 氏名 이름 성명 jina"
    ),
    "a telephone number": (
        "phone phones telephone tel mobile cellphone fax whatsapp telefon telefono telefone telefoon "
        "telephones movil celular gsm телефон هاتف 电话 電話 전화"
    ),
    "an e-mail address": ("email emails mail courriel correo emailaddress eposta почта البريد 邮箱"),
    "an address": (
        "address addresses adresse adres direccion domicilio indirizzo endereco street strasse rue calle "
        "postcode postal zip zipcode plz адрес عنوان 地址 住所 주소 anwani gps latitude longitude coordinates "
        "geolocation"
    ),
    "a date of birth": (
        "birth birthdate birthday dob born geburtsdatum geburtstag naissance nacimiento nascimento "
        "nascita geboortedatum urodzenia rođenja рождения الميلاد 出生 生年月日 생년월일"
    ),
    "a document or personal number": (
        "passport passports passeport pasaporte passaporte reisepass paszport passnummer ssn nin nino "
        "nric cpf curp dni cedula aadhaar pesel personnummer ausweis ausweisnummer idcard nationalid "
        "identitycard iban паспорт جواز 护照 身份证 旅券 여권 pasipoti"
    ),
    "a person's key at the source": ("caseid casenumber caseno personid clientid beneficiaryid patientid uuid guid"),
}
"""Words of headings, in the languages that our users work in; compared without case and accents."""

_PAIRS = {
    ("national", "id"): "a document or personal number",
    ("id", "card"): "a document or personal number",
    ("id", "number"): "a document or personal number",
    ("social", "security"): "a document or personal number",
    ("case", "id"): "a person's key at the source",
    ("case", "number"): "a person's key at the source",
    ("person", "id"): "a person's key at the source",
    ("client", "id"): "a person's key at the source",
    ("beneficiary", "id"): "a person's key at the source",
    ("patient", "id"): "a person's key at the source",
}

_CELLS = {
    "e-mail addresses": re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s.]{2,}"),
    "telephone numbers": re.compile(r"\+[\d ().\-/]{8,18}\d|\(?\d{2,5}\)?[ .\-/]\d{3,4}[ .\-/]\d{3,4}"),
    "document numbers": re.compile(r"[A-Z]{1,2}[0-9]{6,9}"),
}


def _plain(text: str) -> str:
    """Without accents and case."""
    decomposed = unicodedata.normalize("NFKD", text)
    return "".join(one for one in decomposed if not unicodedata.combining(one)).casefold()


_BY_WORD = {_plain(word): what for what, words in _WORDS.items() for word in words.split()}


def heading_like_identifier(heading: str) -> str | None:
    """What a heading seems to name, such as "a telephone number"; None when it seems harmless."""
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", heading)
    words = [word for word in re.split(r"[\W_]+", _plain(parted)) if word]
    if _plain(heading).replace("-", "") in _BY_WORD:
        return _BY_WORD[_plain(heading).replace("-", "")]
    pairs = (_PAIRS.get(pair) for pair in pairwise(words))
    return next(filter(None, (*(_BY_WORD.get(word) for word in words), *pairs)), None)


def cells_like_identifiers(column: TextColumn) -> tuple[str, int] | None:
    """What more than a few cells of a column look like, such as "e-mail addresses", and how many; None otherwise."""
    counts = column.counts()
    for what, pattern in _CELLS.items():
        alike = sum(
            int(count) for value, count in zip(column.values, counts, strict=True) if pattern.fullmatch(value.strip())
        )
        if alike > MOST_LIKE_IDENTIFIERS:
            return what, alike
    return None
