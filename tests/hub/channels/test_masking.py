"""Words that may be shown."""

from __future__ import annotations

import pytest

from hub.channels.masking import line, mask


@pytest.mark.parametrize(
    ("url", "text"),
    [
        ("https://user:pa55word@hooks.example/x", "bad password pa55word"),
        ("https://u:p%40ss@hooks.example/x", "bad password p@ss"),
        ("https://hooks.example/services/T01ABC/s3cr3tt0ken", "unknown token s3cr3tt0ken"),
        ("https://hooks.example/in?key=abc%20123", "no key 'abc 123'"),
        ("https://hooks.example/in?key=abc%20123", "GET /in?key=abc%20123"),
        ("pover://userkey1@appt0ken", "HTTP 400 for appt0ken of userkey1"),
    ],
)
def test_nothing_of_a_credential_is_shown(url: str, text: str) -> None:
    """As it is written in the URL or as it reads."""
    shown = mask(url, host=True)(text)
    assert "***" in shown
    for piece in (
        "pa55word",
        "p@ss",
        "p%40ss",
        "s3cr3tt0ken",
        "abc 123",
        "abc%20123",
        "appt0ken",
        "userkey1",
    ):
        assert piece not in shown


def test_a_server_and_a_recipient_are_named() -> None:
    """What tells a technician where to look stays."""
    shown = mask("mailto://u:pa55word@mail.example?to=sro@school.example", host=False)
    text = "mail.example refused sro@school.example"
    assert mask("mailto://mail.example?to=sro@school.example", host=False)(text) == text
    assert "sro@school.example" in shown("refused sro@school.example")


def test_the_given_secrets_are_hidden_too() -> None:
    """Such as a signing secret that a receiver repeats."""
    assert mask("https://a.example", host=False, secrets=("whsec_abc",))("bad whsec_abc") == "bad ***"


def test_a_text_becomes_one_printable_line() -> None:
    """No control character reaches a page, a log or a terminal."""
    assert line(" a\r\n\tb\x1b[31m\x00c ", 80) == "a b\N{REPLACEMENT CHARACTER}[31m\N{REPLACEMENT CHARACTER}c"
    assert line("x" * 99, 10) == "x" * 9 + "…"
