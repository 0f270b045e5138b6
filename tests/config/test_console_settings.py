"""What check notes of the console's settings; each fault by itself has its file in ``faults/hub``."""

from __future__ import annotations

import pytest

from config.console_settings import ConsoleSettings, HttpsSettings, doubts

HTTPS = HttpsSettings(names=("board.example.org",))


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (ConsoleSettings(), []),
        (ConsoleSettings(host="::1"), []),
        (ConsoleSettings(host="0.0.0.0"), ["the console at 0.0.0.0 has no TLS"]),
        (ConsoleSettings(https=HTTPS), ["administrators may sign in by a password alone"]),
        (ConsoleSettings(https=HTTPS, second_factor=("administrator",)), []),
    ],
)
def test_what_is_hardly_meant_is_said(settings: ConsoleSettings, said: list[str]) -> None:
    """A port without TLS on the network; a network that reaches administrators with but a password."""
    found = doubts(settings)
    assert len(found) == len(said)
    assert all(words.startswith(start) for words, start in zip(found, said, strict=True))
