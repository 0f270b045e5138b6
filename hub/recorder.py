"""The recorder: the one loop that owns a site's state.

It drains the queue (whatever may be a press first), decides, and hands each decision to the
committer; no decision waits for a commit. What was decided leaves the hub once it is committed, or
from memory after 250 ms when the disk is sick; receipts and PUBACKs wait for the disk all the same.
"""

from __future__ import annotations

import contextlib
import math
import queue
import threading
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from functools import partial
from typing import Final

import structlog

from config.clock import Clock, Now
from config.notify import notify
from config.settings_changes import settings_hash
from hub.asking import Action, Answer
from hub.beat import Beat
from hub.committer import Committer, Writer
from hub.decision import Decision
from hub.delivery import Outcome
from hub.inputs import Asked, Attempted, DeviceMessage, EventCame, Input, Link, Probed
from hub.kept_course import ANCHOR, JUMP_MS, Anchor, jumped_ms
from hub.loaded import held_fact
from hub.metrics import Metrics
from hub.ports import Memory
from hub.presses import Seen
from hub.readiness import COMMIT_LATE_S
from hub.release import Release
from hub.site import Site
from hub.turns import Turns

DISK_PATIENCE_S: Final = 0.25
"""Seconds a commit may take before what it holds is told from memory."""
ANSWER_PATIENCE_S: Final = 2.0
"""Seconds a person waits for the disk before being told that it has not confirmed."""
URGENT: Final = 128
"""Alarms, outcomes and people's words decided before the queue is looked at again: some 10 ms."""
AGAIN: Final = 16
"""Of devices that had their turn so much is decided before the queue is looked at again."""
AGAIN_S: Final = 0.005
"""And no more while a decision has been on its way to the disk for so long: a press of another room waits
there for what one commit takes, and not for a flood. A slow disk is given the more at a time."""
OVER_S: Final = 0.001
"""Seconds in which what is over a quota is counted before the queue is looked at again."""
MOST_OVER: Final = 32 << 20
"""Bytes that wait to be counted, at most."""
OVER_EACH: Final = 2048
"""Bytes that one takes beside its payload."""
ROUND: Final = 64
"""Inputs other than alarms decided before the queue is looked at again for an alarm."""
ROUND_S: Final = 0.005
"""Seconds after which a round of them ends, however many are left: an alarm waits for one more."""


