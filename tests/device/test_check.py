"""``tocsin-device check``: a technician can finish an installation from its words alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config.agent_settings import AgentSettings
from device import check
from device.circuit import Reading
from device.found import Found
from device.pins import PinsError
from device.service import Service
from device.ups import UpsStatus
from tests.device.ups.test_line import StandIn
from tests.device.wired import NORMAL, WiredPins, room


@pytest.fixture(autouse=True)
def reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every broker is reached, and nothing is waited for."""
    monkeypatch.setattr(check, "reach", lambda link, trusted, name: Found(lines=["reached"]))
    monkeypatch.setattr(check, "ask_systemd", lambda: None)
    monkeypatch.setattr(check.data_folder, "look", lambda data, service: Found(lines=["data well"]))
    monkeypatch.setattr(check, "clock_synced", lambda: True)
    monkeypatch.setattr(check, "PULL_UP_S", 0.0)


def said(pins: WiredPins | None = None, settings: AgentSettings | None = None) -> tuple[list[str], int]:
    """Return what check says, line by line, and its exit code."""
    lines: list[str] = []
    code = check.check(settings or room(), lambda: pins or WiredPins(), lines.append)
    return lines, code


def test_every_zone_has_its_place_and_what_it_reads() -> None:
    """GPIO and position, or the ADC's input; the bands in ohms, volts and counts."""
    lines, code = said()
    assert code == 0
    assert lines[0] == "Room 101 (lincoln/room-101): the settings are right"
    table = [" ".join(line.split()) for line in lines]
    for line in (
        "wall GPIO 17 (position 11) panic, no: contact open, normal now, wiring not supervised (wall button)",
        "desk GPIO 27 (position 13) panic, pair: NO open, NC closed, normal now (desk)",
        "GPIO 23 (position 16) its contact that opens (NC)",
        "window ADC input 0 (MCP3008 pin 1) assist, eol: 4.70 kilohm, 1.65 V, 512 of 1023, normal now"
        " (window)",
        "short 0 ohm 0.00 V believed from 0 to 170",
        "active 2.35 kilohm 1.10 V believed from 170 to 426",
        "active 9.40 kilohm 2.20 V believed from 597 to 852",
        "cut nothing connected 3.30 V believed from 767 to 1023",
        "door GPIO 22 (position 15) door, nc: contact closed, normal now (door)",
        "lamp GPIO 18 (position 12) the room's lamp, brightness 0.15",
        "haptic desk GPIO 24 (position 18) the motor in 'desk'",
        "sounder GPIO 25 (position 22) tells medical, assist aloud",
        "strobe GPIO 12 (position 32) on in lockdown",
    ):
        assert line in table, line


def test_an_unsupervised_button_is_never_plain_ready() -> None:
    """Its last line says what its wiring can't show; without such a button it is plain."""
    lines, _ = said()
    assert lines[-1] == "ready, but wall: wiring not supervised"
    assert any(line.startswith("warning: wall: wiring not supervised") for line in lines)
    zones = [{"zone": "desk", "kind": "panic", "circuit": "pair", "pin": 27, "nc_pin": 23}]
    lines, _ = said(WiredPins({"desk": (False, True)}), room(zones=zones, adc=None))
    assert lines[-1] == "ready"


@pytest.mark.parametrize(
    ("zone", "reads", "words"),
    [
        ("wall", True, "wall: reads as pressed"),
        ("desk", (False, False), "desk: both contacts open: the wire of the contact that opens (GPIO 23"),
        ("desk", (True, True), "desk: both contacts closed"),
        ("window", 1.0, "window: ADC input 0 sees nothing connected"),
        ("store", 0.0, "store: ADC input 1 sees no resistance"),
    ],
)  # fmt: skip
def test_a_zone_that_reads_a_fault_is_told_last_with_what_it_mostly_is(
    zone: str, reads: Reading, words: str
) -> None:
    """The settings are right all the same: the exit code stays 0."""
    lines, code = said(WiredPins({**NORMAL, zone: reads}))
    assert code == 0
    assert lines[-1].startswith(f"NOT READY: {words}")


