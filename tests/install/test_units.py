"""The units in systemd/, judged by systemd's own tools."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from hub.authority.broker_files import ASKED
from tests.install import SYSTEMD

BACKUP = SYSTEMD / "tocsin-backup.service"
RELOAD = SYSTEMD / "tocsin-broker-reload.service"
ENROL = SYSTEMD / "tocsin-enrol.service"
UPGRADE = SYSTEMD / "tocsin-upgrade.service"
UNITS = sorted(SYSTEMD.glob("tocsin-*.service"))
ALWAYS = [unit for unit in UNITS if unit not in (BACKUP, RELOAD, ENROL, UPGRADE)]
"""Those that run for ever."""
MOST_EXPOSED = 2.0
INSTALLS_AS_ROOT = 0.3
"""What the one is beyond it that has root install programs; the unit says why."""

pytestmark = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="systemd-analyze isn't installed"
)


def read(unit: Path) -> configparser.ConfigParser:
    """Read a unit; of a key that comes twice the last one."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(unit.read_text(encoding="utf-8"))
    return parser


def exposure(unit: Path) -> float:
    """Return what systemd makes of a unit's hardening: 0 is none exposed, 10 all."""
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)],
        capture_output=True, text=True, check=False,
    ).stdout  # fmt: skip
    found = re.search(r"Overall exposure level for \S+: ([\d.]+)", said)
    assert found, said
    return float(found[1])


def verify(folder: Path) -> str:
    """Return what systemd finds wrong with the units in ``folder``; empty when nothing is."""
    # The programs aren't installed here, and a path that isn't there would hide any other fault.
    units = sorted(folder.glob("*.service"))
    for unit in units:
        text = unit.read_text(encoding="utf-8")
        unit.write_text(re.sub(r"^(Exec\w+)=\S+", r"\1=/bin/true", text, flags=re.MULTILINE))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=one", "--man=no", *units],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    # What else is installed on this machine is not ours to judge.
    ours = [line for line in done.stderr.splitlines() if "tocsin" in line]
    return "\n".join(ours)


@pytest.fixture
def copies(tmp_path: Path) -> Path:
    """The units, to be altered."""
    for unit in UNITS:
        shutil.copy(unit, tmp_path)
    return tmp_path


def test_there_are_three_and_four_that_end() -> None:
    """Broker, hub and agent run for ever; backup, broker's reload, enrolment and upgrade end."""
    assert [unit.stem for unit in ALWAYS] == ["tocsin-agent", "tocsin-broker", "tocsin-hub"]
    assert {BACKUP, RELOAD, ENROL, UPGRADE} < set(UNITS)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_exposure_is_low(unit: Path) -> None:
    """By systemd's own measure, 2.0 of 10 or less; a little more for the one that installs as root."""
    assert exposure(unit) <= MOST_EXPOSED + (INSTALLS_AS_ROOT if unit == UPGRADE else 0)


def test_exposure_would_rise_without_its_hardening(copies: Path) -> None:
    """The measure above can fail: a unit without the hardening is over the limit."""
    unit = copies / "tocsin-hub.service"
    kept = [
        line for line in unit.read_text().splitlines() if not re.match(r"Protect|Restrict|SystemCall", line)
    ]
    unit.write_text("\n".join(kept))
    assert exposure(unit) > MOST_EXPOSED


def test_systemd_finds_nothing_wrong(copies: Path) -> None:
    """No unknown key, no bad value, no unit named that isn't there."""
    assert verify(copies) == ""


def test_systemd_would_find_a_misspelt_key(copies: Path) -> None:
    """The check above can fail."""
    unit = copies / "tocsin-agent.service"
    unit.write_text(unit.read_text().replace("WatchdogSec=", "WatchdogSecs="))
    assert "WatchdogSecs" in verify(copies)


@pytest.mark.parametrize("unit", ALWAYS, ids=lambda unit: unit.stem)
def test_each_is_restarted_for_ever(unit: Path) -> None:
    """systemd's own limit (5 starts in 10 s) would give it up."""
    found = read(unit)
    assert found["Service"]["Restart"] == "always"
    assert found["Unit"]["StartLimitIntervalSec"] == "0"
    assert found["Service"]["Type"] == "notify"


