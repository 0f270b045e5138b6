"""Times and ages as people are shown them, in the school's own time zone. Pure."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo


class Words:
    """Writes times for one time zone."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)

    def moment(self, wall: int) -> datetime:
        """Return a wall time in ms as a moment in the school's time zone."""
        return datetime.fromtimestamp(wall / 1000, UTC).astimezone(self._zone)

    def clock(self, wall: int) -> str:
        """Return the time of day: ``10:02:11``."""
        return f"{self.moment(wall):%H:%M:%S}"

    def day(self, wall: int, now: int) -> str:
        """Return a date: ``3 Nov``, with its year unless that is this one."""
        moment = self.moment(wall)
        year = "" if moment.year == self.moment(now).year else f" {moment.year}"
        return f"{moment.day} {moment:%b}{year}"

    def when(self, wall: int, now: int) -> str:
        """Return the time of day, with its date unless that is today: ``23 Nov 10:02:11``."""
        moment, today = self.moment(wall), self.moment(now)
        if moment.date() == today.date():
            return f"{moment:%H:%M:%S}"
        year = "" if moment.year == today.year else f" {moment.year}"
        return f"{moment.day} {moment:%b}{year} {moment:%H:%M:%S}"


def age(ms: int) -> str:
    """Return a length of time in words: ``14 s``, ``3 min``, ``2 h 5 min``, ``3 days``."""
    seconds = max(0, ms) // 1000
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if seconds < 60:
        return f"{seconds} s"
    if hours < 1:
        return f"{minutes} min {seconds % 60} s" if minutes < 10 else f"{minutes} min"
    if days < 2:
        return f"{hours} h {minutes % 60} min" if minutes % 60 else f"{hours} h"
    return f"{days} days"


def counting(ms: int) -> str:
    """Return a running time: ``0:07``, ``12:40``, ``1:02:03``; days from the second on."""
    seconds = max(0, ms) // 1000
    if seconds >= 2 * 86400:
        return age(ms)
    hours, minutes = seconds // 3600, seconds // 60 % 60
    return f"{hours}:{minutes:02d}:{seconds % 60:02d}" if hours else f"{minutes}:{seconds % 60:02d}"
