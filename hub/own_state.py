"""What is wrong with the hub itself: its disk, clock, queues, certificates, and whom it reaches. Pure."""

from __future__ import annotations

from typing import Final

from config.clock import Now, stamp
from config.contract import shown
from hub.decision import Decision
from hub.health_watch import CERTIFICATE_DAYS, at_least, below, days_left
from hub.inputs import BackupState, ClockTrust, ConsoleCertificate, Measured
from hub.ledger import Ledger
from hub.watch import RESTORED, Rule, Watch

RULES: Final = (
    # Ours: a record of 1 million rows is under 1 GB, a migration copies it, the system's log is beside it.
    Rule(
        "hub-disk",
        "disk_free_mb",
        below(500.0),
        at_least(750.0),
        "{:.0f} MB are free where the record is kept",
    ),
    # Ours: the hub says when a press was, and judges certificates; a start finds the time in a minute.
    Rule(
        "hub-clock",
        "synced",
        lambda synced: synced is False,
        lambda synced: synced is True,
        "the hub's clock has not been synchronised for 5 min",
        after_s=300,
    ),
    # Ours: 1,000 inputs are under a second's work (docs/performance.md); more for 5 s is falling behind.
    Rule(
        "hub-queue",
        "waiting",
        at_least(1000),
        below(100),
        "{} messages and decisions wait in the hub: presses go first, the rest is late",
        after_s=5,
    ),
    # Ours: whoever is pinged calls after a minute; two that fail in a row may be a far side's own trouble.
    Rule(
        "outside-ping",
        "unpinged",
        lambda why: why != "",
        lambda why: why == "",
        "{}",
        after_s=60,
    ),
    # CONTRACT.md's word, which the beat says at once; a page that is loaded anew is gone for a moment.
    Rule(
        "reach",
        "reach",
        lambda reach: reach is False,
        lambda reach: reach is True,
        "a panic would reach nobody: every channel of its plan is in trouble and no board is open",
        after_s=15,
    ),
)
"""Every trouble of the hub that a rule makes, but its certificates' and its agreement's."""
_CERTIFICATE: Final = Rule(
    "hub-certificate", "days", below(CERTIFICATE_DAYS), at_least(CERTIFICATE_DAYS), "ends on"
)
_IS_SAID: Final = (lambda words: words != "", lambda words: words == "")
AGREEMENT_RULES: Final = (
    Rule("agreement", "words", *_IS_SAID, "{}"),
    Rule("agreement-soon", "words", *_IS_SAID, "{}"),
    Rule("joint-test", "words", *_IS_SAID, "{}"),
    Rule("not-connected", "words", *_IS_SAID, "{}"),
)
"""By the school's own day, at each look at the machine: nothing has to be woken for it."""


BACKUP_LATE_MS: Final = 2 * 86_400_000
"""Ours: one is taken each day, and a box that was off in the night takes it up as it starts."""


