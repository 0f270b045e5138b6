"""A hub that was restored from a backup, and goes on as another than the one that took it. Pure.

What the old machine did after the backup nobody knows any more: numbers that it may have given are not
given again, what it may have told of something that is over is not told again, what made a room silent
ends, and people are asked what is to hold.
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from config.clock import Now, stamp
from hub.bypass import Bypasses
from hub.decision import Decision
from hub.incidents import Incidents
from hub.ledger import Ledger
from hub.outbound import Outbound
from hub.postures import Postures
from hub.verify_record import RESTORED
from hub.walk_tests import WalkTests

FACT: Final = "epoch"
DAY_MS: Final = 86_400_000
A_DAY: Final = 1000
A_ROOM_A_DAY: Final = 100
"""Incidents that a site can have opened in a day at most, and a room more of them: one every 14 min, day and
night, each closed before the next."""
UNKNOWN_DAYS: Final = 400
"""Days that are taken to have passed where the clock says that the backup is of a time to come."""


class Epoch(Struct, frozen=True):
    """Which of the hubs this is that a site has had, one after the other; the first was never restored."""

    n: int = 1
    restored_at: int | None = None
    """When the backup was put in place, in wall ms. What must be unlike in every epoch may follow from it:
    ``n`` may come twice, where one backup is restored twice."""
    backup_at: int = 0
    """Of what moment the backup is, in wall ms."""
    head: tuple[int, str] | None = None
    """Number and hash of the last row of the record in it."""
    begun: bool = True
    """False until the restored hub has started for the first time."""

    def kept(self) -> str:
        """Return what to store."""
        return msgspec.json.encode(self).decode()


def read_epoch(kept: str | None) -> Epoch:
    """Return the epoch that a store holds."""
    return Epoch() if kept is None else msgspec.json.decode(kept, type=Epoch)


def following(kept: str | None, backup_at: int, head: tuple[int, str] | None, now: int) -> Epoch:
    """Return the epoch that begins with a restored backup, whose store holds ``kept``; ``now`` in wall ms."""
    return Epoch(read_epoch(kept).n + 1, now, backup_at, head, begun=False)


def numbers_passed(epoch: Epoch, rooms: int, now: int) -> int:
    """Return how many incident numbers may have been given since the backup, and some more.

    By the time since the backup, not since the last restore: the same backup may be restored twice.
    """
    days = -(-(now - epoch.backup_at) // DAY_MS) + 1 if now >= epoch.backup_at else UNKNOWN_DAYS
    return days * (A_DAY + A_ROOM_A_DAY * rooms)


class NewEpoch:
    """What a restored hub does first of all."""

    def __init__(
        self,
        ledger: Ledger,
        kept: str | None,
        incidents: Incidents,
        outbound: Outbound,
        walk_tests: WalkTests,
        bypasses: Bypasses,
        postures: Postures,
    ) -> None:
        self._ledger = ledger
        self._epoch = read_epoch(kept)
        self._incidents = incidents
        self._outbound = outbound
        self._walk_tests = walk_tests
        self._bypasses = bypasses
        self._postures = postures

    def begin(self, decision: Decision, now: Now) -> None:
        """Begin the epoch, where a backup was restored and no hub has started on it since."""
        if self._epoch.begun:
            return
        epoch, ledger = self._epoch, self._ledger
        of_backup = f"the backup of {stamp(epoch.backup_at)}"
        ledger.numbers.skip(numbers_passed(epoch, len(ledger.directory.rooms), now.wall))
        # Wall ms as a number: no row of any epoch before bears it, nor one of a restore that was lost, too.
        ledger.skip_rows_to(max(epoch.restored_at or 0, now.wall))
        head = None if epoch.head is None else f"{epoch.head[0]}:{epoch.head[1]}"
        ledger.record(
            decision,
            now,
            RESTORED,
            f"restored from {of_backup}: what was recorded after it is not here",
            detail={"epoch": epoch.n, "backup_at": stamp(epoch.backup_at), "head": head},
        )
        why = f"restored from {of_backup}"
        self._walk_tests.end_all(decision, f"{why}: every button is live", epoch.backup_at, now)
        self._bypasses.end_all(decision, why, now)
        self._postures.hold_back(
            decision, f"{why}: say which posture holds; rooms are told none until then", now
        )
        for incident in self._incidents.unresolved():
            ledger.record(
                decision,
                now,
                "open-in-backup",
                f"open in {of_backup}: it may have been closed since",
                incident=incident.id,
                stream="incident.updated",
                detail={"revision": incident.revision},
            )
            self._incidents.moved(decision, replace(incident, restored=epoch.backup_at), now)
        self._outbound.forget_resolved(
            decision, self._incidents.get, f"{why}: its incident was resolved before", now
        )
        words = f"{why}: what the old machine took in and told after that is not in this record"
        ledger.trouble(decision, now, "restored", "restored", words)
        self._epoch = replace(epoch, begun=True)
        decision.facts[FACT] = self._epoch.kept()
