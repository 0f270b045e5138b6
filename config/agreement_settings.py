"""The settings of the agreement between school and police (docs/mou.md): with whom, and when to review it."""

from __future__ import annotations

from datetime import date

from msgspec import Struct

from config.people_checks import YEARS
from config.people_settings import Date
from config.settings import Report
from config.shared_settings import Name


class AgreementSettings(Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the hub reminds of; the agreement itself is a paper that both have signed."""

    agency: Name | None = None
    """The police department or sheriff's office, as people are shown it."""
    review: Date | None = None
    """The day from which it is to be looked at again; without one nobody is reminded."""

    def overdue(self, today: date) -> str:
        """Return in words that the review is due; empty where it isn't, or no day is set."""
        if self.review is None or today < self.review:
            return ""
        agency = self.agency or "the police"
        return f"the agreement with {agency} has been due for review since {self.review}"


def check_agreement(agreement: AgreementSettings, report: Report) -> None:
    """Report a day of another age: a slip of the pen, by which nobody would ever be reminded."""
    if agreement.review is not None and agreement.review.year not in YEARS:
        allowed = f"must be in the years {YEARS[0]} to {YEARS[-1]}"
        report("mou.review", f"found {agreement.review}", allowed)
