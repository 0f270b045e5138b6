"""The code a technician types: what it holds, and which mistakes of typing it forgives."""

from __future__ import annotations

import base64
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.enrol_code import CodeError, EnrolCode, digest_of, new_code, read_code

AUTHORITY = b"a certificate"
KNOWN = EnrolCode(bytes(range(10)), bytes(range(240, 255)))
FROM_RFC_4648 = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", "0123456789ABCDEFGHJKMNPQRSTVWXYZ")


def test_a_code_is_eight_groups_of_five() -> None:
    """Of digits and letters that are not taken for each other."""
    assert re.fullmatch(r"([0-9A-HJKMNP-TV-Z]{5}-){7}[0-9A-HJKMNP-TV-Z]{5}", new_code(AUTHORITY).text)


@given(st.binary(min_size=10, max_size=10), st.binary(min_size=15, max_size=15))
def test_what_is_shown_is_what_is_read(secret: bytes, mark: bytes) -> None:
    """Any code comes back as it was."""
    text = EnrolCode(secret, mark).text
    assert read_code(text) == EnrolCode(secret, mark)
    assert text.replace("-", "") == base64.b32encode(secret + mark).decode().translate(FROM_RFC_4648)


@pytest.mark.parametrize(
    "typed",
    [
        KNOWN.text.lower(),
        KNOWN.text.replace("-", ""),
        KNOWN.text.replace("-", " "),
        f"  {KNOWN.text}\n",
        KNOWN.text.replace("0", "O"),
        KNOWN.text.replace("0", "o").replace("1", "l"),
        KNOWN.text.replace("1", "I"),
        KNOWN.text.replace("-", "--"),
    ],
)
def test_mistakes_of_typing_are_forgiven(typed: str) -> None:
    """Case, hyphens and spaces, and the letters that look like digits."""
    assert read_code(typed) == KNOWN


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("", "has 40 characters, hyphens apart; this one has 0"),
        (KNOWN.text[:-1], "this one has 39"),
        (KNOWN.text + "7", "this one has 41"),
        ("U" + KNOWN.text[1:], "'U' (character 1"),
        (KNOWN.text[:-1] + "é", "'É' (character 40"),
    ],
)
def test_what_is_no_code_is_told_in_words(typed: str, words: str) -> None:
    """With where it is wrong; the code itself is not repeated."""
    with pytest.raises(CodeError) as told:
        read_code(typed)
    assert words in str(told.value)


def test_a_code_knows_its_hub_by_the_authority() -> None:
    """And no other."""
    code = new_code(AUTHORITY)
    assert code.is_of(AUTHORITY)
    assert not code.is_of(b"another certificate")
    assert not new_code(b"another certificate").is_of(AUTHORITY)


def test_no_two_codes_are_alike_and_none_is_kept() -> None:
    """Of a secret the hub keeps a digest, and a code that is logged shows nothing."""
    one, two = new_code(AUTHORITY), new_code(AUTHORITY)
    assert one.secret != two.secret
    assert digest_of(one.secret) != digest_of(two.secret)
    assert one.secret.hex() not in digest_of(one.secret)
    assert repr(one) == "EnrolCode(…)"
