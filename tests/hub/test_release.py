"""Letting out: in order and once, whoever comes first; a fault in one thing holds up no other."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import Any

from hub.decision import Decision
from hub.delivery import Delivery
from hub.inputs import Ack
from hub.release import Release
from hub.view import View
from tests.site import until


class Out:
    """A broker and channels that note what leaves, and can be slow or broken."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.entered = threading.Event()
        self.acks: list[Any] = []
        self.receipts: list[str] = []

    def submit(self, deliveries: Sequence[Delivery]) -> None:
        self.entered.set()
        self.gate.wait(10)

    def withdraw(self, ids: Sequence[str]) -> None:
        """Nothing here is withdrawn."""

    def receipt(self, device: str, ids: list[str]) -> None:
        if device == "broken":
            raise RuntimeError("a planted fault of ours")
        self.receipts += ids

    def committed(self, acks: list[Ack]) -> None:
        self.acks += acks


def made() -> tuple[Release, Out]:
    out = Out()
    release = Release(View("lincoln", "Lincoln", "UTC", 0), lambda: None)
    release.wire = out  # type: ignore[assignment]
    release.post = out
    return release, out


def test_an_older_state_is_never_shown_after_a_newer_one() -> None:
    """The recorder tells what the disk held up just as the committer has it: the second waits its turn."""
    release, out = made()
    shown: list[str] = []
    older, newer = Decision(0.0, owed=[None]), Decision(1.0)  # type: ignore[list-item]
    older.shown.append(lambda: shown.append("acknowledged"))
    newer.shown.append(lambda: shown.append("open again"))
    out.gate.clear()
    first = threading.Thread(target=release.tell, args=(older,))
    first.start()
    assert out.entered.wait(10)
    second = threading.Thread(target=release.committed, args=([older, newer],))
    second.start()
    assert shown == []
    out.gate.set()
    first.join(10)
    second.join(10)
    until("both are shown", lambda: len(shown) == 2, 10)
    assert shown == ["acknowledged", "open again"]


def test_what_was_counted_is_acknowledged_once_it_is_written_down() -> None:
    """With the decision that has its tally, of which each message may be told from memory before."""
    release, out = made()
    flood = Decision(0.0, ack=Ack(0, 1, 1), counted=[Ack(0, 1, 2), Ack(1, 1, 3)])
    release.tell(flood)
    assert out.acks == []
    release.committed([flood, Decision(1.0, ack=Ack(0, 1, 4), counted=[Ack(0, 1, 5)])])
    assert sorted(ack.mid for ack in out.acks) == [1, 2, 3, 4, 5]


def test_the_channels_change_before_what_is_for_them_leaves() -> None:
    """New settings' first notices go by new settings' channels."""
    order: list[bool] = []
    release, out = made()
    release.tell(Decision(0.0, owed=[None], retuned=lambda: order.append(out.entered.is_set())))  # type: ignore[list-item]
    assert order == [False]
    assert out.entered.is_set()


def test_a_fault_in_one_thing_holds_up_no_other() -> None:
    """A receipt that can't be sent stops neither the others nor the broker's acknowledgements."""
    release, out = made()
    shown: list[str] = []
    decision = Decision(0.0, ack=Ack(0, 1, 7), receipts=[("broken", "e1"), ("room-102", "e2")])
    decision.shown.append(lambda: 1 // 0)  # type: ignore[arg-type, return-value]
    decision.shown.append(lambda: shown.append("told"))
    release.committed([decision])
    assert (shown, out.receipts, out.acks) == (["told"], ["e2"], [Ack(0, 1, 7)])
