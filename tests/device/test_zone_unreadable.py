"""What can't be read of a zone, and what is found by reading it again."""

from __future__ import annotations

from device.lost_moves import LOST_S
from tests.device.one_zone import Wired


def test_unreadable() -> None:
    """A zone that can't be read is a trouble, once; the next reading restores it, and may be a press."""
    wired = Wired("no").first("normal")
    told = wired.zone.unreadable(1.0) + wired.zone.unreadable(3.0)
    assert [(each.what, each.cause) for each in told] == [("trouble", "unreadable")]
    assert not wired.zone.can_call
    assert wired.reads((5.0, "active"), until=5.1) == [
        ("trouble-restoral", 5.0, "unreadable"),
        ("alarm", 5.0, None),
    ]


def test_nothing_is_held_that_can_not_be_read() -> None:
    """It may be released long since; read again it goes on as it is then."""
    wired = Wired("no").first("normal")
    wired.reads((1.0, "active"), until=2.0)
    wired.zone.unreadable(2.0)
    assert wired.reads(until=10.0) == []
    assert wired.reads((10.5, "normal"), until=12.0) == [
        ("trouble-restoral", 10.5, "unreadable"),
        ("restoral", 10.5, None),
    ]


def test_unreadable_since_the_start_outweighs_the_word_of_before() -> None:
    wired = Wired("no")
    wired.zone.unreadable(1.0)
    wired.zone.remember("normal")
    assert not wired.zone.can_call


def test_a_move_found_by_reading_again() -> None:
    """It is taken as a move, and is lost unless its own word comes within a second."""
    wired = Wired("no").first("normal")
    wired.zone.contact(2.0, True, "again")
    assert [each.what for each in wired.zone.advance(2.1)] == ["alarm"]
    wired.zone.contact(2.2, True)
    wired.zone.contact(4.0, False, "again")
    wired.zone.advance(4.0 + LOST_S - 0.001)
    assert wired.zone.lost == 0
    assert wired.zone.next_deadline() == 4.0 + LOST_S
    wired.zone.advance(4.0 + LOST_S)
    assert wired.zone.lost == 1
    wired.zone.contact(6.0, True, "again")
    wired.zone.contact(6.1, False)
    assert wired.zone.lost == 2


def test_a_look_that_overtakes_an_edge_shortens_no_press() -> None:
    """The pins are read again between an edge and its callback: the press lasted as long as its edges say."""
    wired = Wired("no").first("normal")
    assert wired.reads(until=5.0) == []
    decided = wired.zone.contact(10.021, True, "again")
    decided += wired.zone.contact(10.000, True)
    decided += wired.zone.contact(10.060, False)
    decided += wired.zone.advance(11.0)
    assert [(each.what, each.at) for each in decided] == [("alarm", 10.000), ("restoral", 10.060)]
    assert [each.began for each in decided] == [10.0, None]
    assert wired.zone.lost == 0
