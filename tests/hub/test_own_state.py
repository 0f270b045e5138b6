"""The hub's watch over itself: its disk, clock, queues and certificates, and whom it reaches."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from config.backup_settings import BackupSettings
from config.certificate import read_certificate
from config.hub_settings import NamedBroker
from config.shared_settings import Tls
from hub.inputs import BackupState, ClockTrust, Measured
from hub.measuring import Measuring, look_at_backup, look_at_certificates, look_at_disk
from hub.own_state import RULES
from hub.site import Site
from tests.hub.making import T0, at, new_site, shown, tick
from tests.scenarios.rig import AGREEMENT, site_settings
from tests.site import until
from tests.tls import Authority

DAY_MS = 86_400_000
ROWS = {
    "outside-ping": (Measured(unpinged="no answer"), Measured(), Measured(unpinged="")),
    "hub-disk": (Measured(disk_free_mb=499.0), Measured(disk_free_mb=749.0), Measured(disk_free_mb=750.0)),
    "hub-clock": (ClockTrust(False), ClockTrust(None), ClockTrust(True)),
}


def own(site: Site) -> set[str]:
    return {trouble.what for trouble in site.view.troubles.values() if trouble.device is None}


def measured(site: Site, fact: Measured | ClockTrust, second: float) -> None:
    shown(site.decide(fact, at(second)))


def look(site: Site, second: float, waiting: int = 0, *, reach: bool = True) -> None:
    shown(site.look_at_itself(waiting, at(second), reach=reach))


def test_every_rule_is_tried_here() -> None:
    assert {rule.what for rule in RULES} == {*ROWS, "hub-queue", "reach"}


@pytest.mark.parametrize("what", ROWS)
def test_what_the_shell_finds_opens_and_ends_it(what: str) -> None:
    """What isn't known, and what lies between the marks, changes nothing."""
    rule = next(rule for rule in RULES if rule.what == what)
    wrong, between, well = ROWS[what]
    site = new_site()
    measured(site, between, 0)
    measured(site, wrong, 15)
    assert own(site) == (set() if rule.after_s else {what})
    measured(site, wrong, 15 + rule.after_s)
    measured(site, between, 400)
    assert own(site) == {what}
    measured(site, well, 415)
    assert own(site) == set()


def test_a_queue_that_is_deep_for_a_while() -> None:
    """A storm's moment is none; it ends when little is left."""
    site = new_site()
    look(site, 0, 5000)
    look(site, 4.9, 1000)
    assert own(site) == set()
    look(site, 5, 1000)
    assert own(site) == {"hub-queue"}
    look(site, 6, 100)
    assert own(site) == {"hub-queue"}
    look(site, 7, 99)
    assert own(site) == set()


def test_reach_is_a_trouble_while_the_beat_says_so() -> None:
    """For 15 s, so that a board that is loaded anew is none; and never held open when it is well."""
    site = new_site()
    for start in (0, 100, 200, 300):
        look(site, start, reach=False)
        look(site, start + 14.9, reach=False)
        assert own(site) == set()
        look(site, start + 15, reach=False)
        assert own(site) == {"reach"}
        look(site, start + 20, reach=True)
        assert own(site) == set()


def test_certificates_are_told_30_days_before_their_end() -> None:
    """Each by what it is."""
    site = new_site()
    names = {"the hub's certificate": T0 + 31 * DAY_MS, "the broker's": T0 + 30 * DAY_MS - 1}
    measured(site, Measured(cert_ends=names), 0)
    assert {t.detail for t in site.view.troubles.values()} == {"the broker's ends on 2026-10-21"}
    measured(site, Measured(cert_ends={"the hub's certificate": T0 - 1}), 1)
    assert site.view.troubles["hub-certificate the hub's certificate"].detail == (
        "the hub's certificate ends on 2026-09-21"
    )
    measured(site, Measured(cert_ends=dict.fromkeys(names, T0 + 400 * DAY_MS)), 2)
    assert own(site) == set()


def test_the_agreement_with_the_police_is_due_from_its_day_on() -> None:
    """By the school's clock: at midnight in Chicago, not in Greenwich. A later day ends it."""
    mou = replace(AGREEMENT, agency="Sheriff", review=date(2026, 9, 22))
    site = new_site(site_settings(mou=mou, timezone="America/Chicago"))
    midnight_s = (datetime(2026, 9, 22, 5, tzinfo=UTC).timestamp() * 1000 - T0) / 1000
    measured(site, Measured(), midnight_s - 1)
    assert own(site) == {"agreement-soon"}
    measured(site, Measured(), midnight_s)
    assert own(site) == {"agreement"}
    assert site.view.troubles["agreement"].detail == (
        "the agreement with Sheriff has been due for renewal since 2026-09-22; all goes on"
    )
    site.settings = site_settings(mou=replace(mou, review=date(2027, 9, 22)))
    measured(site, Measured(), midnight_s + 15)
    assert own(site) == set()


