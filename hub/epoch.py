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
from hub.drills import Drills
from hub.incidents import Incidents
from hub.ledger import Ledger
from hub.outbound import Outbound
from hub.postures import Postures
from hub.verify_record import RESTORED
from hub.walk_tests import WalkTests
from hub.zone_numbers import ZoneNumbers

FACT: Final = "epoch"
DAY_MS: Final = 86_400_000
HOUR_MS: Final = 3_600_000
BEGAN: Final = 1_767_225_600_000
"""The beginning of 2026, in wall ms."""
AN_HOUR: Final = 10
"""Numbers set aside for each hour since then. Restores a week apart never meet while a site has fewer
than 240 incidents a day, whichever backup each of them takes: a school has a few."""
A_BURST: Final = 1000
"""Incidents that such a site can have had since its backup beyond that."""
A_DAY: Final = 1000
A_ROOM_A_DAY: Final = 100
"""Incidents of a day at most, and a room more of them, for a site that has had more than that."""
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


def first_number(epoch: Epoch, after: int, rooms: int, now: int) -> int:
    """Return the first incident number of an epoch that begins ``now`` (wall ms).

    ``after`` is the last one that is known. It is beyond all that can have been given since the backup, and
    beyond those of any restore before this one, of which nothing is known either.
    """
    days = -(-(now - epoch.backup_at) // DAY_MS) + 1 if now >= epoch.backup_at else UNKNOWN_DAYS
    has_few = after < _set_aside(epoch.backup_at) + 24 * AN_HOUR and now >= epoch.backup_at
    passed = A_BURST if has_few else days * (A_DAY + A_ROOM_A_DAY * rooms)
    return max(after + 1 + passed, _set_aside(now))


def told_until(now: int) -> int:
    """Return the revision that no hub before a restore ``now`` (wall ms) can have told of an open incident.

    One for each second since 2026: also beyond those of a restore before this one, of the same backup.
    """
    return (now - BEGAN) // 1000


def _set_aside(wall: int) -> int:
    return (wall - BEGAN) // HOUR_MS * AN_HOUR


class NewEpoch:
    """What a restored hub does first of all."""

    def __init__(
        self,
        ledger: Ledger,
        epoch: Epoch,
        incidents: Incidents,
        outbound: Outbound,
        walk_tests: WalkTests,
        drills: Drills,
        bypasses: Bypasses,
        postures: Postures,
        zones: ZoneNumbers,
    ) -> None:
        self._ledger = ledger
        self._epoch = epoch
        self._incidents = incidents
        self._outbound = outbound
        self._walk_tests = walk_tests
        self._drills = drills
        self._bypasses = bypasses
        self._postures = postures
        self._zones = zones
        if not self._epoch.begun:  # a broker may be there before the first word is written
            postures.say_nothing_yet()

    def begin(self, decision: Decision, now: Now) -> None:
        """Begin the epoch, where a backup was restored and no hub has started on it since."""
        if self._epoch.begun:
            return
        epoch, ledger = self._epoch, self._ledger
        of_backup = f"the backup of {stamp(epoch.backup_at)}"
        first = first_number(epoch, ledger.numbers.latest, len(ledger.directory.rooms), now.wall)
        ledger.numbers.after_another(first)  # also where the backup was taken after a clean stop
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
        self._outbound.forget_resolved(
            decision, self._incidents.get, f"{why}: its incident was resolved before", now
        )
        self._walk_tests.end_all(decision, f"{why}: every button is live", epoch.backup_at, now)
        self._drills.new_epoch(decision, why, epoch.backup_at, first, now)
        self._bypasses.end_all(decision, why, now)
        self._zones.skip(decision)
        self._postures.hold_back(
            decision, f"{why}: say which posture holds; rooms are told none until then", now
        )
        decision.posture = None  # nor that of a drill's end
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
            told_to = max(incident.told_to, told_until(now.wall))
            marked = replace(incident, restored=epoch.backup_at, told_to=told_to)
            self._incidents.moved(decision, marked, now)
        words = f"{why}: what the old machine took in and told after that is not in this record"
        ledger.trouble(decision, now, "restored", "restored", words)
        self._epoch = replace(epoch, begun=True)
        decision.facts[FACT] = self._epoch.kept()
