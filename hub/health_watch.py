"""What an agent's health says is wrong with it: one table of marks, each with its source. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, Final

from config import __version__
from config.clock import Now, read_stamp
from config.contract import Health
from hub.watch import Rule

DAY_MS: Final = 86_400_000

_HOT_C, _COOLER_C = 80.0, 75.0
_DISK_LOW_MB, _DISK_WELL_MB = 100.0, 150.0
_MEMORY_LOW_MB, _MEMORY_WELL_MB = 50.0, 75.0
_DRIFT_S, _NO_DRIFT_S = 5.0, 2.0
_WAITS_MS, _WAITS_NO_MORE_MS = 60_000, 30_000
CERTIFICATE_DAYS: Final = 30
"""Days before its end at which a certificate is a trouble: time for a visit to each room (ours)."""


def at_least(mark: float) -> Callable[[Any], bool]:
    """Return whether a number is this or more."""
    return lambda number: bool(number >= mark)


def below(mark: float) -> Callable[[Any], bool]:
    """Return whether a number is less than this."""
    return lambda number: bool(number < mark)


def _is_true(reading: Any) -> bool:
    return reading is True


def _is_false(reading: Any) -> bool:
    return reading is False


RULES: Final = (
    # From 80 °C on a Pi slows its processor down (Raspberry Pi documentation, config.txt, "Monitoring
    # core temperature"); 5 °C below, as the agent itself has it.
    Rule("hot", "cpu_c", at_least(_HOT_C), below(_COOLER_C), "{:.0f} °C: give it air"),
    # The firmware's under-voltage bit (below 4.63 V, Raspberry Pi documentation, "vcgencmd
    # get_throttled"): a dip lasts a moment and is one fault with the next, hence the minute.
    Rule(
        "low-voltage",
        "under_voltage",
        _is_true,
        _is_false,
        "its supply is too low: look at the power supply and its cable",
        well_for_s=60,
    ),
    # The firmware's throttled bit; heat and supply have their own, so only what lasts is told.
    Rule(
        "slowed",
        "throttled",
        _is_true,
        _is_false,
        "its processor is slowed down, for its heat or its supply",
        after_s=60,
        well_for_s=60,
    ),
    Rule("on-battery", "on_battery", _is_true, _is_false, "it runs on its battery: no mains"),
    Rule("battery-low", "battery_low", _is_true, _is_false, "its battery is low: it goes dark soon"),
    # Ours: an outbox needs far less, but the system's log shares its disk.
    Rule(
        "disk-low",
        "disk_free_mb",
        below(_DISK_LOW_MB),
        at_least(_DISK_WELL_MB),
        "{:.0f} MB are free where it keeps its events",
    ),
    # Ours: about what one agent takes.
    Rule(
        "memory-low",
        "memory_free_mb",
        below(_MEMORY_LOW_MB),
        at_least(_MEMORY_WELL_MB),
        "{:.0f} MB of memory are free",
    ),
    # Ours: a start takes minutes at most to find the time; the rest of the agent works without it.
    Rule(
        "clock-unset",
        "clock_synced",
        _is_false,
        _is_true,
        "its clock has not been synchronised for 15 min: dates of certificates go unchecked",
        after_s=900,
    ),
    # Ours: more than a health, or an event that is sent at once, is under way on a sick network.
    Rule(
        "clock-drift",
        "drift_s",
        lambda drift: abs(drift) >= _DRIFT_S,
        lambda drift: abs(drift) < _NO_DRIFT_S,
        "its clock is {:+.0f} s from the hub's",
    ),
    # CONTRACT.md: a hub serves agents one minor version older and newer. One that is older works, and
    # is to be upgraded.
    Rule("version", "versions_away", lambda away: away not in (0, 1), lambda away: away in (0, 1), "{}"),
    # Ours: an agent tries for ever; a press is receipted within 5 s (the design's table).
    Rule(
        "outbox-waits",
        "oldest_ms",
        at_least(_WAITS_MS),
        below(_WAITS_NO_MORE_MS),
        "it holds events that the hub has not receipted for a minute",
    ),
    Rule(
        "certificate",
        "cert_days",
        below(CERTIFICATE_DAYS),
        at_least(CERTIFICATE_DAYS),
        "one of its certificates ends on",
    ),
)
"""Every trouble that an agent's health makes."""

