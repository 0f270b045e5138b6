"""A campaign judges rightly: what is on its way isn't lost, and what is lost is found."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults import campaign
from tests.faults.campaign import Campaign
from tests.site import Site

pytestmark = pytest.mark.broker
NO_PRESSES = 3600.0


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A site whose incident has just been told, so that the next press waits for its update."""
    with Site(tmp_path, rooms=1, agents=True) as site:
        site.sink.told(site.send(site.event()))
        yield site


class WithALatePress(Campaign):
    """A press is recorded just when the account is drawn up."""

    late: str | None = None

    def _decided(self) -> set[str]:
        decided = super()._decided()
        if self.late is None:
            self.late = self.site.send(self.site.event())
            self.site.wait_receipt(self.late)
        return decided


def test_a_press_that_is_still_to_be_told_is_waited_for(site: Site) -> None:
    """Its update may come 2 s after the one before: that is no loss."""
    with WithALatePress(site, 1, NO_PRESSES) as judge:
        account = judge.settle()
    assert not account.wrong
    assert account.recorded == 2
    assert judge.late is not None
    assert judge.late in site.sink.posts[-1].event_ids


def test_what_is_lost_is_found(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long it is waited for: a press that no post shows, and one that the record doesn't hold."""
    monkeypatch.setattr(campaign, "TOLD_S", 0.5)
    (press,) = site.sink.posts[0].event_ids
    site.sink.posts.clear()
    with Campaign(site, 1, NO_PRESSES) as judge:
        judge._outboxes.add("boot-1")
        account = judge.settle()
    assert account.wrong == ["lost: boot-1 was decided by an agent", f"not told: {press}"]
