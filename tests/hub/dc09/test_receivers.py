"""Primary and back-up: which is tried next, and what comes of a message."""

from __future__ import annotations

from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.dc09.line import Told
from hub.dc09.numbering import BLOCK, Sequence
from hub.dc09.receivers import Receiver, Tries

NOW: Final = 1_795_485_731_000
WHATS: Final = ("ack", "wrong-time", "nak", "duh", "unreadable", "another")


def told(what: str) -> Told:
    return Told(what, what.upper(), NOW + 73_000 if what == "wrong-time" else None)  # type: ignore[arg-type]


def went(script: dict[str, list[str]], tries: int = 2) -> tuple[list[str], str, str]:
    """Let a message go its way; ``script`` holds what each receiver answers, its last for ever after.

    Returns who was tried, in order, and the verdict with its words.
    """
    receivers = [Receiver(name) for name in script]
    left = {name: list(answers) for name, answers in script.items()}
    way = Tries(receivers, tries)
    order: list[str] = []
    while (receiver := way.next()) is not None:
        order.append(receiver.name)
        answers = left[receiver.name]
        what = answers.pop(0) if len(answers) > 1 else answers[0]
        if what == "silence":
            way.failed(receiver, "no answer")
        else:
            way.took(receiver, told(what), NOW)
    outcome = way.outcome()
    return order, outcome.verdict, outcome.said


@pytest.mark.parametrize(
    ("script", "order", "verdict", "said"),
    [
        ({"p": ["ack"]}, "p", "delivered", "ACK"),
        ({"p": ["silence", "ack"]}, "pp", "delivered", "ACK"),
        ({"p": ["silence"]}, "pp", "temporary", "no answer"),
        ({"p": ["nak"]}, "pp", "temporary", "NAK"),
        ({"p": ["unreadable"]}, "pp", "temporary", "UNREADABLE"),
        ({"p": ["duh"]}, "p", "permanent", "DUH"),
        ({"p": ["wrong-time", "ack"]}, "pp", "delivered", "ACK"),
        ({"p": ["wrong-time"]}, "ppp", "temporary", "WRONG-TIME"),  # one more, with its time; then no more
        ({"p": ["silence"], "b": ["ack"]}, "ppb", "delivered", "ACK of the b; p: no answer"),
        ({"p": ["duh"], "b": ["ack"]}, "pb", "delivered", "ACK of the b; p: DUH"),
        ({"p": ["duh"], "b": ["duh"]}, "pb", "permanent", "p: DUH; b: DUH"),
        ({"p": ["duh"], "b": ["silence"]}, "pbb", "temporary", "p: DUH; b: no answer"),
        ({"p": ["nak", "duh"], "b": ["duh"]}, "ppb", "permanent", "p: DUH; b: DUH"),
    ],
)
def test_ways(script: dict[str, list[str]], order: str, verdict: str, said: str) -> None:
    """Each receiver has its tries; the first ACK ends it; refused by all it is refused for good."""
    assert went(script) == (list(order), verdict, said)


@given(
    st.dictionaries(
        st.sampled_from(["p", "b"]),
        st.lists(st.sampled_from([*WHATS, "silence"]), min_size=1, max_size=4),
        min_size=1,
    ),
    st.integers(1, 5),
)
def test_it_ends_and_only_an_ack_delivers(script: dict[str, list[str]], tries: int) -> None:
    """Whatever is answered, it ends, and is delivered only if the last answer was an ACK."""
    order, verdict, said = went(script, tries)
    assert len(order) <= len(script) * (tries + 1)
    assert said
    answers = {name: list(found) for name, found in script.items()}
    last = ""
    for name in order:
        found = answers[name]
        last = found.pop(0) if len(found) > 1 else found[0]
        assert last != "ack" or name is order[-1]
    assert (verdict == "delivered") is (last == "ack")


def test_a_receiver_that_did_not_answer_is_tried_last_until_it_does() -> None:
    """A press doesn't wait for a dead primary twice; its next supervision message brings it back."""
    primary, backup = Receiver("primary"), Receiver("back-up")
    way = Tries((primary, backup), 1)
    assert way.next() is primary
    way.failed(primary, "no answer")
    again = Tries((primary, backup), 1)
    assert again.next() is backup
    primary.take(Told("ack", "ACK"), NOW)
    assert Tries((primary, backup), 1).next() is primary


def test_a_nak_with_a_time_puts_ours_right() -> None:
    """What is sent next bears the receiver's time, whether its clock is ahead of ours or behind."""
    receiver = Receiver("primary")
    receiver.take(Told("wrong-time", "NAK", NOW + 73_000), NOW)
    assert receiver.offset_ms == 73_000
    receiver.take(Told("wrong-time", "NAK", NOW - 5_000), NOW)
    assert (receiver.offset_ms, receiver.newest) == (-5_000, NOW - 5_000)


def test_numbers_go_from_1_to_9999_and_again_and_survive_a_crash() -> None:
    """What is stored is ahead of all that was given."""
    numbers = Sequence(None)
    kept: int | None = None
    given: list[int] = []
    for _ in range(2 * 9999):
        number, store = numbers.take()
        given.append(number)
        kept = kept if store is None else store
    assert given == [*range(1, 10_000), *range(1, 10_000)]
    assert kept is not None
    after, _ = Sequence(kept).take()
    assert after not in given[-BLOCK:] or after == 1 + given[-1] % 9999


@pytest.mark.parametrize("kept", [None, 0, -5, 10_000])
def test_a_number_that_can_not_be_is_none(kept: int | None) -> None:
    """What is stored may be damaged."""
    assert Sequence(kept).take()[0] == 1
