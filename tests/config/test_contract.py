"""Reading what comes over the wire: nothing but one named error, whatever the bytes are."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.contract import (
    KINDS,
    MAX_INT,
    PANIC_KINDS,
    WHATS,
    Event,
    HubState,
    Message,
    MessageError,
    Receipt,
    State,
    decode,
    encode,
    is_clean,
    shown,
)
from config.event_keys import content_hash, payload_hash
from config.topics import (
    device_topic,
    hub_topic,
    is_device_id,
    is_id,
    is_site_id,
    posture_topic,
    read_topic,
)

WHOLE: dict[str, Any] = {
    "v": 1, "id": "e1", "boot": "b", "seq": 1, "zone": "wall", "label": "wall button", "kind": "panic",
    "what": "alarm", "cause": "cut", "age_ms": 0, "at": "2026-09-21T14:22:11.000Z", "room": "Room 101",
    "held": True, "test": False,
}  # fmt: skip
NOT_REQUIRED = {"label", "cause", "at", "room", "held"}
NASTY = [
    None, True, False, 0, -1, 1.0, 1.5, 2**53, -(2**63), 10**400, float("nan"), float("inf"), "", "\0",
    "\ud800", "a\0b", "x" * 70_000, "alarm", "1", [], ["alarm"], {}, {"what": "alarm"}, "😀", "\n",
]  # fmt: skip


def flaws(payload: bytes, kind: Any = Event) -> MessageError:
    with pytest.raises(MessageError) as caught:
        decode(kind, payload)
    return caught.value


def js(value: object) -> bytes:
    return json.dumps(value).encode()


# --- nothing else is ever raised ---


@pytest.mark.parametrize("kind", get_args(Message))
@given(payload=st.binary(max_size=300))
def test_any_bytes(kind: Any, payload: bytes) -> None:
    """Noise is a message or a MessageError."""
    judge(kind, payload)


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(NASTY),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(changes=st.dictionaries(st.sampled_from([*WHOLE, "more"]), ANY_JSON, max_size=4))
def test_any_event_with_anything_in_its_fields(changes: dict[str, Any]) -> None:
    """And while it says alarm, or a panic kind with a word nobody knows, it is readable as an alarm."""
    fields = WHOLE | changes
    payload = js(fields)
    error = judge(Event, payload)
    if error is not None:
        what, kind = fields["what"], fields["kind"]
        known = isinstance(what, str) and what in WHATS
        is_panic = isinstance(kind, str) and kind in PANIC_KINDS
        assert error.readable.is_alarm is (what == "alarm" or (is_panic and not known))


@given(
    cut=st.integers(0, 300),
    at=st.integers(0, 300),
    put=st.binary(max_size=4),
)
def test_any_event_damaged_on_its_way(cut: int, at: int, put: bytes) -> None:
    """Bytes lost, changed or put in."""
    payload = js(WHOLE)
    judge(Event, payload[:at] + put + payload[at + cut % 4 :])
    judge(Event, payload[:cut])


@pytest.mark.parametrize("kind", get_args(Message))
@pytest.mark.parametrize("value", NASTY, ids=lambda value: repr(value)[:20])
def test_a_nasty_value_in_every_field(kind: Any, value: Any) -> None:
    """Each field of each message, with everything that JSON can say."""
    for name in kind.__struct_fields__:
        judge(kind, js({name: value}))
        if kind is Event:
            judge(kind, js(WHOLE | {name: value}))


def judge(kind: Any, payload: bytes) -> MessageError | None:
    """Decode; whatever comes of it can be shown, stored and hashed."""
    content_hash(payload)
    payload_hash("t", payload)
    message = read(kind, payload)
    if not isinstance(message, MessageError):
        assert decode(kind, encode(message)) == message
        return None
    assert message.flaws
    assert all(flaw.field and flaw.why for flaw in message.flaws)
    assert is_clean(str(message))
    assert len(str(message)) < 20_000
    assert all(is_clean(value) for value in message.readable if isinstance(value, str))
    return message


def read(kind: Any, payload: bytes) -> Any:
    try:
        return decode(kind, payload)
    except MessageError as error:
        return error


# --- which field, and why ---


@pytest.mark.parametrize("name", [name for name in WHOLE if name not in NOT_REQUIRED])
def test_a_missing_field_is_named(name: str) -> None:
    """And the rest is readable."""
    error = flaws(js({key: value for key, value in WHOLE.items() if key != name}))
    assert [(flaw.field, flaw.why) for flaw in error.flaws] == [(name, "missing; it is required")]


@pytest.mark.parametrize("name", sorted(NOT_REQUIRED))
def test_what_may_be_absent_may_be_null(name: str) -> None:
    """Both are the same."""
    absent = decode(Event, js({key: value for key, value in WHOLE.items() if key != name}))
    assert decode(Event, js(WHOLE | {name: None})) == absent
    assert getattr(absent, name) is None


@pytest.mark.parametrize("name", ["seq", "age_ms", "v"])
@pytest.mark.parametrize("value", [True, 1.0, 1.5, "1", None, [], 2**53, -1, float("nan"), 10**400])
def test_what_is_no_integer_is_a_flaw_of_its_field(name: str, value: object) -> None:
    """2^53 among them; the message says what was found."""
    (flaw,) = flaws(js(WHOLE | {name: value})).flaws
    assert flaw.field == name
    assert flaw.why.startswith("found ")


def test_the_largest_integer_is_none() -> None:
    """2^53 - 1."""
    assert decode(Event, js(WHOLE | {"seq": MAX_INT})).seq == MAX_INT


@pytest.mark.parametrize("name", ["id", "boot", "label", "cause", "room"])
@pytest.mark.parametrize("text", ["a\0", "\ud800", "\udc00\ud800"])
def test_a_string_that_is_not_clean_is_a_flaw_of_its_field(name: str, text: str) -> None:
    """U+0000 and lone surrogates; it is shown as U+FFFD."""
    error = flaws(js(WHOLE | {name: text}))
    assert {flaw.field for flaw in error.flaws} == {name}
    assert error.readable.is_alarm
    if name == "id":
        assert error.readable.id is None  # a receipt couldn't repeat it to the letter
    elif name != "boot":
        assert "�" in str(getattr(error.readable, name))


def test_a_pair_of_surrogates_is_a_character() -> None:
    """As JSON writes what lies outside the first plane."""
    assert decode(Event, js(WHOLE | {"label": "😀"})).label == "😀"
    assert b"\\ud83d" in js(WHOLE | {"label": "😀"})


def test_several_flaws_are_all_named() -> None:
    """In the fields' own order."""
    error = flaws(js(WHOLE | {"v": 2, "seq": 0, "kind": "x", "at": "yesterday"}))
    assert [flaw.field for flaw in error.flaws] == ["v", "seq", "kind", "at"]


