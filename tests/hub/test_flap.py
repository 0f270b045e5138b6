"""Troubles that come and go: held open at the third time, and told of no more until they are quiet."""

from __future__ import annotations

import msgspec

from hub.flap import KEYS_KEPT, Flaps
from hub.loaded import Loaded
from hub.site import Site
from hub.view import Trouble
from tests.hub.making import heard, new_site, reasons, tick

KEY = "hot room-101"


def health(site: Site, second: float, cpu_c: float) -> None:
    heard(site, "health", second, n=int(second) + 1, cpu_c=cpu_c)


def flapped(site: Site, times: int = 3, every_s: float = 30) -> float:
    """Let it be hot and cool so often; returns when it was last cool."""
    for n in range(times):
        health(site, 1 + n * 2 * every_s, 85)
        health(site, 1 + (n * 2 + 1) * every_s, 40)
    return 1 + (times * 2 - 1) * every_s


def test_twice_is_chance_and_the_third_time_it_is_held() -> None:
    """Open, and said to come and go, though it is well."""
    site = new_site()
    flapped(site, 2)
    assert KEY not in site.view.troubles
    flapped(site)
    trouble = site.view.troubles[KEY]
    assert trouble.flapping
    assert trouble.well_since is not None


def test_it_ends_when_it_has_been_quiet_for_10_min() -> None:
    """Not a moment before, and only once."""
    site = new_site()
    last = flapped(site)
    for second in range(int(last) + 15, int(last) + 599, 15):
        health(site, second, 40)
        tick(site, second)
    tick(site, last + 599.9)
    assert KEY in site.view.troubles
    decision = tick(site, last + 600)
    assert reasons(decision, "trouble-restored") == ["silent"] or "hot" in reasons(
        decision, "trouble-restored"
    )
    assert KEY not in site.view.troubles


def test_one_more_time_begins_the_quiet_anew() -> None:
    """It is one trouble with its count, and a board sees no other."""
    site = new_site()
    last = flapped(site)
    since = site.view.troubles[KEY].since
    health(site, last + 300, 85)
    assert site.view.troubles[KEY].well_since is None
    tick(site, last + 700)
    assert KEY in site.view.troubles
    health(site, last + 710, 40)
    tick(site, last + 1300)
    assert site.view.troubles[KEY].since == since
    tick(site, last + 1310)
    assert KEY not in site.view.troubles


def test_slow_coming_and_going_is_not_held() -> None:
    """Three times, but not within 10 min."""
    site = new_site()
    flapped(site, 3, every_s=200)
    assert KEY not in site.view.troubles


def test_a_zone_s_tamper_is_held_like_the_rest() -> None:
    """A loose wire."""
    from tests.hub.making import event_bytes, take

    site = new_site()
    for n in range(3):
        take(site, event_bytes(id=f"t{n}", seq=2 * n + 1, what="tamper", cause="cut"), n * 10)
        take(site, event_bytes(id=f"r{n}", seq=2 * n + 2, what="tamper-restoral", cause="cut"), n * 10 + 5)
    assert site.view.troubles["tamper room-101 wall cut"].flapping


def test_over_a_restart_it_is_held_on() -> None:
    """For 10 min from the start, since nothing else may ever restore it."""
    site = new_site()
    flapped(site)
    kept = msgspec.json.decode(msgspec.json.encode(site.view.troubles[KEY]), type=Trouble)
    again = new_site(loaded=Loaded(troubles=[kept]), start=1000)
    tick(again, 1599)
    assert KEY in again.view.troubles
    tick(again, 1600)
    assert KEY not in again.view.troubles


def test_what_is_remembered_is_bounded() -> None:
    flaps = Flaps()
    for n in range(KEYS_KEPT + 10):
        flaps.holds(f"k{n}", n)
    assert len(flaps._restored) == KEYS_KEPT