def test_a_jump_of_the_clock_is_a_trouble_for_a_day() -> None:
    site = new_site()
    shown(site.rewritten(at(1), -3_600_000))
    assert site.view.troubles["clock-jump"].detail.startswith("the hub's wall clock jumped by -3600 s")
    for hour in range(1, 26):
        tick(site, 10 + hour * 3601)
    assert own(site) == set()


def test_the_shell_looks_at_disk_and_certificates(tmp_path: Path) -> None:
    """At files that are there; those that can't be read, and a broker that isn't there, say nothing."""
    assert (look_at_disk(tmp_path).disk_free_mb or 0) > 0
    assert look_at_disk(tmp_path / "none").disk_free_mb is None
    authority = Authority(tmp_path, "The site")
    tls = authority.issue("lincoln.hub")
    broker = NamedBroker(host="127.0.0.1", port=9, tls=tls)
    found = look_at_certificates(site_settings(broker=broker)).cert_ends
    wanted = round(read_certificate(tls.cert_file.read_bytes()).not_after.timestamp() * 1000)
    assert found["the hub's certificate for broker main"] == wanted
    assert set(found) == {
        "the hub's certificate for broker main",
        "the authority's certificate for broker main",
    }
    gone = Tls(ca_file=tmp_path / "no", cert_file=tmp_path / "no", key_file=tmp_path / "no")
    assert look_at_certificates(site_settings(broker=NamedBroker(tls=gone))).cert_ends == {}


def test_files_that_are_open_to_others_are_a_trouble_until_they_are_closed() -> None:
    """Its words follow what is open; what isn't looked at changes nothing."""
    site = new_site()
    measured(site, Measured(too_open=()), 0)
    assert own(site) == set()
    measured(site, Measured(too_open=("a is open: sudo chmod g-w,o-rwx a", "b is open")), 60)
    assert site.view.troubles["file-rights"].detail == "a is open: sudo chmod g-w,o-rwx a; b is open"
    measured(site, Measured(too_open=("b is open",)), 120)
    measured(site, Measured(disk_free_mb=5000.0), 130)
    assert site.view.troubles["file-rights"].detail == "b is open"
    measured(site, Measured(too_open=()), 180)
    assert own(site) == set()


def test_each_look_is_put_on_the_queue(tmp_path: Path) -> None:
    """Disk, backup, certificates and files, on threads of their own."""
    found: list[Measured] = []
    measuring = Measuring(lambda: site_settings(data=tmp_path), tmp_path / "hub.toml", found.append)
    measuring.start()
    until("all four looks", lambda: len(found) == 4)
    measuring.stop()
    assert [fact.disk_free_mb is not None for fact in found].count(True) == 1


SET_UP = BackupSettings(to=Path("/mnt/backup"), recipient="age1" + "q" * 58)


@pytest.mark.parametrize(
    ("found", "words"),
    [
        (BackupState(T0 - DAY_MS, None), None),
        (BackupState(T0 - 2 * DAY_MS, None), None),
        (BackupState(None, None), "no backup has been taken yet; tocsin-hub backup takes one"),
        (
            BackupState(T0 - 2 * DAY_MS - 1, None),
            "no backup has been taken for 2 days; the newest is of 2026-09-",
        ),
        (
            BackupState(T0 + 3 * DAY_MS, None),
            "no backup has been taken for 2 days; the newest is of 2026-09-",
        ),
        (BackupState(None, "no disk"), "the last backup went wrong: no disk; there is none yet"),
        (
            BackupState(T0 - DAY_MS, "no disk"),
            "the last backup went wrong: no disk; the newest is of 2026-09-",
        ),
    ],
)
def test_a_backup_that_is_missing_or_bad_is_a_trouble(found: BackupState, words: str | None) -> None:
    """Where one is set up; and a good one ends it. The page and the metrics know of when the newest is."""
    site = new_site(site_settings(backup=SET_UP))
    measured(site, Measured(backup=found), 0)
    assert own(site) == (set() if words is None else {"backup"})
    if words is not None:
        assert site.view.troubles["backup"].detail.startswith(words)
    assert site.view.backup_at == found.at
    measured(site, Measured(backup=BackupState(T0, None)), 60)
    assert own(site) == set()
    bare = new_site()
    measured(bare, Measured(backup=found), 0)
    assert own(bare) == set()
    assert bare.view.backup_at is None


def test_a_trouble_of_the_backup_says_what_is_so_now(tmp_path: Path) -> None:
    """Another reason is said as it comes; what can't be read is no backup."""
    site = new_site(site_settings(backup=SET_UP))
    measured(site, Measured(backup=BackupState(T0, "no disk")), 0)
    measured(site, Measured(backup=BackupState(T0, "disk full")), 60)
    assert "disk full" in site.view.troubles["backup"].detail
    (tmp_path / "backup.json").write_text("half a fi")
    assert look_at_backup(tmp_path).backup == BackupState(None, None)