def test_an_open_door_is_ready() -> None:
    """It is a state, no fault."""
    lines, _ = said(WiredPins({**NORMAL, "door": False}))
    assert lines[-1].startswith("ready")


def test_pins_that_the_running_agent_holds() -> None:
    """Each zone says so, with the cure; exit 2, and the brokers are tried all the same."""
    pins = WiredPins()
    pins.unreadable = {"wall": "GPIO 17: error: 'GPIO busy'"}
    pins.faults = {"lamp": "GPIO 18: error: 'GPIO busy'"}
    lines, code = said(pins)
    assert code == 2
    assert "  reached" in lines
    last = [line for line in lines if line.startswith("NOT READY: ")]
    assert [line.split()[2] for line in last] == ["wall:", "lamp:"]
    assert all("sudo systemctl stop tocsin-agent" in line for line in last)


def test_without_pins_the_rest_is_said_before_it_ends() -> None:
    """The table of places, the links; then the error itself."""
    lines: list[str] = []

    def none() -> WiredPins:
        raise PinsError("GPIO can't be opened")

    with pytest.raises(PinsError):
        check.check(room(), none, lines.append)
    assert any("GPIO 17 (position 11)" in line and "not read: " in line for line in lines)
    assert "  reached" in lines
    assert lines[-1] == "NOT READY: GPIO can't be opened"


def test_a_broker_that_cant_be_reached_is_named_before_it_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt may take seconds: nobody looks at a silent screen. It is no fault of the settings."""
    lines: list[str] = []

    def reach(link: Any, *_: Any) -> Found:
        assert lines[-1] == f"link {link.name}: trying 127.0.0.1:1883, on this machine, without TLS ..."
        return Found(faults=[f"link {link.name}: nothing listens there; start the broker"])

    monkeypatch.setattr(check, "reach", reach)
    settings = room(links=[{"name": "one"}, {"name": "two"}])
    assert check.check(settings, WiredPins, lines.append) == 0
    assert lines[-2:] == [
        "NOT READY: link one: nothing listens there; start the broker",
        "NOT READY: link two: nothing listens there; start the broker",
    ]


@pytest.mark.parametrize(("settle_ms", "warned"), [(39, 1), (40, 0)])
def test_an_adc_is_not_read_as_often_as_a_pin(settle_ms: int, warned: int) -> None:
    """A settle time of less than two readings lets one odd reading count."""
    zones = [{"zone": "desk", "kind": "panic", "circuit": "eol", "channel": 0, "settle_ms": settle_ms}]
    lines, _ = said(WiredPins({"desk": 0.5}), room(zones=zones))
    assert sum(line.startswith(f"warning: desk: settle_ms = {settle_ms}") for line in lines) == warned


def test_mock_pins_are_never_ready() -> None:
    """A green check of pins that nobody read would be a false calm."""
    lines, code = said(settings=room(pins="mock"))
    assert code == 0
    assert lines[-1] == 'NOT READY: pins = "mock": no real pin was read'


@pytest.mark.parametrize(
    ("synced", "words"),
    [(True, ", synchronised"), (None, "can't be known here"), (False, "NOT synchronised: presses go out")],
)  # fmt: skip
def test_the_clock_is_told(synced: bool | None, words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a true clock an agent works in full."""
    monkeypatch.setattr(check, "clock_synced", lambda: synced)
    lines, _ = said()
    assert any(line.startswith("clock: ") and words in line for line in lines)
    assert lines[-1].startswith("ready")


def test_with_whose_rights_it_was_tried() -> None:
    """Said first: root's word for the service's rights is worth nothing."""
    lines: list[str] = []
    check.check(room(), WiredPins, lines.append, "tried as tocsin-agent, the service's user")
    assert lines[1] == "tried as tocsin-agent, the service's user"


