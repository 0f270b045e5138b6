"""``check --walk``, its core: what a person does and what the wires read becomes a verdict."""

from __future__ import annotations

import pytest

from device.circuit import Reading
from device.walk import Action, Drive, Key, Result, Walk
from tests.device.wired import ACTIVE, NORMAL, room

STEP = 0.05
ZONES = list(NORMAL)
OUTPUTS = ["lamp", "haptic desk", "sounder", "strobe"]


class Bench:
    """A walk on a fake clock."""

    def __init__(self, start: dict[str, Reading] | None = None) -> None:
        self.now = 1000.0
        self.readings = {**NORMAL, **(start or {})}
        self.unreadable: dict[str, str] = {}
        self.walk = Walk(room(), self.now)
        self.did: list[Action] = []

    def wait(self, seconds: float, **readings: Reading) -> list[Action]:
        """Let time pass with these readings; returns what the walk did meanwhile."""
        self.readings |= readings
        before = len(self.did)
        end = self.now + seconds
        while self.now < end:
            self.did += self.walk.read(self.now, self.readings, self.unreadable)
            self.now += STEP
        return self.did[before:]

    def key(self, key: Key) -> list[Action]:
        found = self.walk.key(self.now, key)
        self.did += found
        return found

    def until(self, name: str) -> None:
        """Skip to the zone or output of this name."""
        while self.walk.left[0] != name:
            self.key("skip")

    def press(self, zone: str, reading: Reading | None = None, rest: Reading | None = None) -> str:
        """Be asked for a zone, move it, let it go; returns the verdict's words."""
        self.until(zone)
        self.wait(4)
        self.wait(1, **{zone: ACTIVE[zone] if reading is None else reading})
        self.wait(1, **{zone: NORMAL[zone] if rest is None else rest})
        return self.verdict(zone)

    def verdict(self, zone: str) -> str:
        found = [result for result in self.walk.results if result.name == zone]
        assert found, f"{zone} is still asked for: {self.walk.ask}"
        assert found[0].is_well is found[0].words.startswith("well")
        return found[0].words


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_that_moves_as_it_should_is_well(zone: str) -> None:
    """And what its wiring can't show is said with it."""
    said = Bench().press(zone)
    assert said == ("well, wiring not supervised" if zone == "wall" else "well")


def test_the_questions_come_one_after_the_other_with_what_is_read() -> None:
    """A button is left alone, pressed, released; the live words change with the wire."""
    bench = Bench()
    assert bench.walk.ask == "leave 'wall button' at GPIO 17 (position 11) alone"
    bench.wait(1)
    assert bench.walk.ask == "press and hold 'wall button' at GPIO 17 (position 11)"
    assert bench.walk.live == "contact open: normal"
    bench.wait(0.5, wall=True)
    assert bench.walk.live == "contact closed: active"
    assert bench.walk.ask == "release 'wall button' at GPIO 17 (position 11)"
    assert bench.wait(0.5, wall=False) == [Result("wall", True, "well, wiring not supervised")]
    assert "'desk' at GPIO 27 (position 13)" in bench.walk.ask
    bench.until("window")
    bench.wait(0.5)
    assert bench.walk.live == "4.70 kilohm, 1.65 V, 512 of 1023: normal"
    bench.wait(1, door=False)
    bench.until("door")
    assert bench.walk.ask == "shut 'door' at GPIO 22 (position 15)"


@pytest.mark.parametrize(
    ("zone", "reads", "words"),
    [
        ("wall", False, "never closed; GPIO 17 (position 11) to ground?"),
        ("wall", True, "closed all the time: pins swapped or button stuck? Or GPIO 17"),
        ("desk", (False, True), "never moved; is NO at GPIO 27 (position 13), and NC at GPIO 23"),
        ("desk", (True, False), "reads as pressed all the time: GPIO 27 (position 13) and GPIO 23"),
        ("desk", (False, False), "both contacts open: the wire of the contact that opens (GPIO 23"),
        ("desk", (True, True), "both contacts closed: the wire of NO (GPIO 27, position 13) touches ground"),
        ("window", 0.5, "never changed: only the end-of-line resistor is seen; is the contact"),
        ("window", 1.0, "ADC input 0 sees nothing connected: a wire is off or cut"),
        ("window", 0.0, "ADC input 0 sees no resistance: its wires touch; or the MCP3008 has no supply"),
        ("window", 1 / 3, "reads as active all the time: button stuck, or contact = 'nc'?"),
        ("door", True, "closed all the time: pins swapped, or the magnet always near?"),
        ("door", False, "open all the time; GPIO 22 (position 15) to ground? A wire off, or magnet too far?"),
    ],
)  # fmt: skip
def test_a_zone_that_never_moves_is_told_what_it_mostly_is(zone: str, reads: Reading, words: str) -> None:
    """Within a minute, whatever it reads."""
    bench = Bench({zone: reads})
    bench.until(zone)
    bench.wait(60)
    assert bench.verdict(zone).startswith(words)


