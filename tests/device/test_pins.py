"""The pins on gpiozero's mock factory, an MCP3008 on its mock SPI, and a chip that goes and comes back."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin, MockPWMPin, MockSPIDevice

from config.agent_settings import AdcSettings, SounderSettings, StrobeSettings, ZoneSettings
from device import adc
from device import pins as pins_module
from device.board import LOOK_S, Board
from device.facts import Contact, Fact, Unreadable
from device.pins import Pins, PinsError, open_factory
from tests.device.room import ZONES, settings
from tests.device.test_on_a_broker import until

PAIR = ZoneSettings(zone="wall", kind="panic", circuit="pair", pin=17, nc_pin=23)
EOL = ZoneSettings(zone="desk", kind="panic", circuit="eol", channel=3)
FELT = ZoneSettings(zone="felt", kind="panic", circuit="no", pin=5, lamp_pin=6, haptic_pin=12)


class Facts:
    """What was put on the loop's queue."""

    def __init__(self) -> None:
        self.put: queue.SimpleQueue[Fact] = queue.SimpleQueue()

    def all(self) -> list[Fact]:
        found = []
        while not self.put.empty():
            found.append(self.put.get_nowait())
        return found

    def contacts(self) -> list[tuple[str, Any, str]]:
        return [(f.zone, f.reading, f.how) for f in self.all() if isinstance(f, Contact)]

    def unreadable(self) -> set[str]:
        return {fact.zone for fact in self.all() if isinstance(fact, Unreadable)}


@pytest.fixture
def facts() -> Facts:
    return Facts()


@pytest.fixture
def claim(facts: Facts, tmp_path: Path) -> Iterator[Callable[..., Pins]]:
    made: list[Pins] = []

    def claim(factory: Any, *zones: ZoneSettings, **parts: Any) -> Pins:
        made.append(Pins(settings(tmp_path, zones=zones or ZONES, **parts), facts.put.put, factory))
        return made[-1]

    yield claim
    for pins in made:
        pins.close()


def test_every_edge_is_a_fact(facts: Facts, claim: Callable[..., Pins]) -> None:
    """Each zone is reported as it is at first, then each move; ten presses are twenty facts."""
    factory = open_factory("mock")
    pins = claim(factory)
    pins.start()
    assert [fact[2] for fact in facts.contacts()] == ["first"] * 3
    for _ in range(10):
        factory.pin(27).drive_low()
        factory.pin(27).drive_high()
    assert facts.contacts() == [("desk", True, "moved"), ("desk", False, "moved")] * 10


def test_a_pair_is_read_whole(facts: Facts, claim: Callable[..., Pins]) -> None:
    """Each move of either contact tells both, as they are then."""
    factory = open_factory("mock")
    factory.pin(23).drive_low()
    pins = claim(factory, PAIR)
    pins._contacts["wall"]  # claimed: the pulls are on, and the contact that is closed holds its pin low
    factory.pin(23).drive_low()
    pins.start()
    assert facts.contacts() == [("wall", (False, True), "first")]
    factory.pin(23).drive_high()
    factory.pin(17).drive_low()
    assert facts.contacts() == [("wall", (False, False), "moved"), ("wall", (True, False), "moved")]


def test_a_lost_edge_swallows_nothing(facts: Facts, claim: Callable[..., Pins]) -> None:
    """After a release that nobody told of, the next press is told, and reading again finds a loss."""
    factory = open_factory("mock")
    pins = claim(factory)
    pins.start()
    facts.all()
    pin = factory.pin(27)
    pin.drive_low()
    heard, pin.when_changed = pin.when_changed, None
    pin.drive_high()  # lost
    pin.when_changed = heard
    pin.drive_low()
    pin.when_changed = None
    pin.drive_high()  # lost
    assert facts.contacts() == [("desk", True, "moved")] * 2
    pins.look()
    assert ("desk", False, "again") in facts.contacts()


def test_an_edge_is_stamped_by_the_kernel(facts: Facts, claim: Callable[..., Pins]) -> None:
    """However late the callback comes; a stamp of another clock is not believed."""
    factory = open_factory("mock")
    pins = claim(factory)
    pins.start()
    facts.all()
    heard = factory.pin(27).when_changed
    at = time.monotonic() - 0.025
    heard(at, 0)
    heard(1_790_000_000.0, 1)
    first, second = facts.all()
    assert first.mono == at
    assert abs(second.mono - time.monotonic()) < 5.0


