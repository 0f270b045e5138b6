"""What must hold between an agent's settings: every fault, and every doubt that is no fault."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from config.agent_settings import LONGEST_ACCEPT_MS, AgentSettings, LinkSettings, UpsPins, ZoneSettings
from config.contract import PANIC_KINDS
from config.not_known import where_known
from config.settings import Report
from config.shared_settings import check_broker, check_device, check_site
from config.wiring import (
    CHIP_SELECT,
    EEPROM_PINS,
    LEAST_GAP,
    OTHER_USES,
    SPI_PINS,
    bands,
    least_gap,
    unsupervised,
)

EOL_SETTLE_MS: Final = 40
"""The ADC is read every 20 ms: a rest that is shorter may be a single reading."""


def check_agent(settings: AgentSettings, report: Report) -> None:
    """Report the faults that lie between an agent's settings."""
    check_site(settings.site, report)
    check_device(settings.device, "device", report)
    with where_known:
        if not settings.links:
            report("links", "none", "give at least one [[links]]")
    with where_known:
        if not settings.zones:
            report("zones", "none", "give at least one [[zones]]")
        elif not any(zone.kind in PANIC_KINDS for zone in settings.zones):
            report("zones", "no zone of a panic kind", "give at least one button with kind = 'panic'")
    with where_known:
        _check_links(settings.links, report)
    with where_known:
        _check_zones(settings.zones, report)
    with where_known:
        if settings.adc is None and any(zone.circuit == "eol" for zone in settings.zones):
            report("adc", "missing", "a zone with circuit = 'eol' is read by an MCP3008: add [adc]")
    with where_known:
        if settings.strobe is not None and not settings.strobe.postures:
            report("strobe.postures", "none", "name the postures in which it is on, such as 'lockdown'")
    _check_pins(settings, report)
    with where_known:
        _check_channels(settings.zones, report)


def doubts(settings: AgentSettings) -> list[str]:
    """Return what is no fault and yet should be known or thought over, each as a sentence."""
    said: list[str] = []
    for zone in settings.zones:
        words = unsupervised(zone.kind, zone.circuit)
        if words is not None:
            fault = "a cut wire" if zone.circuit == "no" else "a short circuit"
            said.append(
                f"{zone.zone}: {words}: {fault} would not show until a press fails;"
                " use circuit = 'pair' or 'eol'"
            )
        if zone.kind in PANIC_KINDS and zone.latching:
            said.append(
                f"{zone.zone}: latching = true: it is never told as held, and in a walk test a long press is"
                " a test; is this a button that stays in by itself?"
            )
        if zone.kind in PANIC_KINDS and zone.accept_after_ms:
            said.append(f"{zone.zone}: a press shorter than {zone.accept_after_ms} ms is not one")
        said += _doubt_of_samples(zone)
        if zone.held_kind is not None:
            said.append(f"{zone.zone}: holding it for 3 s makes it a {zone.held_kind}")
    for key, pin, who in _pins(settings):
        if pin in OTHER_USES and pin not in EEPROM_PINS and not key.startswith("adc"):
            said.append(f"{who}: GPIO {pin} is also {OTHER_USES[pin]}: see that it is switched off there")
    if settings.lamp is None:
        said.append("no lamp: a teacher can't see whether a press was received")
    if settings.strobe is not None and settings.strobe.own_room:
        said.append("the strobe also follows this room's own press: it may give the caller away")
    if settings.sounder is not None and "panic" in settings.sounder.kinds:
        said.append("the sounder also tells of a panic aloud: it may give the caller away")
    if settings.pins == "mock":
        said.append('pins = "mock": no real pin is read')
    return said


def _doubt_of_samples(zone: ZoneSettings) -> list[str]:
    if zone.circuit != "eol" or zone.settle_ms >= EOL_SETTLE_MS:
        return []
    few = f"settle_ms = {zone.settle_ms}: the ADC is read every 20 ms, so that a single reading may count"
    return [f"{zone.zone}: {few}; use {EOL_SETTLE_MS} or more"]


def _check_links(links: tuple[LinkSettings, ...], report: Report) -> None:
    names: set[str] = set()
    for i, link in enumerate(links):
        with where_known:
            check_broker(link, f"links[{i}]", report)
        with where_known:
            _check_once(link.name, names, f"links[{i}].name", "give each of links a name of its own", report)


def _check_zones(zones: tuple[ZoneSettings, ...], report: Report) -> None:
    names: set[str] = set()
    for i, zone in enumerate(zones):
        key = f"zones[{i}]"
        with where_known:
            _check_once(zone.zone, names, f"{key}.zone", "give each of zones a zone of its own", report)
        for check in (_check_pin, _check_nc_pin, _check_resistors, _check_times, _check_held, _check_own):
            with where_known:
                check(zone, key, report)


def _check_once(name: str, used: set[str], key: str, cure: str, report: Report) -> None:
    if name in used:
        report(key, f"{name!r} is used twice", cure)
    used.add(name)


def _circuit(zone: ZoneSettings) -> str:
    return f"a zone with circuit = {zone.circuit!r}"


def _check_pin(zone: ZoneSettings, key: str, report: Report) -> None:
    if zone.circuit == "eol":
        if zone.channel is None:
            report(f"{key}.channel", "missing", f"{_circuit(zone)} needs the ADC's input, 0 to 7")
        if zone.pin is not None:
            report(f"{key}.pin", f"found {zone.pin}", f"{_circuit(zone)} is read by the ADC: leave it out")
    else:
        if zone.pin is None:
            report(f"{key}.pin", "missing", f"{_circuit(zone)} needs a GPIO number, 0 to 27")
        if zone.channel is not None:
            cure = f"{_circuit(zone)} has no ADC input: leave it out"
            report(f"{key}.channel", f"found {zone.channel}", cure)