def test_the_outboxs_folder_is_told_with_the_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """Well as a line, else last; it is asked for as the settings name it."""
    asked: list[Any] = []

    def look(*about: Any) -> Found:
        asked.append(about)
        return Found(faults=["data /var/lib/tocsin/agent: is full"])

    assert "data well" in said()[0]
    monkeypatch.setattr(check.data_folder, "look", look)
    lines, code = said()
    assert (lines[-1], code) == ("NOT READY: data /var/lib/tocsin/agent: is full", 0)
    assert asked == [(Path("/var/lib/tocsin/agent"), None)]


class Contacts:
    """A UPS on pins that says this."""

    def __init__(self, *says: bool | None) -> None:
        self.says = UpsStatus(*says)

    def read(self) -> UpsStatus:
        return self.says

    def close(self) -> None:
        """Nothing is held."""


ON_PINS = {"type": "gpio", "on_battery_pin": 5, "low_pin": 6}


@pytest.mark.parametrize(
    ("says", "line", "last"),
    [
        ((False, False), "ups says: on mains, its battery well", "ready"),
        ((False, None), "ups says: on mains", "ready"),
        ((True, False), "ups says: on battery, its battery well", "NOT READY: ups: it says: on battery"),
        ((False, True), "ups says: on mains, its battery LOW", "NOT READY: ups: it says: on mains, its"),
    ],
)
def test_a_ups_on_pins_is_read(says: tuple[bool | None, ...], line: str, last: str) -> None:
    """What it says now; on battery in a room with power its contacts are the wrong way round."""
    pins = WiredPins()
    pins.ups = Contacts(*says)
    lines, code = said(pins, room(ups=ON_PINS))
    assert code == 0
    assert line in lines
    assert lines[-1].startswith(last)
    assert ("`active` set, the wrong way round" in lines[-1]) is last.startswith("NOT")


def test_a_ups_whose_pins_cant_be_had() -> None:
    """Read, not driven."""
    pins = WiredPins()
    pins.faults = {"ups": "GPIO 5: error: 'GPIO busy'"}
    lines, code = said(pins, room(ups=ON_PINS))
    assert code == 2
    assert lines[-1].startswith("NOT READY: ups: can't be read: GPIO 5: ")


def test_a_ups_on_a_line_is_asked_once(tmp_path: Path) -> None:
    """Its answer; or why there is none, with the cure."""
    port = tmp_path / "ttyUSB0"
    settings = room(ups={"type": "megatec", "port": str(port)})
    lines, code = said(settings=settings)
    assert code == 0
    assert lines[-1].startswith(f"NOT READY: ups: {port} isn't there: is its cable plugged in?")
    ups = StandIn(port)
    lines, _ = said(settings=settings)
    assert "ups says: on mains, its battery well" in lines
    assert lines[-1].startswith("ready")
    assert ups.asked == [b"Q1"]
    ups.unplug()


def test_as_the_agent_it_signs_in_only_where_the_service_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    """A running one would be thrown out; without systemd nobody knows."""
    names: list[str | None] = []

    def reach(_: Any, __: Any, name: str | None) -> Found:
        names.append(name)
        return Found()

    monkeypatch.setattr(check, "reach", reach)
    for service in (None, Service(stopped=False), Service(stopped=True)):
        monkeypatch.setattr(check, "ask_systemd", lambda service=service: service)
        said()
    assert names == [None, None, "lincoln.room-101"]


def test_a_key_that_the_unit_hides(monkeypatch: pytest.MonkeyPatch) -> None:
    """It can be read here, and the service wouldn't find it."""
    tls = {"ca_file": "/etc/tocsin/ca.pem", "cert_file": "/etc/tocsin/c.pem", "key_file": "/home/pi/k.pem"}
    monkeypatch.setattr(check, "ask_systemd", lambda: Service(stopped=False, hides=(Path("/home"),)))
    lines, _ = said(settings=room(links=[{"host": "far", "tls": tls}]))
    assert lines[-1] == (
        "NOT READY: link hub: key_file /home/pi/k.pem: tocsin-agent.service hides /home from the service:"
        " move it to /etc/tocsin"
    )
