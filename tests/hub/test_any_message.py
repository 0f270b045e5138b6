"""Whatever comes over the wire leaves a trace, raises nothing, and if it may be a call it calls."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.contract import KINDS, WHATS
from hub import presses, quota
from hub.quota import Rate
from tests.faults.fuzz import main
from tests.faults.hostile import GOLDEN, STRANGERS, VALUES, Attacker, Hostile
from tests.faults.judge import Judge, UnrecordedError

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(VALUES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
EVENT: dict[str, st.SearchStrategy[Any]] = {
    "v": st.just(1),
    "id": st.text(min_size=1, max_size=4),
    "boot": st.sampled_from(("a", "b")),
    "seq": st.integers(1, 9),
    "zone": st.sampled_from(("wall", "desk", "quiet", "door")),
    "kind": st.sampled_from(KINDS),
    "what": st.sampled_from(WHATS),
    "age_ms": st.integers(0, 10**9),
    "test": st.booleans(),
}
OBJECTS = st.fixed_dictionaries(
    {}, optional={name: st.one_of(good, good, good, ANYTHING) for name, good in EVENT.items()}
) | st.fixed_dictionaries(EVENT)


def written(fields: dict[str, Any]) -> bytes:
    return json.dumps(fields).encode()


PAYLOADS = st.one_of(
    OBJECTS.map(written),
    OBJECTS.map(written),
    st.binary(max_size=200),
    st.sampled_from(GOLDEN).map(lambda file: file.read_bytes()),
    ANYTHING.map(lambda value: json.dumps(value).encode()),
)
MESSAGES = st.builds(
    Hostile,
    what=st.sampled_from(("event", "event", "event", "state", "health")),
    device=st.sampled_from(("room-101", "room-102", *STRANGERS)),
    payload=PAYLOADS,
    retained=st.booleans(),
    broker=st.integers(0, 1),
)


@pytest.fixture(scope="module", autouse=True)
def _few() -> Any:
    """Few are within the quota, so that both ways are taken."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(quota.RATES, "event", Rate(8, 1))
        patch.setitem(quota.RATES, "state", Rate(4, 1))
        patch.setitem(quota.SHARED, "event", Rate(12, 1))
        yield


@settings(deadline=None, max_examples=150)
@given(st.lists(st.tuples(MESSAGES, st.floats(0, 5), st.booleans()), min_size=1, max_size=25))
def test_any_messages(history: list[tuple[Hostile, float, bool]]) -> None:
    judge = Judge()
    for message, wait, ended in history:
        judge.take(message)
        judge.wait(wait)
        if ended and wait > 4:
            judge.people_end_all()
    assert sum(judge.became.values()) == len(history)


def test_messages_of_a_seed(capsys: pytest.CaptureFixture[str]) -> None:
    """As ``scripts/faults fuzz`` makes them; each kind of outcome is among them."""
    assert main(["--messages", "3000", "--seed", "5"]) == 0
    said = capsys.readouterr().out
    assert "3000 messages, no crash, none without a trace" in said
    for became in ("decided, well formed", "decided, with a flaw", "counted over its quota", "known already"):
        assert became in said


def test_the_same_seed_makes_the_same_messages() -> None:
    one, other = Attacker(3), Attacker(3)
    assert [one.next() for _ in range(200)] == [other.next() for _ in range(200)]


def test_what_is_left_without_a_trace_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """A hub that lost a message would be told of."""
    monkeypatch.setattr(presses.Presses, "_keep", lambda *_: None)
    judge = Judge()
    payload = GOLDEN[0].with_name("event.door.json").read_bytes()
    with pytest.raises(UnrecordedError):
        judge.take(Hostile("event", "room-101", payload, False, 0))