def test_outputs_have_names(claim: Callable[..., Pins]) -> None:
    """A lamp is dimmed by its setting, a motor, sounder or strobe is on or off."""
    factory = open_factory("mock")
    parts = {"sounder": SounderSettings(pin=20), "strobe": StrobeSettings(pin=21, postures=("lockdown",))}
    pins = claim(factory, FELT, **parts)
    for output in ("lamp", "lamp felt", "haptic felt", "sounder", "strobe", "nothing"):
        pins.drive(output, 1.0)
    levels = {pin: float(factory.pin(pin).state) for pin in (18, 6, 12, 20, 21)}
    assert levels == {18: 0.15, 6: 0.15, 12: 1.0, 20: 1.0, 21: 1.0}


def test_one_pin_that_is_taken_costs_only_itself(facts: Facts, claim: Callable[..., Pins]) -> None:
    """What can't be had is named; the other zones are read, and it is had once it is free."""
    factory = open_factory("mock")
    other = claim(factory, ZONES[1])  # holds GPIO 27 and the lamp's pin
    pins = claim(factory)
    pins.start()
    assert pins.unreadable == {"desk": "GPIO 27: GPIOPinInUse: pin GPIO27 is already in use by "
                               + pins.unreadable["desk"].split("in use by ")[1]}  # fmt: skip
    assert "lamp" in pins.faults
    assert {zone for zone, _, _ in facts.contacts()} == {"wall", "door"}
    for device in [*other._contacts["desk"], *other._outputs.values()]:
        device.close()
    pins.retry()
    assert not pins.unreadable
    assert not pins.faults
    facts.all()
    factory.pin(27).drive_low()
    assert facts.contacts() == [("desk", True, "moved")]


