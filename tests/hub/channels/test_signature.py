"""The signature, judged by the standard's own library."""

from __future__ import annotations

import base64
from datetime import UTC, datetime

import pytest
from standardwebhooks import Webhook

from hub.channels.signature import signature, signing_key
from tests.hub.channels.receiver import SECRET


@pytest.mark.parametrize("body", [b"{}", '{"room":"Größe 🚪"}'.encode(), b"x" * 100_000])
def test_it_is_what_the_standards_library_makes(body: bytes) -> None:
    """The same key, id, time and body give the same signature."""
    at = datetime(2026, 11, 24, 10, 2, 11, tzinfo=UTC)
    theirs = Webhook(SECRET).sign("d-1", at, body.decode())
    assert signature(signing_key(SECRET), "d-1", int(at.timestamp()), body) == theirs


@pytest.mark.parametrize(
    ("secret", "words"),
    [
        ("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "begin"),
        ("whsec_not base64!", "base64"),
        ("whsec_" + base64.b64encode(b"short").decode(), "5 bytes"),
        ("whsec_" + base64.b64encode(b"l" * 65).decode(), "65 bytes"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_repeating_it(secret: str, words: str) -> None:
    """The words say what is wrong and hold nothing of the secret."""
    with pytest.raises(ValueError, match=words) as raised:
        signing_key(secret)
    assert secret.removeprefix("whsec_") not in str(raised.value)
