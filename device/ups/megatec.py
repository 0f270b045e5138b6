"""Megatec's serial protocol, of which one question is used. Pure: bytes in, what they say out.

Source: "Megatec Protocol information", version 2.7 of 1996, as Network UPS Tools publishes it
(networkupstools.org/ups-protocols/megatec.html): 2400 baud, 8 bits, no parity, 1 stop bit. The answer is
``(MMM.M NNN.N PPP.P QQQ RR.R S.SS TT.T b7b6b5b4b3b2b1b0`` and a carriage return: voltages in, at fault
and out, load, frequency, battery voltage, temperature, and eight bits written as 0 and 1.
"""

from __future__ import annotations

import re
from typing import Final

from device.ups import UpsStatus

QUESTION: Final = b"Q1\r"
END: Final = b"\r"
BAUD: Final = 2400
LONGEST: Final = 64
"""Bytes of an answer; the document's own is 47."""
UTILITY_FAIL, BATTERY_LOW = 0, 1
"""Where b7 and b6 stand among the eight."""
# A UPS without a thermometer writes "--.-", and some write more or fewer digits than the document.
_ANSWER = re.compile(rb"\((?:[0-9.-]{1,6} {1,2}){7}([01]{8})")


def read(line: bytes) -> UpsStatus | None:
    """Read one line, without its end; None when it is no answer.

    What stands before the last ``(`` is left over from another answer, or noise.
    """
    start = line.rfind(b"(")
    found = _ANSWER.fullmatch(line[start:]) if start >= 0 and len(line) <= LONGEST else None
    if found is None:
        return None
    bits = found[1]
    return UpsStatus(bits[UTILITY_FAIL] == ord("1"), bits[BATTERY_LOW] == ord("1"))
