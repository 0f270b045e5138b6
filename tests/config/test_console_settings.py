"""What check notes of the console's settings; each fault by itself has its file in ``faults/hub``."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from config.console_settings import ConsoleSettings, HttpsSettings, doubts, is_address

URL = "https://board.example.org:8443"
HTTPS = HttpsSettings(names=("board.example.org",))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (ConsoleSettings(), []),
        (ConsoleSettings(host="::1"), []),
        (ConsoleSettings(host="0.0.0.0"), ["the console at 0.0.0.0 has no TLS"]),
        (ConsoleSettings(https=HTTPS), ["administrators may sign in by a password alone"]),
        (ConsoleSettings(https=HTTPS, second_factor=("administrator",)), []),
        (ConsoleSettings(public_url=URL), ["phones have no reason to trust console.public_url"]),
        (
            ConsoleSettings(https=HTTPS, public_url=URL, second_factor=("administrator",)),
            ["phones have no reason to trust console.public_url"],
        ),
        (
            ConsoleSettings(
                https=replace(HTTPS, authority_on_phones=True),
                public_url=URL,
                second_factor=("administrator",),
            ),
            [],
        ),
        (
            ConsoleSettings(
                https=HttpsSettings(cert_file=Path("/c.pem"), key_file=Path("/c.key")),
                public_url=URL,
                second_factor=("administrator",),
            ),
            [],
        ),
    ],
)
def test_what_is_hardly_meant_is_said(settings: ConsoleSettings, said: list[str]) -> None:
    """A port without TLS on the network; a network that reaches administrators with but a password."""
    found = doubts(settings)
    assert len(found) == len(said)
    assert all(words.startswith(start) for words, start in zip(found, said, strict=True))


@pytest.mark.parametrize(
    ("url", "right"),
    [
        (URL, True),
        ("https://board.example.org/", True),
        ("http://board.example.org", False),
        ("https://", False),
        ("https://board.example.org/hub", False),
        ("https://board.example.org?x=1", False),
        ("https://lee@board.example.org", False),
        ("https://board.example.org:x", False),
        ("https://board.example.org:99999", False),
        ("https://[::1", False),
        ("https://board\n.example.org", False),
        ("board.example.org", False),
    ],
)
def test_an_address_is_https_and_a_host(url: str, right: bool) -> None:
    """Over http anybody on the way could read a link; a path would lead nowhere."""
    assert is_address(url) == right