class OwnState:
    """The hub's watch over itself."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._watch = Watch()

    def measured(self, decision: Decision, fact: Measured, now: Now) -> None:
        """Take what the shell found."""
        self._read(decision, fact, now)
        for name, ends in fact.cert_ends.items():
            key = f"{_CERTIFICATE.what} {shown(name)}"
            words = f"{shown(name)} ends on {stamp(ends)[:10]}"
            self._look(decision, _CERTIFICATE, key, days_left(ends, now), now, words)
        if fact.backup is not None:
            self._backup(decision, fact.backup, now)
        if fact.too_open is not None:
            self._files(decision, fact.too_open, now)
        today = self._ledger.directory.calendar.local(now.wall).date()
        settings = self._ledger.settings
        is_wanted = any(settings.reaches_police(*end) for end in settings.shared_ends)
        found = (
            *(settings.mou.overdue(today), settings.mou.soon(today), settings.mou.joint_test_due(today)),
            settings.not_agreed() if is_wanted else "",
        )
        for rule, words in zip(AGREEMENT_RULES, found, strict=True):
            self._look(decision, rule, rule.what, words, now)

    def console_certificate(self, decision: Decision, fact: ConsoleCertificate, now: Now) -> None:
        """Take by which certificate the console is served."""
        if fact.why is None:
            self._ledger.restore(decision, now, "console-certificate")
        else:
            words = shown(fact.why, 300)
            self._ledger.trouble(decision, now, "console-certificate", "console-certificate", words)

    def trusted(self, decision: Decision, fact: ClockTrust, now: Now) -> None:
        """Take how far the wall clock can be trusted, and write a change down."""
        was, self._ledger.clock = self._ledger.clock, fact
        self._read(decision, fact, now)
        if fact.synced is was.synced:
            return
        if fact.synced:
            reason = "the wall clock is kept right from now on"
        else:
            reason = f"whether the wall clock is right is {fact.words}" if fact.synced is None else ""
            reason = reason or "nobody keeps the wall clock right any more"
        what = "clock-synchronised" if fact.synced else "clock-lost"
        self._ledger.record(decision, now, what, reason, detail={**fact.detail, "was": was.words})

    def _read(self, decision: Decision, fact: Measured | ClockTrust, now: Now) -> None:
        for rule in RULES:
            self._look(decision, rule, rule.what, getattr(fact, rule.field, None), now)

    def _backup(self, decision: Decision, found: BackupState, now: Now) -> None:
        """Take what is known of the backups; where none is set up, none is missed."""
        view = self._ledger.view
        is_set = self._ledger.settings.backup.to is not None
        words = _of_backup(found, now) if is_set else None
        known = self._ledger.known("backup")
        if words is None:
            self._ledger.restore(decision, now, "backup")
        elif known is None or known.detail != words:
            self._ledger.trouble(decision, now, "backup", "backup", words)
        decision.shown.append(lambda: setattr(view, "backup_at", found.at if is_set else None))

    def _files(self, decision: Decision, found: tuple[str, ...], now: Now) -> None:
        """Take which of the hub's files others may do too much with."""
        words, known = shown("; ".join(found), 500), self._ledger.known("file-rights")
        if not found:
            self._ledger.restore(decision, now, "file-rights")
        elif known is None or known.detail != words:
            self._ledger.trouble(decision, now, "file-rights", "file-rights", words)

    def look(self, decision: Decision, waiting: int, now: Now, *, reach: bool) -> None:
        """Take how much waits, and whether a panic would reach anybody."""
        found = {"waiting": waiting, "reach": reach}
        for rule in RULES:
            self._look(decision, rule, rule.what, found.get(rule.field), now)

    def jumped(self, decision: Decision, by_ms: int, now: Now) -> None:
        """Take that the hub's wall clock was set: times of presses before and after don't compare."""
        if by_ms:
            words = (
                f"the hub's wall clock jumped by {by_ms / 1000:+.0f} s; no step is early, late or repeated"
            )
            self._ledger.trouble(decision, now, "clock-jump", "clock-jump", words)

    def _look(
        self, decision: Decision, rule: Rule, key: str, reading: object, now: Now, words: str | None = None
    ) -> None:
        said = self._watch.look(rule, reading, now.mono, is_open=self._ledger.known(key) is not None)
        if said == RESTORED:
            self._ledger.restore(decision, now, key)
        elif said is not None:
            self._ledger.trouble(decision, now, key, rule.what, words or said)


def _of_backup(found: BackupState, now: Now) -> str | None:
    """Say what is wrong with the backups; None where nothing is."""
    newest = "there is none yet" if found.at is None else f"the newest is of {stamp(found.at)}"
    if found.why is not None:
        return shown(f"the last backup went wrong: {found.why}; {newest}", 500)
    if found.at is None:
        return "no backup has been taken yet; tocsin-hub backup takes one"
    if abs(now.wall - found.at) > BACKUP_LATE_MS:  # also one of a time to come: a clock was wrong
        return f"no backup has been taken for 2 days; {newest}"
    return None
