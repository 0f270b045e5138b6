"""The settings of the agreement between school and police (docs/mou.md): with whom, for what, until when.

Until all of it stands here nothing that reaches police or an emergency centre sends by itself: see
:meth:`config.hub_settings.HubSettings.not_agreed`.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Final

from msgspec import Meta, Struct

from config.contract import PanicKind
from config.people_checks import YEARS
from config.people_settings import Date
from config.settings import Report
from config.shared_settings import Name

CONTACTS: Final = 3
"""People of the school whom dispatch may call about an alarm."""
SOON: Final = timedelta(days=60)
"""Before its day, in which its renewal is asked for."""
JOINT_TEST: Final = timedelta(days=365)
"""Between two tests that school and dispatch hold together."""


class ContactSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Whom dispatch may call."""

    name: Name
    phone: Annotated[
        str,
        Meta(
            pattern=r"^\+?[0-9][0-9 ()-]{5,24}$(?!\n)",
            description="a telephone number, such as +1 555 010 0199",
        ),
    ]


class AgreementSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What both have signed; the agreement itself is a paper."""

    agency: Name | None = None
    """The police department or sheriff's office, as people are shown it."""
    consented_by: Name | None = None
    """Who of the agency has agreed that alarms come to it."""
    permit: Name | None = None
    """The number of the alarm permit, or of the account."""
    kinds: tuple[PanicKind, ...] = ()
    """The kinds of calls that the agency has agreed to be told of."""
    review: Date | None = None
    """The day on which it is to be renewed: past it all goes on, and a trouble says so daily."""
    contacts: tuple[ContactSettings, ...] = ()
    joint_test: Date | None = None
    """When school and dispatch last tested the way together: once a year."""
    emergency_number: Annotated[
        str, Meta(pattern=r"^[0-9]{2,6}$(?!\n)", description="digits, such as 911 or 112")
    ] = "911"
    """What people are told to call while dispatch is not connected."""

    @property
    def missing(self) -> tuple[str, ...]:
        """Return the keys without which there is no agreement."""
        needed = {
            "agency": self.agency,
            "consented_by": self.consented_by,
            "permit": self.permit,
            "kinds": self.kinds,
            "review": self.review,
            f"contacts (at least {CONTACTS})": len(self.contacts) >= CONTACTS,
        }
        return tuple(f"mou.{key}" for key, value in needed.items() if not value)

    def overdue(self, today: date) -> str:
        """Return in words that the renewal is due; empty where it isn't, or no day is set."""
        if self.review is None or today < self.review:
            return ""
        return f"the agreement with {self._who} has been due for renewal since {self.review}; all goes on"

    def soon(self, today: date) -> str:
        """Return in words that the renewal will be due within :data:`SOON`; else empty."""
        if self.review is None or not self.review - SOON <= today < self.review:
            return ""
        return f"the agreement with {self._who} is to be renewed by {self.review}"

    def joint_test_due(self, today: date) -> str:
        """Return in words that a test with dispatch is due; empty where not, or there is no agreement."""
        if self.missing or (self.joint_test is not None and today < self.joint_test + JOINT_TEST):
            return ""
        last = "there was none yet" if self.joint_test is None else f"the last was on {self.joint_test}"
        return f"the yearly joint test with {self._who} is due: {last}"

    @property
    def _who(self) -> str:
        return self.agency or "the police"


def check_agreement(agreement: AgreementSettings, report: Report) -> None:
    """Report a day of another age: a slip of the pen, by which nobody would ever be reminded."""
    for key in ("review", "joint_test"):
        day: date | None = getattr(agreement, key)
        if day is not None and day.year not in YEARS:
            allowed = f"must be in the years {YEARS[0]} to {YEARS[-1]}"
            report(f"mou.{key}", f"found {day}", allowed)