class Recorder:
    """The thread that decides."""

    def __init__(
        self,
        site: Site,
        journal: Writer,
        memory: Memory,
        clock: Clock,
        metrics: Metrics,
        boot: str | None = None,
        kept_clock: Now | None = None,
    ) -> None:
        """``boot`` is this start of the kernel; ``kept_clock`` the clock that the site was loaded by."""
        self._site = site
        self._clock = clock
        self._memory = memory
        self._metrics = metrics
        self._log = structlog.get_logger(part="recorder")
        self._inputs: queue.SimpleQueue[Input | _Commit | None] = queue.SimpleQueue()
        self._urgent = Turns()
        self._rest = Turns()
        self._over: deque[EventCame] = deque()
        """What is over a quota and only counted."""
        self._over_bytes = 0
        self._returned = 0.0
        """When a commit returned last, in monotonic seconds: the one under way can't have begun before."""
        self._waiting: deque[Decision] = deque()
        self._uncommitted: deque[float] = deque()
        self._boards_lock = threading.Lock()
        self._committer = Committer(journal, clock, self._on_committed, self._on_commit_failed)
        now = clock.now()
        self._beat = Beat(now.mono)
        self._boot = boot
        self._anchor = kept_clock or now
        self._stopping = False
        self._boards = 0
        self._reaches = True
        self._thread = threading.Thread(target=self._run, name="recorder", daemon=True)
        self.release = Release(site.view, metrics.faults.inc)

    # --- from other threads ---

    def start(self) -> None:
        """Begin; the ``wire`` and ``post`` of :attr:`release` must be set."""
        self._committer.start()
        self._thread.start()

    def put(self, fact: Input) -> None:
        """Queue an input; never blocks."""
        self._inputs.put(fact)

    def ask(self, action: Action) -> Future[Answer]:
        """Queue a person's word; the future holds the answer."""
        answer: Future[Answer] = Future()
        self._inputs.put(Asked(action, partial(_settle, answer)))
        return answer

    def report(self, delivery: str, outcome: Outcome) -> None:
        """Queue what came of an attempt."""
        self._inputs.put(Attempted(delivery, outcome))

    def probed(self, channel: str, outcome: Outcome) -> None:
        """Queue whether a channel's far side can be reached."""
        self._inputs.put(Probed(channel, outcome))

    def boards(self, change: int) -> None:
        """Count the signed-in boards that are open."""
        with self._boards_lock:
            self._boards += change

    def stop(self, timeout_s: float) -> bool:
        """Decide what is queued, write it, and end; False when the disk would not let us."""
        self._inputs.put(None)
        self._thread.join(timeout_s)
        clean = self._committer.stop(timeout_s)
        if not clean:
            for decision in list(self._waiting):  # the disk would not have them, but people shall
                self.release.tell(decision)
        return clean

    # --- the loop, in order ---

    def _run(self) -> None:
        self._commit(self._first_words())
        while not self._stopping:
            try:
                self._drain(self._wait_s())
                self._decide_urgent()
                self._decide_some()
                self._count_some()
                self._tick()
                self._tell_what_the_disk_holds_up()
                self._look_at_itself()
                self._beat_if_due()
            except Exception:  # noqa: BLE001
                # A fault of ours in one input must not stop the next press.
                self._log.exception("the recorder failed on an input")
                self._metrics.faults.inc()
        # Last of all: a press decided after them would take a number that they give to the next start.
        self._commit(self._last_words())

    def _drain(self, wait_s: float) -> None:
        """Take all that is queued, telling alarms from the rest."""
        again = self._again()
        wait = 0.0 if self._over or self._urgent.has(again) or self._rest.has(again) else wait_s
        with contextlib.suppress(queue.Empty):
            fact = self._inputs.get(timeout=wait) if wait > 0 else self._inputs.get_nowait()
            while True:
                self._sort(fact)
                if self._over_bytes > MOST_OVER:
                    return  # counted first: it fills no memory
                fact = self._inputs.get_nowait()

    def _sort(self, fact: Input | _Commit | None) -> None:
        if fact is None:
            self._stopping = True
        elif isinstance(fact, _Commit):
            self._note_commit(fact)
        elif isinstance(fact, Attempted | Asked) or (isinstance(fact, EventCame) and fact.is_alarm):
            self._urgent.put(fact)
        elif isinstance(fact, EventCame) and fact.over is not None:
            self._over.append(fact)
            self._over_bytes += len(fact.payload) + OVER_EACH
        else:
            self._rest.put(fact)

    def _again(self) -> int:
        """Return how much may be decided of devices that had their turn. A sick disk holds up nobody.

        Nor does what others go on sending: it waits for the commit that is under way, and for no later one.
        """
        if not self._uncommitted:
            return AGAIN
        waited = self._clock.now().mono - max(self._uncommitted[0], self._returned)
        return AGAIN if waited < AGAIN_S or waited >= DISK_PATIENCE_S else 0

    def _decide_urgent(self) -> None:
        if facts := self._urgent.take(URGENT, self._again()):
            self._decide_facts(facts)

    def _decide_some(self) -> None:
        if facts := self._rest.take(ROUND, self._again()):
            decided = self._decide_facts(facts, self._clock.now().mono + ROUND_S)
            self._rest.back(len(facts) - decided)

    def _decide_facts(self, facts: list[Input], until: float = math.inf) -> int:
        """Decide inputs until a moment (monotonic seconds), at least one; returns how many."""
        known = self._recall(facts)
        for number, fact in enumerate(facts):
            now = self._moment()
            if number and now.mono >= until:
                return number
            if isinstance(fact, Link):
                self._on_link(fact)
            elif isinstance(fact, DeviceMessage) and self._site.devices.is_birth(fact):
                self._beat.birth(now.mono)
            self._commit(self._decided(fact, now, known))
            if isinstance(fact, EventCame):
                self._metrics.events.inc()
            elif isinstance(fact, Attempted):
                self._metrics.attempts.labels(fact.outcome.verdict).inc()
        return len(facts)

    def _count_some(self) -> None:
        """Count what is over a quota, for a moment: a press may wait in the queue by now."""
        until = self._clock.now().mono + OVER_S
        while self._over:
            fact = self._over.popleft()
            self._over_bytes -= len(fact.payload) + OVER_EACH
            self._decide_facts([fact])
            if self._clock.now().mono >= until and self._over_bytes <= MOST_OVER:
                return

    def _tick(self) -> None:
        now = self._moment()
        deadline = self._site.next_deadline()
        if deadline is not None and deadline <= now.mono:
            self._commit(self._site.tick(now))

    def _moment(self) -> Now:
        """Read the clock; before anything is decided by a wall clock that jumped, all is anchored anew."""
        now = self._clock.now()
        jumped = jumped_ms(self._anchor, now)
        if abs(jumped) > JUMP_MS:
            self._anchor = now
            try:
                self._commit(self._site.rewritten(now, jumped, self._boot))
            except Exception:  # noqa: BLE001 - a fault of ours here must not stop what is to be decided
                self._log.exception("cannot anchor deadlines anew")
                self._metrics.faults.inc()
        return now

    def _recall(self, facts: Sequence[Input]) -> dict[str, Seen] | None:
        """Ask the record about events that memory doesn't know; None when it can't say."""
        try:
            presses = self._site.presses
            names = [name for fact in facts if isinstance(fact, EventCame) for name in presses.names(fact)]
            return self._memory.ask(names) if names else {}
        except Exception:  # noqa: BLE001 - then they are taken as new
            self._log.exception("cannot ask the record")
            self._metrics.faults.inc()
            return None

    def _commit(self, decision: Decision) -> None:
        if decision.is_empty:
            return
        self._waiting.append(decision)
        self._uncommitted.append(decision.decided)
        self._committer.put(decision)
        self._metrics.waiting.set(len(self._uncommitted))

    def _decided(self, fact: Input, now: Now, known: dict[str, Seen] | None) -> Decision:
        """Decide one input; what a fault of ours leaves half decided is kept and completed in doubt."""
        decision = Decision(now.mono)
        try:
            self._site.decide(fact, now, known, into=decision)
        except Exception:  # noqa: BLE001 - a fault of ours must not stop this press, nor the next
            self._log.exception("cannot decide", fact=type(fact).__name__)
            self._metrics.faults.inc()
            self._site.in_doubt(decision, fact, now)
        return decision

    # --- letting out ---

    def _on_committed(self, batch: list[Decision]) -> None:
        """On the committer's thread."""
        self.release.committed(batch)
        self._inputs.put(_Commit(None, any(decision.quarantined for decision in batch), len(batch)))

    def _on_commit_failed(self, why: str) -> None:
        self._inputs.put(_Commit(why, False, 0))

    def _tell_what_the_disk_holds_up(self) -> None:
        now = self._clock.now()
        failing = self._beat.readiness.failing is not None
        late = False
        for decision in self._waiting:
            waited = now.mono - decision.decided
            if waited >= ANSWER_PATIENCE_S:
                decision.reply(recorded=False)
            if decision.told:
                continue
            if waited < DISK_PATIENCE_S and not failing:
                break
            late = late or bool(decision.owed or decision.posture)
            self.release.tell(decision)
        hung = bool(self._uncommitted) and now.mono - self._uncommitted[0] > COMMIT_LATE_S
        if (late or hung) and self._site.known("store") is None:
            slow = Decision(now.mono)
            if hung:
                detail = f"a commit has not returned in {COMMIT_LATE_S:.0f} s"
            else:
                detail = f"a commit has not returned in {DISK_PATIENCE_S * 1000:.0f} ms; told from memory"
            self._site.trouble(slow, now, "store", "store", detail)
            self._commit(slow)
        while self._waiting and self._waiting[0].told and self._waiting[0].is_answered:
            self._waiting.popleft()

    def _note_commit(self, fact: _Commit) -> None:
        now = self._clock.now()
        if fact.count:
            self._returned = now.mono
        self._beat.readiness.committed(now.mono, fact.why)
        for _ in range(fact.count):
            self._uncommitted.popleft()
        self._metrics.waiting.set(len(self._uncommitted))
        if fact.why is not None:
            decision = Decision(now.mono)
            detail = f"the record cannot be written: {fact.why}"
            if self._site.known("store") is None:
                self._site.trouble(decision, now, "store", "store", detail)
                self._commit(decision)
        elif self._site.known("store") is not None:
            decision = Decision(now.mono)
            self._site.restore(decision, now, "store")
            self._commit(decision)
        if fact.quarantined:
            decision = Decision(now.mono)
            detail = "the database refused a message; it is kept raw in quarantine"
            self._site.trouble(decision, now, "quarantine", "quarantine", detail)
            self._commit(decision)

    def _look_at_itself(self) -> None:
        self._reaches = self._reach()
        waiting = len(self._urgent) + len(self._rest) + self._inputs.qsize() + len(self._uncommitted)
        self._commit(self._site.look_at_itself(waiting, self._clock.now(), reach=self._reaches))

    # --- the beat ---

    def _on_link(self, fact: Link) -> None:
        if fact.which == "events":
            if self._beat.readiness.session(fact.broker, up=fact.up):
                self._beat.connected()  # what is said at this broker follows it, whatever the others do
        elif fact.up:
            self._beat.connected()
            if self._site.postures.may_be_said_again:
                self.release.posture_again()

    def _wait_s(self) -> float:
        now = self._clock.now()
        deadlines = [self._beat.deadline, now.mono + 1.0]
        if (due := self._site.next_deadline()) is not None:
            deadlines.append(due)
        if self._waiting:
            deadlines.append(now.mono + 0.05)
        return max(min(deadlines) - now.mono, 0.0005)

    def _beat_if_due(self) -> None:
        now = self._clock.now()
        oldest = self._uncommitted[0] if self._uncommitted else None
        say, commit = self._beat.look(now.mono, oldest, self._reaches)
        word = self._beat.word
        view = self._site.view
        view.ready, view.why, view.turned = word.ready, word.why, now.mono
        if commit:
            self._commit(Decision(now.mono, facts=self._held(now)))
        if say:
            self.release.wire.beat(ready=word.ready, why=word.why, reach=word.reach)
            self._site.view.tell(None)
            notify("WATCHDOG=1", f"STATUS={'ready' if word.ready else word.why}")

    def _reach(self) -> bool:
        """Tell whether a panic would reach anybody: an open board, or one channel that isn't in trouble."""
        if self._boards > 0:
            return True
        return self._site.outbound.reaches(self._site.directory.panic_targets())

    def _first_words(self) -> Decision:
        now = self._moment()
        decision = Decision(now.mono)
        self._site.new_epoch.begin(decision, now)
        self._site.restore_gone(decision, now)
        self._site.incidents.number_ahead(decision, now)
        decision.doors.update(self._site.doors.kept())
        why = "from now on nobody is well until heard"
        detail = {**self._site.clock.detail, "settings": settings_hash(self._site.settings)}
        self._site.record(decision, now, "hub-started", why, detail=detail)
        decision.facts[ANCHOR] = Anchor(self._boot, now.mono, now.wall).kept()
        decision.facts.update(self._site.postures.kept() | self._site.doors.weeks.kept())
        if (reserved := self._site.numbers.reserve()) is not None:
            decision.facts["numbers"] = reserved
        return decision

    def _last_words(self) -> Decision:
        now = self._clock.now()
        decision = Decision(now.mono)
        self._site.record(decision, now, "hub-stopped", "asked to stop")
        decision.facts["numbers"] = self._site.numbers.stopped()
        decision.facts.update(self._held(now))
        return decision

    def _held(self, now: Now) -> dict[str, str]:
        """Return what tells the next start how long the hub and each of its event sessions were away."""
        names = [broker.name for broker in self._site.settings.brokers]
        held = {held_fact(names[broker]): str(now.wall) for broker in self._beat.readiness.sessions}
        return {"beat": str(now.wall), ANCHOR: Anchor(self._boot, now.mono, now.wall).kept()} | held


def _settle(future: Future[Answer], answer: Answer) -> None:
    """Answer a person once: the loop (the disk is late) and the committer may both be at it."""
    with contextlib.suppress(InvalidStateError):
        future.set_result(answer)


class _Commit:
    """The committer's report: written, or why not."""

    def __init__(self, why: str | None, quarantined: bool, count: int) -> None:
        self.why = why
        self.count = count
        self.quarantined = quarantined