@pytest.mark.parametrize("name", ["hub", "agent"])
def test_hub_and_agent_outlive_the_broker(name: str) -> None:
    """They start after the broker, but its stop or restart stops neither; each has its watchdog."""
    unit = read(SYSTEMD / f"tocsin-{name}.service")["Unit"]
    assert unit["Wants"] == "tocsin-broker.service"
    assert "tocsin-broker.service" in unit["After"].split()
    assert not {"Requires", "BindsTo", "PartOf", "Requisite"} & set(unit)
    assert 0 < int(read(SYSTEMD / f"tocsin-{name}.service")["Service"]["WatchdogSec"]) <= 30


def test_the_agent_gets_its_pins_and_the_boards_name() -> None:
    """lgpio needs a folder for its FIFO and the chip; gpiozero reads /proc/cpuinfo. A UPS has a line."""
    service = read(SYSTEMD / "tocsin-agent.service")["Service"]
    assert service["Environment"] == f"LG_WD=/run/{service['RuntimeDirectory']}"
    assert "ProcSubset" not in service
    assert service.get("PrivateDevices", "no") == "no"
    allowed = re.findall(r"^DeviceAllow=(\S+)", (SYSTEMD / "tocsin-agent.service").read_text(), re.MULTILINE)
    assert allowed == [
        "char-gpiochip",
        "char-spi",
        *(f"char-tty{kind}" for kind in ("USB", "ACM", "AMA", "S")),
    ]


def test_the_hub_gets_a_modems_line_and_no_other_device() -> None:
    """As the agent a UPS's; its user may open it."""
    text = (SYSTEMD / "tocsin-hub.service").read_text()
    assert read(SYSTEMD / "tocsin-hub.service")["Service"]["DevicePolicy"] == "closed"
    allowed = re.findall(r"^DeviceAllow=(\S+)", text, re.MULTILINE)
    assert allowed == [f"char-tty{kind}" for kind in ("USB", "ACM", "AMA", "S")]
    assert "m tocsin-hub dialout" in (SYSTEMD / "sysusers.d" / "tocsin.conf").read_text().splitlines()


def test_the_agent_may_ask_about_the_clock_and_not_set_it() -> None:
    """adjtimex with ``modes`` 0 needs the call alone; anything else needs a capability, and it has none."""
    text = (SYSTEMD / "tocsin-agent.service").read_text()
    service = read(SYSTEMD / "tocsin-agent.service")["Service"]
    filters = re.findall(r"^SystemCallFilter=(.*)", text, re.MULTILINE)
    # Later lines win, so that the calls come back after their set was taken out.
    assert filters == ["@system-service", "~@privileged @resources", "adjtimex clock_adjtime clock_adjtime64"]
    assert "ProtectClock" not in service
    assert service["CapabilityBoundingSet"] == service["AmbientCapabilities"] == ""


def test_the_agents_count_of_bad_starts_outlives_a_restart() -> None:
    """It is in the runtime folder (device/starts.py), in memory: a new start of the machine begins at 0."""
    service = read(SYSTEMD / "tocsin-agent.service")["Service"]
    assert service["RuntimeDirectoryPreserve"] == "restart"


def test_each_is_a_user_of_its_own() -> None:
    """So that none can read another's secrets; each user is made by sysusers."""
    made = re.findall(r"^u (\S+)", (SYSTEMD / "sysusers.d" / "tocsin.conf").read_text(), re.MULTILINE)
    assert sorted(read(unit)["Service"]["User"] for unit in ALWAYS) == sorted(made)


def test_the_backup_is_the_hubs_and_holds_nobody_up() -> None:
    """By the hub's user, who alone may read the record, last in every queue; each night, or made up for."""
    unit, hub = read(BACKUP)["Service"], read(SYSTEMD / "tocsin-hub.service")["Service"]
    assert unit["Type"] == "oneshot"
    assert (unit["User"], unit["StateDirectory"]) == (hub["User"], hub["StateDirectory"])
    assert "backup --scheduled" in unit["ExecStart"]
    assert (unit["Nice"], unit["CPUSchedulingPolicy"], unit["IOSchedulingClass"]) == ("19", "idle", "idle")
    assert int(unit["OOMScoreAdjust"]) > int(hub["OOMScoreAdjust"])
    # With users of its own it wouldn't know to which group a file belongs that goes along.
    assert "PrivateUsers" not in unit
    timer = read(SYSTEMD / "tocsin-backup.timer")
    assert timer["Timer"]["OnCalendar"].startswith("*-*-* ")
    assert timer["Timer"]["Persistent"] == "true"
    assert timer["Install"]["WantedBy"] == "timers.target"