def test_the_other_contact_of_a_pair_is_known_at_once(
    facts: Facts, claim: Callable[..., Pins], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Claimed anew, and moved before the next look: what the other contact reads is no guess."""
    factory = open_factory("mock")
    other = claim(factory, ZoneSettings(zone="desk", kind="panic", circuit="no", pin=17))
    pins = claim(factory, PAIR)
    pins.start()
    assert set(pins.unreadable) == {"wall"}
    other.close()
    closed = factory.pin(23)
    claimed = type(closed)._set_pull

    def pulled(pin: Any, pull: str) -> None:
        claimed(pin, pull)
        if pin is closed:  # the contact that is closed holds its pin low against the pull
            pin._state = False

    monkeypatch.setattr(type(closed), "_set_pull", pulled)
    pins.retry()
    facts.all()
    factory.pin(17).drive_low()
    assert facts.contacts() == [("wall", (True, True), "moved")]


class Mcp3008(MockSPIDevice):
    """Answers as Microchip's DS21295 (figure 5-1) says: start, single/differential, three bits of input."""

    def __init__(self, *pins: int, counts: dict[int, int], factory: Any) -> None:
        self.counts = counts
        super().__init__(*pins, pin_factory=factory)

    def on_start(self) -> None:
        super().on_start()
        self.asked: int | None = None

    def on_bit(self) -> None:
        if self.asked is None and self.rx_buf and any(self.rx_buf) and self._after_start() == 4:
            bits = [int(bit) for bit in self.rx_buf][-3:]
            self.asked = bits[0] << 2 | bits[1] << 1 | bits[2]
            self.tx_word(self.counts[self.asked], 12)  # a null bit comes before the ten

    def _after_start(self) -> int:
        bits = [bool(bit) for bit in self.rx_buf]
        return len(bits) - bits.index(True) - 1


@pytest.fixture
def spi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The kernel's device of the SPI bus, which is on."""
    monkeypatch.setattr(adc, "DEVICES", tmp_path)
    device = tmp_path / "spidev0.0"
    device.touch()
    return device


def test_an_mcp3008_is_read(claim: Callable[..., Pins], monkeypatch: pytest.MonkeyPatch, spi: Path) -> None:
    """gpiozero's MCP3008 reads the right input, as a share of full scale; its mock has no real bus."""
    factory = MockFactory(pin_class=MockPin)
    monkeypatch.setattr(Device, "pin_factory", factory)  # its software SPI has no other way to find it
    with Mcp3008(11, 10, 9, 8, counts={3: 512, 0: 1}, factory=factory):
        pins = claim(factory, EOL, adc=AdcSettings(), lamp=None, pins="lgpio")
        assert pins.read() == {"desk": pytest.approx(512 / 1023, abs=0.002)}


class Bus(MockFactory):
    """A machine whose SPI bus can be opened, or not."""

    def __init__(self) -> None:
        super().__init__(pin_class=MockPWMPin)
        self.opens = False

    def _get_spi_class(self, shared: bool, hardware: bool) -> Any:
        """Fail where the kernel's bus is asked for; toggling the pins always works."""
        if hardware and not self.opens:
            return self._refuse
        return super()._get_spi_class(shared, hardware)

    def _refuse(self, **_: Any) -> Any:
        raise OSError("can not open SPI device")


def test_with_spi_off_its_zones_cant_be_read_and_come_back(
    claim: Callable[..., Pins], spi: Path, monkeypatch: pytest.MonkeyPatch, recwarn: pytest.WarningsRecorder
) -> None:
    """No toggling of pins in its place; every other zone works, and each look tries again."""
    spi.unlink()
    factory = Bus()
    monkeypatch.setattr(Device, "pin_factory", factory)  # as above
    pins = claim(factory, EOL, PAIR, adc=AdcSettings(), lamp=None, pins="lgpio")
    assert pins.unreadable == {
        "desk": f"input 3 of the ADC: SPI is off (no {spi}); switch it on: sudo raspi-config,"
        " Interface Options, SPI"
    }
    assert pins.read().keys() == {"wall"}
    spi.touch()
    pins.retry()
    assert pins.unreadable["desk"].startswith(f"input 3 of the ADC: {spi} can't be opened: ")
    assert "can not open SPI device" in pins.unreadable["desk"]
    factory.opens = True
    pins.retry()
    assert pins.unreadable == {}
    assert not recwarn.list


def test_spi_of_another_group(claim: Callable[..., Pins], spi: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Told with the group and how to join it."""
    monkeypatch.setattr(adc.os, "access", lambda *_: False)
    monkeypatch.setattr(adc, "this_user", lambda: "tocsin-agent")
    pins = claim(Bus(), EOL, adc=AdcSettings(), lamp=None, pins="lgpio")
    assert f"user tocsin-agent may not use {spi}; put it into the group spi" in pins.unreadable["desk"]


def test_mock_pins_have_no_adc(claim: Callable[..., Pins], recwarn: pytest.WarningsRecorder) -> None:
    """In our words, without a bus that is made up."""
    pins = claim(open_factory("mock"), EOL, adc=AdcSettings(), lamp=None)
    assert pins.unreadable == {"desk": 'input 3 of the ADC: with pins = "mock" there is no ADC'}
    assert not recwarn.list


def test_a_chip_of_another_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """There, and not for us: told with the group and how to join it."""
    if Path("/dev/gpiochip0").exists():
        pytest.skip("this machine has GPIO")
    monkeypatch.setattr(pins_module, "DEVICES", tmp_path)
    with pytest.raises(PinsError, match="run on a Raspberry Pi"):
        open_factory("lgpio")
    (tmp_path / "gpiochip0").touch()
    monkeypatch.setattr(pins_module.os, "access", lambda *_: False)
    with pytest.raises(
        PinsError, match=r"may not use .*/gpiochip0; put it into the group gpio: sudo usermod"
    ):
        open_factory("lgpio")


class Chip:
    """A GPIO chip that can be taken away: what is opened while it is there dies with it."""

    def __init__(self) -> None:
        self.there = True
        self.factory = open_factory("mock")

    def open(self) -> Any:
        if not self.there:
            raise OSError("no /dev/gpiochip0")
        self.factory = open_factory("mock")
        for pin in (17, 27):
            self.factory.pin(pin).drive_high()
        self.factory.pin(22).drive_low()
        self.factory.voltages = {3: 0.5}  # of the ADC, which is on another chip
        return self.factory

    def take_away(self, mocker: Any) -> None:
        self.there = False
        for way in ("_get_state", "_set_state"):
            mocker.patch.object(MockPWMPin, way, side_effect=OSError("no such device"))

    def bring_back(self, mocker: Any) -> None:
        self.there = True
        mocker.stopall()


def test_a_chip_that_goes_comes_back(facts: Facts, tmp_path: Path, mocker: Any) -> None:
    """While it is gone every zone is unreadable; then each is read anew, and the lamp is as it was."""
    chip = Chip()
    board = Board(settings(tmp_path), facts.put.put, chip.open)
    board.start(100.0)
    board.drive("lamp", 1.0)
    facts.all()
    chip.take_away(mocker)
    board.look(board.look_at)
    assert facts.unreadable() == {"wall", "desk", "door"}
    board.look(board.look_at)
    assert facts.unreadable() == {"wall", "desk", "door"}
    chip.bring_back(mocker)
    board.look(board.look_at)
    assert {(zone, how) for zone, _, how in facts.contacts()} == {
        ("wall", "first"),
        ("desk", "first"),
        ("door", "first"),
    }
    assert float(chip.factory.pin(18).state) == 0.15
    chip.factory.pin(27).drive_low()
    assert facts.contacts() == [("desk", True, "moved")]
    board.close()


def test_a_chip_without_contacts_is_opened_again(facts: Facts, tmp_path: Path, mocker: Any) -> None:
    """With all zones on the ADC the outputs tell that it is gone: once all have failed, not one of two."""
    chip = Chip()
    room = settings(tmp_path, zones=(EOL,), adc=AdcSettings(), sounder=SounderSettings(pin=20))
    board = Board(room, facts.put.put, chip.open)
    board.start(100.0)
    board.drive("lamp", 1.0)
    first = chip.factory
    chip.take_away(mocker)
    board.drive("lamp", 0.0)
    board.look(board.look_at)
    assert board.faults().keys() == {"lamp"}
    assert not facts.unreadable()  # the lamp alone has failed so far
    board.drive("lamp", 1.0)
    board.drive("sounder", 1.0)
    board.look(board.look_at)
    assert facts.unreadable() == {"desk"}  # let go, and not to be had
    chip.bring_back(mocker)
    board.look(board.look_at)
    assert chip.factory is not first
    assert facts.contacts() == [("desk", 0.5, "first")]
    assert not board.faults()
    assert float(chip.factory.pin(18).state) == 0.15
    assert float(chip.factory.pin(20).state) == 1.0
    board.close()


def test_no_chip_at_the_start(facts: Facts, tmp_path: Path) -> None:
    """An agent whose pins can't be opened runs, says so, and tries again at each look."""
    chip = Chip()
    chip.there = False
    board = Board(settings(tmp_path), facts.put.put, chip.open)
    board.start(100.0)
    assert facts.unreadable() == {"wall", "desk", "door"}
    chip.there = True
    assert board.look_at == 100.0 + LOOK_S
    board.look(board.look_at)
    assert len(facts.contacts()) == 3
    board.close()


class LateFactory(MockFactory):
    """An ADC that can't be had at first."""

    def __init__(self) -> None:
        super().__init__(pin_class=MockPWMPin)
        self.there: dict[int, float] = {3: 0.5}
        self.away = True

    @property
    def voltages(self) -> dict[int, float]:
        if self.away:
            raise OSError("no such bus")
        return self.there


def test_an_adc_that_comes_late_is_sampled(facts: Facts, claim: Callable[..., Pins]) -> None:
    """Once it can be had, a press of 60 ms is seen as one: not only what the looks find every 2 s."""
    factory = LateFactory()
    pins = claim(factory, EOL, adc=AdcSettings())
    pins.start()
    assert facts.unreadable() == {"desk"}
    factory.away = False
    pins.retry()
    factory.there[3] = 1 / 3
    until(lambda: ("desk", 1 / 3, "moved") in facts.contacts())


def test_an_output_that_is_mended_shows_what_it_should(facts: Facts, tmp_path: Path, mocker: Any) -> None:
    """A lamp that failed once is lit again, though what it is to show has not changed since."""
    chip = Chip()
    board = Board(settings(tmp_path), facts.put.put, chip.open)
    board.start(100.0)
    mocker.patch.object(MockPWMPin, "_set_state", side_effect=OSError("no such device"))
    board.drive("lamp", 1.0)
    assert "lamp" in board.faults()
    mocker.stopall()
    board.look(board.look_at)
    assert not board.faults()
    assert float(chip.factory.pin(18).state) == 0.15
    board.close()