_FIELDS: Final = tuple(rule.field for rule in RULES if rule.field in Health.__struct_fields__)
SAID_BY_AGENTS: Final = {
    "heat": "hot",
    "supply": "low-voltage",
    "processor": "slowed",
    "disk space": "disk-low",
    "memory": "memory-low",
    "ups": "on-battery",
    "ups battery": "battery-low",
}
"""An agent's own words, by their name, for what the hub has a trouble of: not told a second time."""


def readings(health: Health, now: Now) -> dict[str, Any]:
    """Return what the rules read of a health that arrived now; None where it isn't known."""
    return {name: getattr(health, name) for name in _FIELDS} | {
        "drift_s": _seconds_from(health.at, now),
        "versions_away": _away(health.version),
        "cert_days": _days_to(health.cert_ends, now),
        "oldest_ms": health.oldest_ms if health.outbox else 0,
    }


def words_of(rule: Rule, words: str, health: Health) -> str:
    """Return a trouble's words; of a version, what is wrong with it; of a certificate, the day of its end."""
    if rule.what == "certificate":
        return f"{words} {(health.cert_ends or '')[:10]}"
    if rule.what != "version":
        return words
    return f"its program is {shorter(health.version)}, the hub's {__version__}: {_which(health.version)}"


LINKS: Final = 16
"""Links of one agent that are told apart: more than any has brokers."""


def links_down(troubles: tuple[str, ...]) -> dict[str, str]:
    """Return an agent's links that are down, each with its reason, of what it tells of itself."""
    found: dict[str, str] = {}
    for said in troubles:
        what, _, why = said.partition(": ")
        if what.startswith("link ") and why and len(found) < LINKS:
            found[what.removeprefix("link ")] = why
    return found


def left_over(troubles: tuple[str, ...], is_open: Callable[[str], bool]) -> list[str]:
    """Return what an agent tells of itself and the hub has no open trouble of its own for."""
    rest = []
    for said in troubles:
        what = said.partition(": ")[0]
        if not (what.startswith("link ") or (what in SAID_BY_AGENTS and is_open(SAID_BY_AGENTS[what]))):
            rest.append(said)
    return rest


def shorter(version: str | None) -> str:
    """Return a version as it may stand in a sentence."""
    return (version or "not told")[:32]


def days_left(ends: int, now: Now) -> float:
    """Return the whole days until a wall-clock moment in ms; below 0 once it has passed."""
    return (ends - now.wall) // DAY_MS


def certificates_near_their_end(ends: Mapping[str, int], now: Now) -> dict[str, float]:
    """Return the days left of each certificate, by what it is called."""
    return {name: days_left(at, now) for name, at in ends.items()}


def _seconds_from(at: str | None, now: Now) -> float | None:
    moment = _stamp(at)
    return None if moment is None else (moment - now.wall) / 1000


def _days_to(at: str | None, now: Now) -> float | None:
    moment = _stamp(at)
    return None if moment is None else days_left(moment, now)


def _stamp(text: str | None) -> int | None:
    try:
        return None if text is None else read_stamp(text)
    except (ValueError, OverflowError):
        return None


def _away(version: str | None) -> int | None:
    """Return by how many minor versions an agent is ahead of the hub; a large number for another major."""
    theirs, ours = _numbers(version), _numbers(__version__)
    if theirs is None or ours is None:
        return None
    if theirs[0] != ours[0]:
        return 1000 if theirs[0] > ours[0] else -1000
    return theirs[1] - ours[1]


def _which(version: str | None) -> str:
    away = _away(version) or 0
    if away > 1:
        return "more than one version newer; upgrade the hub"
    return "upgrade it" if away == -1 else "older than the hub serves; upgrade it"


@lru_cache(maxsize=64)  # a site's agents have a few versions, each said every 15 s
def _numbers(version: str | None) -> tuple[int, int] | None:
    parts = (version or "").split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts[:2]):
        return None
    return int(parts[0]), int(parts[1])