@pytest.mark.parametrize("name", ["tocsin-backup.timer", "tocsin-broker-reload.path"])
def test_systemd_understands_what_starts_the_others(copies: Path, name: str) -> None:
    """It finds its service beside it."""
    shutil.copy(SYSTEMD / name, copies)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--recursive-errors=one", "--man=no", copies / name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert name not in done.stderr


def test_a_misspelt_key_of_the_path_would_be_found(copies: Path) -> None:
    """The check above can fail."""
    text = (SYSTEMD / "tocsin-broker-reload.path").read_text()
    (copies / "tocsin-broker-reload.path").write_text(text.replace("PathExists", "PathExist"))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", copies / "tocsin-broker-reload.path"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "tocsin-broker-reload.path" in done.stderr


def test_the_broker_takes_its_lists_anew_as_often_as_asked() -> None:
    """By the broker's own user, who alone may; what is watched is what the hub writes (broker_files)."""
    path, service, hub = (
        read(file) for file in (SYSTEMD / "tocsin-broker-reload.path", RELOAD, SYSTEMD / "tocsin-hub.service")
    )
    asked = f"/var/lib/tocsin/broker/{ASKED}"
    assert dict(path["Path"]) == {"PathExists": asked, "Unit": RELOAD.name}
    assert service["Unit"]["StartLimitIntervalSec"] == "0"
    assert service["Service"]["User"] == "tocsin-broker"
    assert f"rm -f {asked};" in service["Service"]["ExecStart"]
    assert hub["Service"]["ReadWritePaths"] == "-/var/lib/tocsin/broker"
    assert read(SYSTEMD / "tocsin-broker.service")["Unit"]["Wants"] == "tocsin-broker-reload.path"


@pytest.mark.parametrize("unit", ALWAYS, ids=lambda unit: unit.stem)
def test_the_pause_between_restarts_is_short_and_doesnt_grow(unit: Path) -> None:
    """systemd counts restarts since the machine's start and never forgets them after a good one, so that
    with RestartSteps every crash after the fifth would be 10 s in which nobody hears a press."""
    assert read(unit)["Service"]["RestartSec"] == "2"
    for file in SYSTEMD.rglob("*"):
        if file.is_file():
            assert not re.search("RestartSteps|RestartMaxDelaySec", file.read_text()), file
    install = (SYSTEMD.parent / "scripts" / "install").read_text()
    assert not re.search("RestartSteps|RestartMaxDelaySec", install)
    assert 'rm -f "$UNITS/$unit.d/restart.conf"' in install  # what earlier versions laid


@pytest.mark.skipif(shutil.which("systemd-sysusers") is None, reason="systemd-sysusers isn't installed")
def test_sysusers_and_tmpfiles_are_understood(tmp_path: Path) -> None:
    """In a root of their own: users and groups are made, the agent is in gpio and spi."""
    (tmp_path / "etc").mkdir()
    sysusers = SYSTEMD / "sysusers.d" / "tocsin.conf"
    done = subprocess.run(
        ["systemd-sysusers", f"--root={tmp_path}", "--dry-run", "-"],
        input=sysusers.read_text(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    for user in ("tocsin-broker", "tocsin-hub", "tocsin-agent"):
        assert f"Creating user '{user}'" in said
    assert "Creating group 'gpio'" in said
    assert "Creating group 'spi'" in said
    assert "Creating group 'dialout'" in said
    for line in (SYSTEMD / "tmpfiles.d" / "tocsin.conf").read_text().splitlines():
        if not line.startswith("#"):
            assert re.fullmatch(r"d /\S+\s+[02][0-7]{3}\s+\S+\s+\S+", line), line


def test_a_room_s_upgrade_is_of_the_release_that_was_confirmed_and_waits_behind_every_press() -> None:
    """What goes back must not be of what it goes back from; and nothing of it is the agent's."""
    service = read(UPGRADE)["Service"]
    assert "/opt/tocsin/upgrader/" in service["Environment"]
    assert "current" not in UPGRADE.read_text()
    assert (service["CPUSchedulingPolicy"], service["IOSchedulingClass"]) == ("idle", "idle")
    assert (
        int(service["OOMScoreAdjust"])
        > 0
        > int(read(SYSTEMD / "tocsin-agent.service")["Service"]["OOMScoreAdjust"])
    )
    timer = read(SYSTEMD / "tocsin-upgrade.timer")
    assert timer["Timer"]["OnUnitInactiveSec"] == "1min"
    assert timer["Install"]["WantedBy"] == "timers.target"
