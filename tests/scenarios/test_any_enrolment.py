"""Identities in any history: codes, spares, agents that die on the way, a sick disk, clocks and kills."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from hub.asking import Refused
from hub.authority.names import agent_name
from hub.enrolment.asking import (
    Assigned,
    AssignSpare,
    CodeMade,
    Enrol,
    Enrolled,
    Hold,
    MakeCode,
    Renew,
    Revoke,
    SessionOver,
)
from hub.enrolment.book import Book
from tests.scenarios.rig import Rig
from tests.scenarios.test_enrolment import hashed

ROOMS = st.sampled_from(["room-101", "room-102"])
KEYS = st.integers(0, 2)


class AnyEnrolment(RuleBasedStateMachine):
    """Two rooms, codes that go astray, and machines that come with keys of theirs."""

    record: Path

    @initialize()
    def begin(self) -> None:
        self.data = Path(tempfile.mkdtemp())
        shutil.copy(self.record, self.data / "tocsin.db")
        self.rig = Rig(self.data)
        self.codes: list[tuple[str, str | None, bool]] = []
        """Secret, device, and whether it may replace."""
        self.used: dict[str, int] = {}
        """By which key each secret was first used, and was recorded so."""
        self.signed = 0
        self.revoked: set[str] = set()
        """Serials that the broker was ever told to refuse."""

    def teardown(self) -> None:
        if hasattr(self, "data"):
            shutil.rmtree(self.data)

    def ask(self, action: Any) -> Any:
        """Ask; what isn't written down is not believed: the door gives nothing of it away."""
        answer = self.rig.ask(action)
        return answer if isinstance(answer, Refused) or answer.recorded else None

    def held(self) -> list[str]:
        return [one.device for one in self.rig.site.book.all.values() if one.state == "held"]

    @rule(device=st.none() | ROOMS, replace=st.booleans())
    def somebody_makes_a_code(self, device: str | None, replace: bool) -> None:
        secret = f"code {len(self.codes)}"
        made = MakeCode(hashed(secret), device, 7200, "Lee", "command", replace)
        held = self.held()
        if isinstance(self.ask(made), CodeMade):
            assert replace or device not in held, "a code was made for a room that is taken"
            self.codes.append((secret, device, replace))

    @rule(which=st.integers(0, 3), key=KEYS)
    def a_machine_shows_a_code(self, which: int, key: int) -> None:
        """A code is one key's alone, however often it asks."""
        if not self.codes:
            return
        secret, device, replace = self.codes[-1 - which % len(self.codes)]
        held = self.held()
        hashed_key = hashed(f"key {key}")
        self.signed += 1
        name = device or f"spare-{hashed_key[:8]}"
        word = Enrol(hashed(secret), f"s{self.signed}", agent_name("lincoln", name), hashed_key, "PEM", "x")
        answer = self.ask(word)
        if isinstance(answer, Enrolled):
            assert self.used.setdefault(secret, key) == key
            is_new = answer.identity.serial == word.serial
            assert not is_new or device not in held or replace, "a room that is taken was signed for"

    @rule(which=st.integers(0, 30))
    def an_agent_shows_its_certificate(self, which: int) -> None:
        """One that is revoked is nobody's, for ever."""
        known = sorted(self.rig.view.identities)
        if not known:
            return
        serial = known[which % len(known)]
        was = self.rig.view.identities[serial]
        others = [
            one
            for one in self.rig.view.identities.values()
            if one.device == was.device and one.state == "held" and one.serial != serial
        ]
        answer = self.ask(Hold(serial, "x"))
        if isinstance(answer, Enrolled):
            assert was.state != "revoked"
            assert not others or was.replaces, "a room was taken that nobody gave away"

    @rule(which=st.integers(0, 9), device=ROOMS, replace=st.booleans())
    def a_spare_is_given_a_room(self, which: int, device: str, replace: bool) -> None:
        spares = sorted(one.device for one in self.rig.view.identities.values() if one.is_spare)
        if spares:
            answer = self.ask(AssignSpare(spares[which % len(spares)], device, "Lee", "board", replace))
            assert answer is None or isinstance(answer, Assigned | Refused)

    @rule(which=st.integers(0, 30), key=KEYS)
    def an_agent_wants_the_next(self, which: int, key: int) -> None:
        known = sorted(self.rig.view.identities)
        if not known:
            return
        own = self.rig.view.identities[known[which % len(known)]]
        self.signed += 1
        name = agent_name("lincoln", own.room or own.device)
        self.ask(Renew(own.serial, f"s{self.signed}", name, hashed(f"key {key}"), "PEM", "x"))

    @rule(device=ROOMS)
    def a_room_is_revoked(self, device: str) -> None:
        answer = self.ask(Revoke(device, "Lee", "command"))
        if answer is not None and not isinstance(answer, Refused):
            held = [one for one in self.rig.view.identities.values() if one.device == device]
            assert all(one.state == "revoked" for one in held)

    @rule()
    def sessions_are_ended(self) -> None:
        for one in self.rig.site.book.rights().close:
            self.rig._input(SessionOver(one.serial))

    @rule(seconds=st.sampled_from([1.0, 600.0, 3700.0, 7300.0]))
    def time_passes(self, seconds: float) -> None:
        self.rig.wait(seconds)

    @rule(seconds=st.sampled_from([-1e7, -4000.0, 4000.0, 1e7]))
    def the_clock_is_set(self, seconds: float) -> None:
        self.rig.wall_jumps(seconds)

    @rule(kept=st.integers(0, 1), which=st.integers(0, 3), key=KEYS, device=ROOMS)
    def a_word_is_lost_with_the_hub(self, kept: int, which: int, key: int, device: str) -> None:
        """Whether the disk had it or not, nobody heard the answer."""
        self.rig.disk = "hung"
        if which == 0:
            self.ask(Revoke(device, "Lee", "command"))
        elif which == 1:
            self.an_agent_shows_its_certificate(key)
        else:
            self.a_machine_shows_a_code(which, key)
        self.rig.commit_only(min(kept, len(self.rig.waiting)))
        self.rig.restart(2)

    @invariant()
    def a_room_has_one_agent_and_the_broker_knows_no_other(self) -> None:
        if not hasattr(self, "rig"):
            return
        every = self.rig.site.book.all.values()
        held = self.held()
        assert len(held) == len(set(held)), "two agents hold one room"
        rights = self.rig.site.book.rights()
        assert rights.devices == {device for device in held if not device.startswith("spare-")}
        assert set(rights.revoked) == {one.serial for one in every if one.state == "revoked"}

    @invariant()
    def who_was_refused_is_refused_for_ever(self) -> None:
        if not hasattr(self, "rig"):
            return
        now = set(self.rig.site.book.rights().revoked)
        assert self.revoked <= now, "somebody who was revoked is back"
        self.revoked = now


def run(record: Path, examples: int, *, finds: bool = False) -> None:
    """Run the machine; ``finds``: a fault is planted, and need not be told shortly."""
    machine = type("Machine", (AnyEnrolment,), {"record": record})
    phases = (Phase.generate,) if finds else (Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=30,
            deadline=None,
            phases=phases,
            derandomize=finds,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_history_gives_a_room_to_two(empty_record: Path) -> None:
    """Nor lets anybody back who was shut out, nor a code be used by two."""
    run(empty_record, 40)


def a_code_that_anybody_may_use_again(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Book, "no_longer", lambda *_: None)


def an_older_one_that_goes_on(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Book, "end", lambda *_: None)


@pytest.mark.parametrize("plant", [a_code_that_anybody_may_use_again, an_older_one_that_goes_on])
def test_a_planted_fault_is_found(
    empty_record: Path, monkeypatch: pytest.MonkeyPatch, plant: Callable[[pytest.MonkeyPatch], None]
) -> None:
    plant(monkeypatch)
    with pytest.raises(BaseException):  # noqa: B017, PT011 - hypothesis may raise a group of them
        run(empty_record, 60, finds=True)
