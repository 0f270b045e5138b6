"""A school with people: an officer and a deputy, principal and office, a nurse, dispatch, the night."""

from __future__ import annotations

from datetime import date
from typing import Any

from config.channel_settings import AppriseSettings
from config.hub_settings import (
    AudienceSettings,
    CalendarSettings,
    HubSettings,
    PersonSettings,
    ScheduleSettings,
)
from config.people_settings import HolidaySettings, HoursSettings
from config.plan_settings import PlanSettings, StepSettings
from tests.scenarios.rig import WALL_0, site_settings

NINE_THIRTEEN = WALL_0
"""True time 0 of a scenario: Monday 21 September 2026, 09:13:20 in Chicago."""
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri")
ENDS = ("reyes", "ortiz", "okafor", "office", "nurse", "custodian", "dispatch")
"""Channels, one for each person and one for the dispatch centre."""

PLANS = {
    "panic": PlanSettings(
        kinds=("panic", "duress"),
        steps=(
            StepSettings(after_s=0, notify=("sro", "dispatch")),
            StepSettings(after_s=30, notify=("administration",)),
            StepSettings(after_s=120, notify=("sro", "administration"), repeat_s=60),
        ),
    ),
    "medical": PlanSettings(
        kinds=("medical",),
        steps=(
            StepSettings(after_s=0, notify=("nurse", "sro")),
            StepSettings(after_s=60, notify=("administration",)),
        ),
    ),
    "assist": PlanSettings(
        kinds=("assist",),
        steps=(
            StepSettings(after_s=0, notify=("administration",)),
            StepSettings(after_s=90, notify=("sro",)),
        ),
    ),
}


def person(name: str, **more: Any) -> PersonSettings:
    return PersonSettings(**({"name": name, "reach": (name.lower(),)} | more))


def school(**more: Any) -> HubSettings:
    """Return the settings; what is given takes the place of what stands here."""
    hours = HoursSettings(days=WEEKDAYS, start="07:30", end="16:00")
    nights = HoursSettings(days=(*WEEKDAYS, "sat", "sun"), start="16:00", end="07:30")
    whole: dict[str, Any] = {
        "timezone": "America/Chicago",
        "channels": {name: AppriseSettings() for name in ENDS},
        "calendar": CalendarSettings(holidays=(HolidaySettings(first=date(2026, 9, 22), name="A holiday"),)),
        "schedules": {
            "school-hours": ScheduleSettings(hours=(hours,)),
            "nights": ScheduleSettings(hours=(nights,), on_holidays=True),
        },
        "people": {
            "reyes": person("Reyes", signs_in_as="reyes", on_duty=("school-hours",), stand_in="ortiz"),
            "ortiz": person("Ortiz"),
            "okafor": person("Okafor", on_duty=("school-hours",)),
            "office": person("Office", on_duty=("school-hours",)),
            "nurse": person("Nurse", on_duty=("school-hours",)),
            "custodian": person("Custodian", on_duty=("nights",)),
        },
        "audiences": {
            "sro": AudienceSettings(channels=(), members=("reyes",)),
            "administration": AudienceSettings(
                channels=(), members=("okafor", "office"), ask="in-order", next_after_s=20
            ),
            "nurse": AudienceSettings(channels=(), members=("nurse",)),
            "night": AudienceSettings(channels=(), members=("custodian",)),
            "dispatch": AudienceSettings(channels=("dispatch",)),
        },
        "plans": PLANS,
    }
    return site_settings(**(whole | more))