def test_a_flaw_within_is_named_with_its_place() -> None:
    """Of a list, and of a zone."""
    assert flaws(js({"v": 1, "ids": ["a", "b\0"]}), Receipt).flaws[0].field == "ids[1]"
    zone = {"zone": "wall", "kind": "panic", "circuit": "no\0", "condition": "normal", "walk_test": False}
    state = {"v": 1, "online": True, "boot": "b", "zones": [zone]}
    assert flaws(js(state), State).flaws[0].field == "zones[0].circuit"


@pytest.mark.parametrize("deep", ["[" * 3000 + "]" * 3000, '{"a":' * 3000 + "1" + "}" * 3000])
@pytest.mark.parametrize("first", [True, False])
def test_a_press_nested_too_deep_is_still_read(deep: str, first: bool) -> None:
    """Whatever else lies in it, before or after the words that matter."""
    press = js(WHOLE).decode()
    payload = f'{{"more": {deep}, {press[1:]}' if first else f'{press[:-1]}, "more": {deep}}}'
    event = read(Event, payload.encode())
    if isinstance(event, MessageError):
        assert event.readable.is_alarm
        event = event.readable
    assert (event.id, event.kind, event.what) == ("e1", "panic", "alarm")


@pytest.mark.parametrize(
    "payload", [js(WHOLE) + b"x", js(WHOLE) * 2, js([WHOLE]), js("alarm"), b"[" * 9999, b""]
)
def test_what_is_no_object_is_no_alarm(payload: bytes) -> None:
    """It is kept as bytes, with a trouble; its one flaw is the message."""
    error = flaws(payload)
    assert [flaw.field for flaw in error.flaws] == ["message"]
    assert error.readable.is_alarm is False


