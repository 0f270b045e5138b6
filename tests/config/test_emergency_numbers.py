"""No channel dials or texts an emergency service by itself."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.emergency_numbers import EMERGENCY, emergency, emergency_in, is_number


@pytest.mark.parametrize(
    ("text", "found", "source"),
    [
        ("911", "911", "3GPP TS 22.101 10.1.1, ITU-T E.161.1"),
        ("112", "112", "3GPP TS 22.101 10.1.1, ITU-T E.161.1"),
        *((number, number, "3GPP TS 22.101 10.1.1") for number in ("000", "08", "110", "118", "119", "999")),
        ("+1911", "911", "with a country's code"),
        ("+44999", "999", "with a country's code"),
        ("+358112", "112", "with a country's code of three digits"),
        (" 9-1-1 ", "911", "as people write it"),
        ("(911)", "911", "as people write it"),
        ("9.1.1", "911", "as people write it"),
        ("933", "933", "the test of 911 is no target either"),
        ("+15550100911", None, "a number that ends so is somebody's own"),
        ("9115550100", None, "a number that begins so is somebody's own"),
        ("+19115550100", None, "a number that begins so is somebody's own"),
        ("room 911", None, "no number"),
        ("", None, "nothing"),
    ],
)
def test_numbers(text: str, found: str | None, source: str) -> None:
    """However they are written."""
    assert emergency(text) == found, source


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("twilio://AC1:token@15550100000/911", "911"),
        ("twilio://AC1:token@15550100000/+1911/+15550100001", "911"),
        ("sns://key/secret/us-east-1/%2B1911", "911"),
        ("clickatell://key/?to=15550100001,112", "112"),
        ("sms://911", "911"),
        ("twilio://AC1:token@15550100000/+15550100911", None),
        ("json://localhost:911/notify", None),
        ("mailto://user:911@example.org", None),
    ],
)
def test_urls(url: str, found: str | None) -> None:
    """Whom a service is to reach; a port or a password is nobody."""
    assert emergency_in(url) == found


@given(st.sampled_from(sorted(EMERGENCY)), st.from_regex(r"\+[1-9][0-9]{0,2}", fullmatch=True))
def test_no_emergency_number_is_anybodys_own(number: str, code: str) -> None:
    """With any country's code it is refused, and as an international number it isn't one."""
    assert emergency(number) == number
    assert emergency(code + number) is not None
    assert not is_number(number)


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("+15550100001", True),
        ("+4915112345678", True),
        ("15550100001", False),
        ("+0123456789", False),
        ("+1 555 010 0001", False),
        ("+1234567890123456", False),
        ("+123456", False),
        ("+1555010000\u0661", False),
    ],
)
def test_international_numbers(text: str, is_one: bool) -> None:
    """ITU-T E.164: a plus sign and at most 15 digits, the first no 0."""
    assert is_number(text) == is_one
