"""Numbers of emergency services, which nothing may dial or text by itself. Pure.

A dispatch centre is reached by what it has agreed to (docs/mou.md), never by a machine that dials 911:
in most places that is against the law, and nobody could speak with it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, urlsplit

EMERGENCY: Final = {
    # An emergency call on any phone: 3GPP TS 22.101 clause 10.1.1; the first two ITU-T E.161.1, too.
    "112": "Europe and others",
    "911": "North America and others",
    "000": "Australia",
    "08": "Mexico, by TS 22.101",
    "110": "police in Germany, Japan, China",
    "118": "Italy, Switzerland",
    "119": "fire and ambulance in Japan, Korea, China",
    "999": "United Kingdom, Ireland, Hong Kong, Singapore and others",
    # By each country's numbering plan (ITU-T operational bulletins, "national numbering plans").
    "15": "ambulance in France",
    "17": "police in France",
    "18": "fire in France",
    "100": "police in India, Israel and others",
    "101": "ambulance in Israel, police in the United Kingdom and others",
    "102": "ambulance in India, fire in Israel",
    "103": "ambulance in Russia, Ukraine",
    "104": "ambulance in Hungary, gas in Russia",
    "105": "fire in Hungary",
    "106": "Australia, for the deaf",
    "107": "police in Hungary, ambulance in Argentina",
    "108": "India",
    "111": "New Zealand",
    "113": "police in Italy, Vietnam; ambulance in Norway",
    "114": "fire in Vietnam",
    "115": "fire in Italy, ambulance in Vietnam",
    "117": "police in Switzerland",
    "120": "ambulance in China",
    "122": "police in Egypt, traffic in China",
    "123": "Colombia, ambulance in Egypt",
    "131": "ambulance in Chile",
    "132": "fire in Chile",
    "133": "police in Chile, Austria",
    "144": "ambulance in Switzerland, Austria",
    "190": "police in Brazil",
    "191": "police in Thailand",
    "192": "ambulance in Brazil",
    "193": "fire in Brazil",
    "933": "the test of 911",
    "988": "crisis line of the United States",
    "995": "ambulance in Singapore",
    "997": "fire in the United Arab Emirates",
    "998": "ambulance in the United Arab Emirates",
    "10111": "police in South Africa",
    "10177": "ambulance in South Africa",
}
"""By whom each is answered."""
NO_EMERGENCY: Final = "no channel calls or texts an emergency service by itself: see docs/mou.md"
"""The cure of a target that is one."""
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
"""ITU-T E.164: a country code and a number, 15 digits at most. Nobody's own number is shorter than 7."""
_LONGEST_CODE: Final = 3
"""Digits of a country code."""
_TO: Final = frozenset({"to", "cc", "bcc", "target", "targets", "phone", "phones"})
"""Keys of a URL's query that name whom it reaches."""


def is_number(text: str) -> bool:
    """Tell whether a text is an international number: ``+`` and 7 to 15 digits."""
    return _E164.fullmatch(text) is not None


def emergency(text: str) -> str | None:
    """Return the emergency number that a text stands for, with or without a country's code; None: none."""
    digits = re.sub(r"[\s().\-/]", "", text)
    if not re.fullmatch(r"\+?[0-9]+", digits):
        return None
    bare = digits.removeprefix("+")
    codes = range(_LONGEST_CODE + 1) if digits.startswith("+") else (0,)
    found = (bare[code:] for code in codes)
    return next((number for number in found if number in EMERGENCY), None)


def emergency_in(url: str) -> str | None:
    """Return an emergency number that a URL of a service would reach: in its path, or as whom it is to."""
    parts = urlsplit(url)
    pieces = parts.path.split("/")
    for pair in parts.query.split("&"):
        key, _, value = pair.partition("=")
        pieces += re.split(r"[,;]", value) if key.lower() in _TO else []
    if not parts.netloc.count("@") and not parts.path.strip("/"):
        pieces.append(parts.netloc)  # tel://911, sms://911
    return next((found for piece in pieces if (found := emergency(unquote(piece)))), None)
