"""What check notes of Web Push; each fault by itself has its file in ``faults/hub``."""

from __future__ import annotations

from pathlib import Path

import pytest

from config.channel_settings import PushSettings
from config.console_settings import ConsoleSettings, HttpsSettings
from config.push_checks import doubts

PUSH = {"push": PushSettings(contact="mailto:it@example.org")}
URL = "https://board.example.org"
OWN = HttpsSettings(names=("board.example.org",))
SCHOOLS = HttpsSettings(cert_file=Path("/c.pem"), key_file=Path("/c.key"))


@pytest.mark.parametrize(
    ("console", "said"),
    [
        (ConsoleSettings(), ["only from a hub that it trusts", "may ask for a password"]),
        (ConsoleSettings(https=OWN, public_url=URL), ["only from a hub that it trusts"]),
        (ConsoleSettings(https=SCHOOLS), ["may ask for a password"]),
        (ConsoleSettings(https=SCHOOLS, public_url=URL), []),
    ],
)
def test_a_hub_that_phones_do_not_trust_is_said(console: ConsoleSettings, said: list[str]) -> None:
    found = doubts(PUSH, console)
    assert len(found) == len(said)
    assert all(part in words for part, words in zip(said, found, strict=True))
    assert doubts({}, console) == []