@pytest.mark.parametrize(
    ("zone", "start", "pressed", "words"),
    [
        ("wall", True, False, "works the wrong way round: use the contact's other screw, or set"),
        ("desk", (True, False), (False, True), "works the wrong way round: swap GPIO 27 (position 13) and"),
        ("window", 1 / 3, 0.5, "works the wrong way round: contact = 'nc'"),
        ("desk", (False, True), (False, False), "pressed, both contacts are open: the wire of the contact"),
        ("desk", (False, True), (True, True), "pressed, both contacts are closed: the wire of NC (GPIO 23"),
        ("window", 0.5, 0.0, "pressed, it reads a short: the contact has no resistor in series"),
        ("store", 0.5, 1.0, "pressed, it reads a cut: the contact has no resistor across it"),
    ],
)  # fmt: skip
def test_a_zone_that_moves_wrongly(zone: str, start: Reading, pressed: Reading, words: str) -> None:
    """The press itself shows what rest can't."""
    assert Bench({zone: start}).press(zone, pressed, start).startswith(words)


def test_another_button_that_moves_instead_is_named() -> None:
    """At once, not after the whole wait."""
    bench = Bench()
    bench.until("wall")
    bench.wait(1)
    bench.wait(3, desk=(True, False))
    assert bench.verdict("wall") == "another zone moved instead: desk: are the two swapped?"


def test_a_door_that_moves_meanwhile_is_nobodys_fault() -> None:
    """People walk through doors."""
    bench = Bench()
    bench.wait(1)
    bench.wait(4, door=False)
    assert bench.walk.left[0] == "wall"
    assert bench.press("wall").startswith("well")


def test_a_button_that_moves_with_it_is_named() -> None:
    """Their wires touch."""
    bench = Bench()
    bench.wait(1)
    bench.wait(1, wall=True, desk=(True, False))
    bench.wait(1, wall=False, desk=(False, True))
    assert bench.verdict("wall") == "desk moved with it: do their wires touch?"


def test_a_button_that_stays_in_is_told() -> None:
    """It was seen pressed and never came back."""
    bench = Bench()
    bench.wait(1)
    bench.wait(20, wall=True)
    assert bench.verdict("wall") == "did not come back to rest: stuck, or not let go?"


def test_a_bounce_and_a_changeovers_passage_are_no_verdict() -> None:
    """Both contacts open for 100 ms is a button on its way."""
    bench = Bench()
    bench.until("desk")
    bench.wait(1)
    bench.wait(0.1, desk=(False, False))
    bench.wait(1, desk=(True, False))
    bench.wait(0.1, desk=(False, False))
    bench.wait(1, desk=(False, True))
    assert bench.verdict("desk") == "well"


def test_a_button_still_held_from_before_is_waited_for() -> None:
    """The walk begins with rest."""
    bench = Bench({"wall": True})
    bench.wait(2)
    assert bench.walk.ask.startswith("leave")
    bench.wait(1, wall=False)
    assert bench.walk.ask.startswith("press")


def test_a_zone_that_cant_be_read_is_told_with_the_reason() -> None:
    """And the walk goes on."""
    bench = Bench()
    bench.unreadable = {"wall": "GPIO 17: busy"}
    del bench.readings["wall"]
    assert bench.wait(STEP) == [Result("wall", False, "can't be read: GPIO 17: busy")]
    assert bench.walk.left[0] == "desk"


def test_outputs_are_shown_and_asked_for() -> None:
    """A lamp until it is answered for; motor and sounder end by themselves; the strobe asks first."""
    bench = Bench()
    bench.until("lamp")
    assert bench.wait(1) == [Drive("lamp", 1.0)]
    assert bench.walk.ask == "lamp, the room's lamp, brightness 0.15: did it light? [y/n]"
    assert bench.key("yes") == [Drive("lamp", 0.0), Result("lamp", True, "well")]
    assert bench.wait(3) == [Drive("haptic desk", 1.0), Drive("haptic desk", 0.0)]
    assert "did you feel it? [y/n]" in bench.walk.ask
    bench.key("no")
    assert bench.verdict("haptic desk").startswith("doesn't move: ")
    assert bench.wait(3) == [Drive("sounder", 1.0), Drive("sounder", 0.0)]
    bench.key("yes")
    assert bench.wait(3) == []
    assert bench.walk.ask == "strobe, on in lockdown: switch it on now? [y/n]"
    assert bench.key("yes") == [Drive("strobe", 1.0)]
    assert bench.key("yes") == [Drive("strobe", 0.0), Result("strobe", True, "well")]
    assert bench.walk.done
    assert not bench.walk.is_well


def test_a_strobe_that_may_not_be_tried_stays_dark() -> None:
    """It is not driven, and not called well."""
    bench = Bench()
    bench.until("strobe")
    bench.wait(1)
    bench.did.clear()
    bench.key("no")
    assert bench.verdict("strobe") == "not tried"
    assert Drive("strobe", 1.0) not in bench.did


def test_a_whole_room_that_is_well() -> None:
    """Every zone pressed, every output answered for: only then is all well."""
    bench = Bench()
    for zone in ZONES:
        assert not bench.walk.is_well
        bench.press(zone)
    for _ in OUTPUTS:
        bench.wait(1)
        bench.key("yes")
    bench.key("yes")
    assert bench.walk.is_well
    assert [result.name for result in bench.walk.results] == ZONES + OUTPUTS
    assert bench.walk.ask == bench.walk.live == ""


def test_what_was_skipped_is_not_well() -> None:
    """Nothing unproved is called proved."""
    bench = Bench()
    while not bench.walk.done:
        bench.key("skip")
    assert not bench.walk.is_well
    assert {result.words for result in bench.walk.results} == {"skipped"}
