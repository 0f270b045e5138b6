"""pysiaalarm as the judge of what is sent: an alarm receiver that is not ours."""

from __future__ import annotations

from typing import Final

from pysiaalarm import SIAAccount, SIAEvent

KEYS: Final[dict[int, str]] = {
    128: "AAAAAAAAAAAAAAAA",
    192: "0123456789ABCDEF01234567",
    256: "0123456789ABCDEF0123456789ABCDEF",
}
"""Keys of each length by its bits. pysiaalarm takes the characters themselves for the key's bytes."""


def judged(raw: bytes, account: str, key: str | None = None) -> SIAEvent:
    """Return what pysiaalarm makes of a frame; raises where it can't read it.

    Whatever its stamp is: that is asked for by the tests with a server.
    """
    known = SIAAccount(account, key, allowed_timeband=None)
    event = SIAEvent.from_line(raw.strip(b"\r\n").decode("ascii"), {account.upper(): known})
    assert event.valid_message, "its CRC"
    assert event.length is not None
    assert event.full_message is not None
    assert int(event.length, 16) == len(event.full_message)
    return event


def answered(raw: bytes, account: str, key: str | None = None) -> bytes:
    """Return how pysiaalarm answers a frame."""
    return judged(raw, account, key).create_response()
