"""A text in several messages, and put together."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.sms import alphabet, parts
from hub.sms.parts import Concat, Joiner, Part

ANY = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=600)


@pytest.mark.parametrize(
    ("text", "sizes", "source"),
    [
        ("", [0], "an empty text is one message"),
        ("a" * 160, [160], "TS 23.040 9.2.3.16: 160 septets"),
        ("a" * 161, [153, 8], "TS 23.040 9.2.3.24.1: 153 septets beside a header of 6 octets"),
        ("€" * 80, [80], "TS 23.038 6.2.1.1: two septets each"),
        ("€" * 81, [76, 5], "no escape is cut from what it escapes: 76 pairs in 153"),
        ("学" * 70, [70], "TS 23.040 9.2.3.16: 140 octets"),
        ("学" * 71, [67, 4], "TS 23.040 9.2.3.24.1: 134 octets beside the header"),
        ("🚨" * 36, [33, 3], "no surrogate is cut from its pair: 33 pairs in 67 units"),
    ],
)
def test_sizes(text: str, sizes: list[int], source: str) -> None:
    """As the standard leaves room."""
    found = parts.split(text, 7)
    assert [len(part.text) for part in found] == sizes, source
    expected = [Concat(7, len(sizes), n + 1) for n in range(len(sizes))] if len(sizes) > 1 else [None]
    assert [part.concat for part in found] == expected


def test_what_is_far_too_long_ends_in_dots() -> None:
    """A modem sends one message in some seconds: nobody waits for forty."""
    found = parts.split("a" * 5000, 1)
    assert len(found) == parts.MOST_PARTS
    assert found[-1].text == "a" * 150 + "..."


@given(ANY, st.integers(0, 255), st.randoms(use_true_random=False))
def test_what_is_split_is_joined_in_any_order(text: str, reference: int, order: random.Random) -> None:
    """Parts arrive as they like, some of them twice."""
    found = parts.split(text, reference)
    whole = alphabet.plainer(text)
    came = [*found, *order.sample(found, k=order.randint(0, len(found) - 1))]
    order.shuffle(came)
    joiner = Joiner()
    texts = [joined for part in came if (joined := joiner.take("+1", part, 0.0)) is not None]
    if "".join(part.text for part in found) == whole:
        assert texts[0] == whole


@given(ANY)
def test_each_part_fits(text: str) -> None:
    """In septets, or in units of UCS-2."""
    found = parts.split(text, 1)
    room, units = (160, 70) if len(found) == 1 else (153, 67)
    narrow = alphabet.fits(alphabet.plainer(text))
    for part in found:
        if narrow:
            assert len(alphabet.encode(part.text)) <= room
        else:
            assert len(part.text.encode("utf-16-be")) // 2 <= units


@given(ANY, st.sampled_from(["", ". Reply ACK 41 73", ". Reply ACK 1234567 10"]))
def test_a_text_and_its_tail_are_one_message(text: str, tail: str) -> None:
    """The text's beginning, and all of its tail."""
    whole = parts.with_tail(text, tail)
    assert len(parts.split(whole, 1)) == 1
    assert whole.endswith(tail)
    said = whole.removesuffix(tail)
    assert alphabet.plainer(text).startswith((said, said.removesuffix("..")))


def test_senders_are_kept_apart() -> None:
    """Two phones may use one reference at a time."""
    joiner = Joiner()
    assert joiner.take("+1", Part("a", Concat(1, 2, 1)), 0) is None
    assert joiner.take("+2", Part("b", Concat(1, 2, 2)), 0) is None
    assert joiner.take("+1", Part("c", Concat(1, 2, 2)), 0) == "ac"


def test_what_never_gets_whole_is_read_as_it_is() -> None:
    """After ten minutes; and a stranger who sends first parts alone fills no memory."""
    joiner = Joiner()
    joiner.take("+1", Part("ACK 41 73", Concat(1, 2, 1)), 0.0)
    assert joiner.given_up(parts.PATIENCE_S - 1) == []
    assert joiner.given_up(parts.PATIENCE_S) == [("+1", "ACK 41 73")]
    for number in range(parts.MOST_WAITING + 10):
        joiner.take("+2", Part("x", Concat(number, 2, 1)), 0.0)
    assert len(joiner.given_up(1.0)) == 10
