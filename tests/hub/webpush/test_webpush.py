"""Web Push by its standards' own example, and by a reader that is not ours."""

from __future__ import annotations

import json

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    EllipticCurvePublicKey,
    derive_private_key,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hub.webpush.encryption import LONGEST, RECORD, encrypted, is_point, letters, point_of, read
from hub.webpush.message import headers_of, payload_of
from hub.webpush.vapid import authorization
from tests.hub.channels.making import delivery

# RFC 8291, section 5 and appendix A.
PLAIN = b"When I grow up, I want to be a watermelon"
SENDER = "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw"
POINT = "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
AUTH = "BTBZMqHH6r4Tts7J_aSIgg"
SALT = "DGv6ra1nlYgDCS1FRnbzlw"
BODY = (
    "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8w"
    "EqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
)


def test_the_standards_own_example() -> None:
    own = derive_private_key(int.from_bytes(read(SENDER), "big"), SECP256R1())
    assert letters(encrypted(PLAIN, read(POINT), read(AUTH), own, read(SALT))) == BODY


@given(st.binary(max_size=LONGEST), st.binary(min_size=16, max_size=16), st.binary(min_size=16, max_size=16))
def test_another_reader_reads_it(plain: bytes, auth: bytes, salt: bytes) -> None:
    """Whole, also the longest, which still fits what every push service takes."""
    browser, own = generate_private_key(SECP256R1()), generate_private_key(SECP256R1())
    body = encrypted(plain, point_of(browser), auth, own, salt)
    assert len(body) <= RECORD
    assert http_ece.decrypt(body, private_key=browser, auth_secret=auth, version="aes128gcm") == plain


def test_what_is_too_long_or_no_point_is_refused() -> None:
    own = generate_private_key(SECP256R1())
    with pytest.raises(ValueError, match="a push service takes"):
        encrypted(b"x" * (LONGEST + 1), read(POINT), read(AUTH), own, read(SALT))
    with pytest.raises(ValueError, match="Invalid EC key"):
        encrypted(PLAIN, b"\x04" + b"\x01" * 64, read(AUTH), own, read(SALT))
    assert is_point(read(POINT))
    assert not is_point(b"\x04" + b"\x01" * 64)
    assert not is_point(b"")


def test_the_hub_says_who_it_is() -> None:
    """To one push service, until noon; signed with the key whose other half the browser was given."""
    key = generate_private_key(SECP256R1())
    said = authorization(key, "https://push.example.org", "mailto:it@lincoln.example.org", 1_000_000)
    assert said.startswith("vapid t=")
    token, point = said.removeprefix("vapid t=").split(", k=")
    head, claims, seal = token.split(".")
    assert json.loads(read(head)) == {"typ": "JWT", "alg": "ES256"}
    assert json.loads(read(claims)) == {
        "aud": "https://push.example.org",
        "exp": 1000 + 12 * 3600,
        "sub": "mailto:it@lincoln.example.org",
    }
    raw = read(seal)
    signature = encode_dss_signature(int.from_bytes(raw[:32], "big"), int.from_bytes(raw[32:], "big"))
    public = EllipticCurvePublicKey.from_encoded_point(SECP256R1(), read(point))
    public.verify(signature, f"{head}.{claims}".encode(), ECDSA(SHA256()))


def test_a_call_is_kept_for_a_phone_that_sleeps() -> None:
    """For a day, and wakes it; what is newer of the same incident takes its place; a reminder is silent."""
    call = headers_of(delivery(1))
    assert (call["TTL"], call["Urgency"]) == ("86400", "high")
    assert len(call["Topic"]) <= 32  # RFC 8030, 5.4
    assert headers_of(delivery(2, kind="incident.resolved"))["Topic"] == call["Topic"]
    assert headers_of(delivery(2, kind="incident.resolved"))["Urgency"] == "normal"
    assert headers_of(replace(delivery(1), quiet=True))["Urgency"] == "low"
    assert headers_of(replace(delivery(1), incident="i-2"))["Topic"] != call["Topic"]


def test_a_notification_says_the_room() -> None:
    told = json.loads(payload_of(delivery(1), "UTC", "/go/x.y"))
    assert told["title"] == "PANIC Room 101 (desk), Main bldg, floor 1, 02:02:11"
    assert told["open"] == "/go/x.y"
    assert (told["tag"], told["quiet"], told["over"]) == ("i-1", False, False)
    assert json.loads(payload_of(delivery(1), "UTC", None))["open"] == "/"


@given(st.text(max_size=5000), st.text(max_size=5000))
def test_whatever_is_told_fits(title: str, text: str) -> None:
    body = json.dumps({"title": title, "text": text}).encode("utf-8", "replace")
    told = replace(delivery(1), incident="", about="x" * 300, body=body)
    assert len(payload_of(told, "UTC", "/go/" + "x" * 200)) <= LONGEST