def _check_nc_pin(zone: ZoneSettings, key: str, report: Report) -> None:
    if zone.circuit == "pair" and zone.nc_pin is None:
        cure = f"{_circuit(zone)} needs the GPIO of the contact that opens when active"
        report(f"{key}.nc_pin", "missing", cure)
    if zone.circuit != "pair" and zone.nc_pin is not None:
        report(f"{key}.nc_pin", f"found {zone.nc_pin}", f"{_circuit(zone)} has one contact: leave it out")


def _check_resistors(zone: ZoneSettings, key: str, report: Report) -> None:
    if zone.circuit != "eol":
        return
    found = bands(
        contact=zone.contact,
        eol_ohms=zone.eol_ohms,
        contact_ohms=zone.contact_ohms,
        pull_ohms=zone.pull_ohms,
    )
    if least_gap(found) < LEAST_GAP:
        near = ", ".join(f"{band.condition} {band.expected:.2f}" for band in found)
        report(
            f"{key}.eol_ohms",
            f"its readings lie too near each other ({near} of full scale)",
            f"choose resistors that bring them {LEAST_GAP:g} apart, such as three of 4700",
        )


def _check_times(zone: ZoneSettings, key: str, report: Report) -> None:
    if zone.kind not in PANIC_KINDS:
        return
    with where_known:
        if zone.accept_after_ms > LONGEST_ACCEPT_MS:
            cure = f"at most {LONGEST_ACCEPT_MS} for a button: a short press is a press"
            report(f"{key}.accept_after_ms", f"found {zone.accept_after_ms}", cure)
    if zone.settle_ms > LONGEST_ACCEPT_MS:
        report(f"{key}.settle_ms", f"found {zone.settle_ms}", f"at most {LONGEST_ACCEPT_MS} for a button")


def _check_held(zone: ZoneSettings, key: str, report: Report) -> None:
    if zone.held_kind is None:
        return
    with where_known:
        if zone.kind != "assist":
            cure = "only a zone of kind 'assist' has one"
            report(f"{key}.held_kind", f"found on kind = {zone.kind!r}", cure)
    if zone.latching:
        report(f"{key}.held_kind", "found with latching = true", "a button that stays in is never held")


def _check_own(zone: ZoneSettings, key: str, report: Report) -> None:
    """Report a lamp or a motor where none may be."""
    for name in ("lamp_pin", "haptic_pin"):
        if getattr(zone, name) is None:
            continue
        if zone.kind == "duress":
            report(
                f"{key}.{name}", "found on kind = 'duress'", "it changes nothing in its room: leave it out"
            )
        if zone.kind not in PANIC_KINDS:
            report(f"{key}.{name}", f"found on kind = {zone.kind!r}", "only a button has one: leave it out")


def _pins(settings: AgentSettings) -> Iterator[tuple[str, int, str]]:
    """Yield every pin in use: key, GPIO, whose it is. A GPIO may be one that isn't known."""
    wanted: list[tuple[str, int | None, str]] = []
    with where_known:
        for i, zone in enumerate(settings.zones):
            with where_known:
                wanted += _pins_of(zone, i)
    for name, part in (("lamp", settings.lamp), ("sounder", settings.sounder), ("strobe", settings.strobe)):
        with where_known:
            if part is not None:
                wanted.append((f"{name}.pin", part.pin, f"the {name}"))
    with where_known:
        if isinstance(settings.ups, UpsPins):
            wanted.append(("ups.on_battery_pin", settings.ups.on_battery_pin, "the UPS's battery contact"))
            wanted.append(("ups.low_pin", settings.ups.low_pin, "the UPS's low contact"))
    with where_known:
        if settings.adc is not None:
            for pin in sorted(SPI_PINS | {CHIP_SELECT[settings.adc.select]}):
                wanted.append(("adc", pin, "the ADC"))
    yield from ((key, pin, who) for key, pin, who in wanted if pin is not None)


def _pins_of(zone: ZoneSettings, i: int) -> list[tuple[str, int | None, str]]:
    key = who = f"zones[{i}]"
    with where_known:
        who = f"zone {zone.zone}"
    return [
        (f"{key}.pin", zone.pin, who),
        (f"{key}.nc_pin", zone.nc_pin, f"{who}'s second contact"),
        (f"{key}.lamp_pin", zone.lamp_pin, f"{who}'s lamp"),
        (f"{key}.haptic_pin", zone.haptic_pin, f"{who}'s motor"),
    ]


def _check_pins(settings: AgentSettings, report: Report) -> None:
    used: dict[int, str] = {}
    places = list(_pins(settings))
    places.sort(key=lambda place: not place[0].startswith("adc"))  # its pins can't be chosen
    for key, pin, who in places:
        with where_known:
            if pin in EEPROM_PINS:
                report(key, f"GPIO {pin} is reserved for {OTHER_USES[pin]}", "use another of GPIO 2 to 27")
            if pin in used:
                report(key, f"GPIO {pin} is already taken by {used[pin]}", "give each part a pin of its own")
            used.setdefault(pin, who)


def _check_channels(zones: tuple[ZoneSettings, ...], report: Report) -> None:
    used: dict[int, str] = {}
    for i, zone in enumerate(zones):
        with where_known:
            if zone.channel is None:
                continue
            if zone.channel in used:
                report(
                    f"zones[{i}].channel",
                    f"the ADC's input {zone.channel} is already taken by {used[zone.channel]}",
                    "give each zone an input of its own",
                )
            used.setdefault(zone.channel, _pins_of(zone, i)[0][2])