def test_unknown_fields_are_ignored() -> None:
    """A newer minor version's are no flaw."""
    assert decode(Event, js(WHOLE | {"new": {"a": [1]}})) == decode(Event, js(WHOLE))
    state = {"v": 1, "online": True, "ready": True, "boot": "b", "n": 1, "new": 1}
    assert decode(HubState, js(state)).ready is True


# --- content ---


@pytest.mark.parametrize("name", ["age_ms", "at", "room", "label"])
def test_copies_may_differ_in_four_fields(name: str) -> None:
    """They are still the same event."""
    other = {"age_ms": 99, "at": "2026-01-01T00:00:00.000Z", "room": "x", "label": "x"}[name]
    one, two = decode(Event, js(WHOLE)), decode(Event, js(WHOLE | {name: other}))
    assert content_hash(one) == content_hash(two)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("id", "e2"), ("boot", "c"), ("seq", 2), ("zone", "desk"), ("kind", "duress"), ("what", "restoral"),
        ("cause", "short"), ("held", False), ("test", True),
    ],
)  # fmt: skip
def test_any_other_difference_is_another_content(name: str, other: object) -> None:
    """None of them may hide behind a known id."""
    one, two = decode(Event, js(WHOLE)), decode(Event, js(WHOLE | {name: other}))
    assert content_hash(one) != content_hash(two)


@given(st.permutations(sorted(WHOLE)))
def test_the_order_of_fields_is_no_content(names: list[str]) -> None:
    """Nor are spaces, nor fields that this version doesn't know; flawed or not."""
    payload = js({name: WHOLE[name] for name in names} | {"more": 1})
    assert content_hash(decode(Event, payload)) == content_hash(decode(Event, js(WHOLE)))
    assert content_hash(payload) == content_hash(json.dumps(WHOLE, indent=3).encode())


def test_content_is_the_same_read_or_raw() -> None:
    """So that a hub that could not read it and one that can know the same event."""
    assert content_hash(js(WHOLE)) == content_hash(decode(Event, js(WHOLE)))


def test_a_payloads_hash_tells_topic_from_payload() -> None:
    """No two run together."""
    assert len({payload_hash("a", b"bc"), payload_hash("ab", b"c"), payload_hash("a", b"c")}) == 3


# --- names ---


@pytest.mark.parametrize("name", ["room-101", "a", "0", "a" * 64, "a.b_c-d"])
def test_an_id(name: str) -> None:
    """1 to 64 of a-z 0-9 . _ -, the first a letter or digit."""
    assert is_id(name)
    assert is_device_id(name)


@pytest.mark.parametrize(
    "name", ["", "A", "-a", ".a", "a" * 65, "a b", "a\n", "ä", "a/b", "a+", "#", None, 7]
)
def test_no_id(name: object) -> None:
    """A final newline among them."""
    assert not is_id(name)
    assert not is_device_id(name)
    assert not is_site_id(name)


def test_what_other_topics_use_is_no_device_and_a_site_has_no_dot() -> None:
    """A certificate's name is site, dot, device."""
    assert not is_device_id("hub")
    assert not is_device_id("posture")
    assert is_site_id("lincoln_2")
    assert not is_site_id("lincoln.2")


def test_topics_are_taken_apart_as_they_are_made() -> None:
    """Of devices and hubs; the posture's and any other is none of them."""
    for what in ("event", "state", "health", "receipt", "command"):
        assert read_topic(device_topic("s", "d", what)) == ("s", "d", what)
    assert read_topic(hub_topic("s", "hub-1")) == ("s", "hub-1", "hub-state")
    assert read_topic(posture_topic("s")) is None
    for other in ("", "/", "tocsin/v2/s/d/event", "tocsin/v1/s/d/event/x", "a/tocsin/v1/s/d"):
        assert read_topic(other) is None


@given(st.text())
def test_what_is_shown_is_clean_and_short(text: str) -> None:
    """At most 128 characters, each one that a store and a page can take."""
    assert is_clean(shown(text))
    assert len(shown(text)) <= 128
    if is_clean(text):
        assert text.startswith(shown(text))


def test_the_highest_kind_is_first() -> None:
    """Their order names an incident."""
    assert PANIC_KINDS == ("panic", "duress", "medical", "assist")
    assert (*PANIC_KINDS, "door", "fire-signal") == KINDS
