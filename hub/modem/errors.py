"""A modem's error numbers in words. Pure.

Sources: for ``+CMS ERROR`` 3GPP TS 27.005 clause 3.2.5 (300 on; below that TS 24.011 annex E and TS 23.040
clause 9.2.3.22), for ``+CME ERROR`` TS 27.007 clause 9.2.
"""

from __future__ import annotations

import re
from typing import Final

CMS: Final = {
    1: "no such number",
    8: "barred by the operator",
    10: "texts are barred for this SIM",
    21: "the network refused the text",
    27: "the far phone's network can't be reached",
    28: "the network does not know this SIM",
    29: "the network refused the service",
    30: "the network does not know this SIM's number",
    38: "the network is out of order",
    41: "a passing fault of the network",
    42: "the network is congested",
    47: "the network has no resources left",
    50: "this SIM may not send texts",
    69: "the network has no such service",
    81: "the network lost the thread",
    95: "the text was malformed",
    96: "the text was malformed",
    97: "the text was malformed",
    98: "the network was not ready for this",
    99: "the text was malformed",
    111: "a fault between the networks",
    127: "a fault between the networks",
    192: "the service centre is busy",
    193: "the service centre has no such service",
    194: "the service centre failed",
    197: "the service centre refused it",
    208: "the SIM's store of texts is full",
    211: "the modem's memory is full",
    300: "a fault of the modem",
    301: "the modem's texts are taken by something else",
    302: "not allowed",
    303: "not supported",
    304: "the modem found the text malformed",
    305: "the modem is in text mode",
    310: "no SIM",
    311: "the SIM wants its PIN",
    313: "the SIM failed",
    314: "the SIM is busy",
    315: "the wrong SIM",
    316: "the SIM is locked: it wants its PUK",
    320: "a fault of the modem's memory",
    321: "no such place in the memory",
    322: "the memory of texts is full",
    330: "the SIM holds no address of a service centre",
    331: "no network",
    332: "the network did not answer",
    500: "an unknown error",
}
CME: Final = {
    0: "a fault of the modem",
    3: "not allowed",
    4: "not supported",
    10: "no SIM",
    11: "the SIM wants its PIN",
    12: "the SIM is locked: it wants its PUK",
    13: "the SIM failed",
    14: "the SIM is busy",
    15: "the wrong SIM",
    16: "the wrong PIN",
    17: "the SIM wants its PIN2",
    18: "the SIM wants its PUK2",
    20: "the memory is full",
    21: "no such place in the memory",
    22: "not found",
    23: "a fault of the modem's memory",
    30: "no network",
    31: "the network did not answer",
    32: "the network lets emergency calls through alone",
    40: "the modem is locked to another network",
    100: "an unknown error",
}
NO_SUCH_NUMBER: Final = frozenset({1})
"""Of ``+CMS ERROR``: no later try will help."""

_ERROR: Final = re.compile(r"\+(CMS|CME) ERROR: ?(.{0,60})")


def words(final: str) -> str:
    """Return what a final result says: ``no SIM (+CMS ERROR: 310)``; as it is where it has no number."""
    found = _ERROR.fullmatch(final)
    if found is None:
        return final
    number = number_of(final)
    table = CMS if found[1] == "CMS" else CME
    if number is None:
        return found[2].strip() or final
    return f"{table[number]} ({final})" if number in table else f"error without a name ({final})"


def number_of(final: str) -> int | None:
    """Return the number of an error; None where it has none."""
    found = _ERROR.fullmatch(final)
    digits = "" if found is None else found[2].strip()
    return int(digits) if digits.isascii() and digits.isdecimal() else None


def is_for_good(final: str) -> bool:
    """Tell whether a text that got this answer can't be sent by trying again."""
    return final.startswith("+CMS") and number_of(final) in NO_SUCH_NUMBER
