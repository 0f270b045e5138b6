"""Presses, texts, answers in any order: an answer covers only what was read, and no phone rings in vain."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.asking import Resolve
from hub.text_replies import READ_MS
from hub.text_words import TextCame, TextTaken
from hub.texts import code_of
from tests.scenarios.rig import Rig
from tests.scenarios.test_texts import NAMES, NUMBERS, texting

PEOPLE = st.sampled_from(sorted(NUMBERS))
FAR = st.sampled_from(["takes", "down", "hangs"])
PRESS = st.tuples(st.just("press"), st.sampled_from([101, 102, 103, 140]))
WAIT = st.tuples(st.just("wait"), st.sampled_from([0.5, 3.0, 11.0, 31.0, 61.0, 301.0]))
ACK = st.tuples(st.just("ack"), PEOPLE)
RARER = st.one_of(
    st.tuples(st.just("say"), PEOPLE, st.sampled_from(["ack", "status", "on scene", "hm", "need help"])),
    st.tuples(st.just("say"), PEOPLE, st.text(max_size=30)),
    st.tuples(st.just("far"), st.sampled_from(["sms", "calls"]), FAR),
    st.tuples(st.just("resolve"), st.sampled_from(["real", "false-alarm"])),
    st.tuples(st.just("restart"), st.sampled_from([0.0, 20.0])),
    st.tuples(st.just("clock"), st.sampled_from([-3600.0, 3600.0])),
)
STEPS = st.lists(st.one_of(PRESS, WAIT, ACK, RARER), min_size=10, max_size=40)


class History:
    """A school that texts; and what each phone can have read, reckoned by itself."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig

    def step(self, what: str, *values: Any) -> None:
        getattr(self, what)(*values)
        self.look()

    def press(self, room: int) -> None:
        self.rig.press(room)

    def wait(self, seconds: float) -> None:
        self.rig.handed.clear()
        before = self._resting()
        self.rig.wait(seconds)
        if before and before == self._resting():
            assert not [n for n in self.rig.handed if n.channel == "calls"], "a phone rang for nothing"

    def far(self, channel: str, how: Any) -> None:
        self.rig.far[channel] = how

    def resolve(self, disposition: Any) -> None:
        for one in list(self.rig.view.incidents.values()):
            self.rig.ask(Resolve(one.id, "Lee", "board", disposition))

    def restart(self, down_s: float) -> None:
        self.rig.restart(down_s)

    def clock(self, seconds: float) -> None:
        self.rig.wall_jumps(seconds)

    def ack(self, who: str) -> None:
        """Answer with the right code; rooms that can't have been read of must still ask."""
        for one in list(self.rig.view.incidents.values()):
            code = code_of(one.id, "sms", who)
            read = self._read(one.id, who)
            open_before = {room.place.device for room in one.rooms if room.asks and room.asks_since > read}
            self.say(who, f"ack {one.number} {code}")
            after = self.rig.view.incidents[one.id]
            still = {room.place.device for room in after.open_rooms}
            assert open_before <= still, f"{open_before} were acknowledged, of which nobody had read"

    def say(self, who: str, words: str) -> None:
        answer = self.rig.ask(TextCame("sms", who, NUMBERS[who], words, NAMES[who]))
        assert isinstance(answer, TextTaken)
        assert len(answer.reply) < 400

    def look(self) -> None:
        """After every step: nothing is due for ever."""
        due = self.rig.site.next_deadline()
        assert due is None or due > self.rig.now().mono - 1

    def _read(self, incident: str, who: str) -> int:
        """Return the newest revision that a phone was told ten seconds ago, by what its far side took."""
        shown = [
            (notice.at, notice.incident["revision"])
            for notice in self.rig.notices
            if notice.channel == "sms" and notice.incident["id"] == incident
        ]
        read = [revision for at, revision in shown if at * 1000 + READ_MS <= self.rig.t * 1000 + 1]
        return max(read, default=min((revision for _, revision in shown), default=1))

    def _resting(self) -> tuple[str, ...]:
        """Return the unresolved incidents, if somebody has all of each in hand."""
        found = list(self.rig.view.incidents.values())
        return tuple(one.id for one in found) if all(one.state == "acknowledged" for one in found) else ()


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(STEPS)
def test_any_text(empty_record: Path, steps: list[tuple[Any, ...]]) -> None:
    """Whatever people press, send and leave undone."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copy(empty_record, Path(folder) / "tocsin.db")
        rig = Rig(Path(folder), texting())
        rig.far["calls"] = "down"  # nobody picks up, until somebody does
        history = History(rig)
        for step in steps:
            history.step(*step)
