"""Letting decisions out: what was decided is told once, in order, whoever comes first.

The committer tells what it has committed, the recorder what the disk holds up; one lock over the
whole telling keeps an older state from being shown after a newer one.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

import structlog

from hub.decision import Decision
from hub.ports import Doorman, Post, Wire
from hub.view import View


class Release:
    """The one way out of the hub."""

    def __init__(self, view: View, fault: Callable[[], None]) -> None:
        """``fault`` counts what our own code failed to tell; ``wire`` and ``post`` must be set."""
        self._view = view
        self._fault = fault
        self._lock = threading.Lock()
        self._log = structlog.get_logger(part="recorder", site=view.site)
        self.wire: Wire
        self.post: Post
        self.doorman: Doorman | None = None
        """None where no room enrols."""

    def tell(self, decision: Decision) -> None:
        """Let out what may leave from memory, once; never raises."""
        with self._lock:
            if decision.told:
                return
            decision.told = True
            self._each(
                lambda: decision.retuned() if decision.retuned else None,
                lambda: self.wire.posture(decision.posture) if decision.posture else None,
                lambda: self.post.withdraw(decision.withdrawn) if decision.withdrawn else None,
                lambda: self.post.submit(decision.owed) if decision.owed else None,
                *(
                    lambda d=device, c=command: self.wire.command(d, c)
                    for device, command in decision.commands
                ),
                *decision.shown,
                *(lambda change=change: self._view.tell(change) for change in decision.stream),
                lambda: self._view.tell(None) if decision.record and not decision.stream else None,
                lambda: self._say(decision),  # last: nobody waits for a line
            )

    def posture_again(self) -> None:
        """Publish the posture that was let out last: a broker may have lost it, or have heard none."""
        with self._lock:
            if (posture := self._view.posture.message()) is not None:
                self._each(lambda: self.wire.posture(posture))

    def committed(self, batch: Sequence[Decision]) -> None:
        """Let out what waited for its commit: who may speak, answers, receipts, PUBACKs; never raises."""
        receipts: dict[str, list[str]] = {}
        for decision in batch:
            self.tell(decision)
            self._let_in(decision)
            decision.reply(recorded=not decision.quarantined)
            for device, event_id in decision.receipts:
                receipts.setdefault(device, []).append(event_id)
        acks = [decision.ack for decision in batch if decision.ack]
        acks += [ack for decision in batch for ack in decision.counted]
        self._each(
            *(lambda d=device, i=ids: self.wire.receipt(d, i) for device, ids in receipts.items()),
            lambda: self.wire.committed(acks),
        )

    def _let_in(self, decision: Decision) -> None:
        doorman, rights = self.doorman, decision.rights
        if doorman is not None and rights is not None:  # before the answer, whose asker waits for it
            self._each(lambda: doorman.take(rights))

    def _each(self, *deeds: Callable[[], None]) -> None:
        """Do each by itself: a fault of ours in one must not hold up the others."""
        for deed in deeds:
            try:
                deed()
            except Exception:  # noqa: BLE001
                self._log.exception("cannot tell")
                self._fault()

    def _say(self, decision: Decision) -> None:
        for row in decision.record:
            self._log.info(row.what, reason=row.reason, incident=row.incident, **_loggable(row.detail))


def _loggable(detail: dict[str, object]) -> dict[str, object]:
    names = ("device", "zone", "id", "delivery", "channel", "target", "type", "revision", "key", "by", "via")
    return {
        ("event_id" if name == "id" else name): detail[name] for name in names if detail.get(name) is not None
    }
