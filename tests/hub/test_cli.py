"""``tocsin-hub``: what its commands say, and with which exit code."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from hub.cli import main
from hub.decision import Decision, RecordRow
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.migrate import bring_up
from hub.store.people import People
from hub.store.tokens import Tokens
from tests.school_files import example_school

EXAMPLE = Path(__file__).parent.parent.parent / "config" / "examples" / "hub.toml"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The example, with its record in the test's own folder."""
    file = tmp_path / "hub.toml"
    file.write_text(EXAMPLE.read_text().replace("/var/lib/tocsin/hub", str(tmp_path / "data")))
    return file


def people(tmp_path: Path) -> People:
    return People(open_engine(sqlite_url(tmp_path / "data")), "lincoln")


def test_check_of_good_settings_says_who_is_told_at_once(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0, the number of rooms, and which audience only the board tells."""
    assert main(["check", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "no fault. Site lincoln, 2 rooms" in said
    assert "plan emergency (panic, duress): at once sro, dispatch" in said
    assert "audience sro has no channel and no members" in said


def test_check_knows_an_audience_that_is_told_by_its_members(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It has no channel of its own, and needs none."""
    monkeypatch.setenv("PHONES", "Reyes = ntfy://topic")
    config.write_text(
        config.read_text().replace('# members = ["reyes"]', 'members = ["reyes"]', 1)
        + '[people.reyes]\nname = "Officer Reyes"\nreach = ["phones/Reyes"]\n'
        + '[channels.phones]\ntype = "apprise"\ntargets_env = "PHONES"\n'
    )
    assert main(["check", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "audience dispatch has no channel" in said
    assert "audience sro" not in said


def test_check_says_when_too_few_would_be_told(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The example's audiences are empty as it stands: at no time anybody but the board hears."""
    assert main(["check", "--config", str(config)]) == 0
    said = capsys.readouterr().out
    assert "note: too few would be told at times of the coming year:" in said
    assert "panic, every room: plan emergency reaches nobody; 8760 h in all" in said


def test_check_refuses_a_school_that_names_nobody_in_the_officers_place(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """As soon as anybody is told of a panic. The principal in that place is somebody."""
    monkeypatch.setenv("PHONES", "Okafor = ntfy://topic")
    shipped = config.read_text() + '[channels.phones]\ntype = "apprise"\ntargets_env = "PHONES"\n'
    office = 'title = "Principal and office"\nchannels = [{}]'
    officer = 'title = "School resource officer"\nchannels = [{}]'
    config.write_text(shipped.replace(office.format(""), office.format('"phones"')))
    assert main(["check", "--config", str(config)]) == 2
    assert capsys.readouterr().err.startswith(
        f"{config}: audiences.sro: nobody, where others are told of a panic"
    )
    config.write_text(config.read_text().replace(officer.format(""), officer.format('"phones"')))
    assert main(["check", "--config", str(config)]) == 0


def test_check_names_a_secret_that_anybody_may_read(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """With its key and the command that closes it; the hub itself would start, and say so."""
    phones = config.parent / "phones"
    phones.write_text("Reyes = ntfy://topic\n")
    phones.chmod(0o644)
    config.write_text(
        config.read_text() + f'[channels.phones]\ntype = "apprise"\ntargets_file = "{phones}"\n'
    )
    assert main(["check", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert f"channels.phones.targets_file: {phones} (mode 0644) is open: anybody may read it" in said
    assert f"sudo chmod g-w,o-rwx {phones}" in said
    phones.chmod(0o600)
    assert main(["check", "--config", str(config)]) == 0


def test_check_reminds_of_an_agreement_that_is_to_be_reviewed(
    config: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """From its day on, and not before."""
    shipped = config.read_text()
    words = "note: the agreement with the police has been due for renewal since"
    for day, said in (("2020-08-03", True), ("2199-08-03", False)):
        config.write_text(f"{shipped}\n[mou]\nreview = {day}\n")
        assert main(["check", "--config", str(config)]) == 0
        assert (f"{words} {day}; all goes on" in capsys.readouterr().out) is said


def test_explain_says_who_would_be_told_and_why(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """By a room's number, at a time of the school's clock; for an unknown room it names those there are."""
    words = ["explain", "--config", str(config), "--kind", "panic", "--at", "2026-11-23T10:02", "--room"]
    assert main([*words, "101"]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "panic in Room 101, Monday 23 November 2026, 10:02 (CST): plan emergency"
    assert said[-1] == "  plan emergency reaches nobody"
    assert main([*words, "9"]) == 2
    assert "no room '9'; rooms: Room 101, Room 102" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["explain", "--config", str(config), "--kind", "panic", "--room", "101", "--at", "noon"])
    assert "must be a date and time, such as 2026-11-23T10:02" in capsys.readouterr().err


def test_explain_of_a_drill_and_of_a_door(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Whom a drill spares, what is real in it all the same; a door's plan by what is told of it."""
    words = ["explain", "--config", str(example_school(tmp_path)), "--at", "2026-11-23T10:02"]

    def lines(*more: str) -> list[str]:
        assert main([*words, *more]) == 0
        return capsys.readouterr().out.splitlines()

    panic = ("--kind", "panic", "--room", "101")
    drill = lines(*panic, "--drill")
    assert "      0 s    of dispatch (dispatch): step 1 at 0 s: not sent because of the drill" in drill
    assert not any("again every" in line for line in drill)
    led = lines(*panic, "--leader", "Dr. Okafor")
    assert "      0 s  Dr. Okafor (phones/Dr. Okafor): EXPECTED: told of every press of a drill" in led
    real = lines("--kind", "duress", "--room", "101", "--drill")
    assert real[0] == "duress is real in every drill"
    assert "      0 s  dispatch (dispatch): step 1 at 0 s" in real
    assert "  assist is real, too, unless the drill has it among its kinds" in lines(
        "--kind", "assist", "--room", "101", "--drill"
    )
    heads = [line.split(",")[0] for line in lines("--kind", "door", "--room", "gym") if line[0] != " "][1:]
    assert heads == ["door (secure) in Gym", "door (after hours) in Gym", "door (held open) in Gym"]
    assert lines("--kind", "door", "--room", "101")[-1] == "nobody is told of it, whenever it is open"
    for wrong, said in (
        ((*panic, "--leader", "Okafor"), "no person 'Okafor'; people: Officer Reyes"),
        (("--kind", "door", "--room", "gym", "--drill"), "a drill covers no door"),
    ):
        assert main([*words, *wrong]) == 2
        assert said in capsys.readouterr().err


def test_check_says_all_that_is_wrong_and_exits_with_2(tmp_path: Path) -> None:
    """As the installed command, each fault on a line with file, key, found and cure."""
    file = tmp_path / "hub.toml"
    file.write_text('site = "a.b"\nname = "X"\ndata = "here"\ntimezone = "Mars"\n')
    command = [Path(sys.executable).with_name("tocsin-hub"), "check", "--config", file]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.splitlines() == [
        f"{file}: data: found 'here'; must be an absolute path",
        f"{file}: site: found 'a.b'; must be 1 to 64 of a-z 0-9 _ -, without a dot",
        f"{file}: timezone: found 'Mars'; must be an IANA time zone, such as 'America/Chicago'",
        "3 faults in the settings; nothing was started",
    ]


def test_check_names_a_certificate_that_cant_be_read(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """``run`` would go on with its other brokers; whoever asks is told."""
    text = config.read_text()
    assert "[broker]\n" in text
    tls = 'tls = { ca_file = "/dev/null", cert_file = "/dev/null", key_file = "/nowhere/key.pem" }'
    config.write_text(text.replace("[broker]\n", f"[broker]\n{tls}\n"))
    assert main(["check", "--config", str(config)]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said[0] == (
        f"{config}: broker.tls.key_file: /nowhere/key.pem can't be read (No such file or directory);"
        " name a readable PEM file"
    )


@pytest.mark.parametrize("command", ["run", "check"])
def test_nothing_starts_with_a_fault(
    tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither run nor check; nothing is made on the disk."""
    file = tmp_path / "hub.toml"
    file.write_text(f'site = "lincoln"\nname = ""\ndata = "{tmp_path}/data"\n')
    assert main([command, "--config", str(file)]) == 2
    assert "name: found ''" in capsys.readouterr().err
    assert not (tmp_path / "data").exists()


def test_a_secret_that_cannot_be_used_is_a_fault(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Also one that only the channel itself can judge; it is not shown."""
    (config.parent / "secret").touch(0o600)
    (config.parent / "secret").write_text("whsec_tooshort\n")
    channel = '[channels.hook]\ntype = "webhook"\nurl = "https://example.org/"\n'
    text = config.read_text() + channel + f'secret_file = "{config.parent}/secret"\n'
    config.write_text(text)
    assert main(["check", "--config", str(config)]) == 2
    said = capsys.readouterr().err
    assert "channels.hook" in said
    assert "tooshort" not in said


def test_a_person_is_added_and_given_a_new_password(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """From standard input or a file; the second time ends the sessions of the first."""
    monkeypatch.setattr("sys.stdin", io.StringIO("correct horse\n"))
    assert main(["user", "add", "reyes", "--config", str(config)]) == 0
    (tmp_path / "password").write_text("battery staple\n")
    first = people(tmp_path).check("reyes", "correct horse")
    assert first is not None
    added = ["user", "add", "reyes", "--config", str(config), "--password-file", str(tmp_path / "password")]
    assert main(added) == 0
    assert capsys.readouterr().out.splitlines() == [
        "added reyes: administrator, may do everything, people and tokens among it",
        "new password for reyes: administrator, may do everything, people and tokens among it",
    ]
    assert people(tmp_path).check("reyes", "correct horse") is None
    second = people(tmp_path).check("reyes", "battery staple")
    assert second is not None
    assert second.epoch > first.epoch


def test_a_short_password_is_refused(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """And nobody is added."""
    monkeypatch.setattr("sys.stdin", io.StringIO("short\n"))
    assert main(["user", "add", "reyes", "--config", str(config)]) == 1
    assert "8 to 1024 characters; nothing was changed" in capsys.readouterr().err
    assert people(config.parent).all() == []


def test_a_token_is_printed_once_and_does_what_its_scopes_say(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """One of that name made before is no longer good."""
    for scopes in ("read", "read,acknowledge"):
        assert main(["token", "add", "pager", "--scopes", scopes, "--config", str(config)]) == 0
    old, new = capsys.readouterr().out.split()
    tokens = Tokens(open_engine(sqlite_url(tmp_path / "data")), "lincoln")
    assert tokens.token(old) is None
    token = tokens.token(new)
    assert token is not None
    assert (token.name, token.scopes) == ("pager", {"read", "acknowledge"})


def test_an_unknown_scope_is_refused(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It says what is allowed."""
    assert main(["token", "add", "pager", "--scopes", "read,fly", "--config", str(config)]) == 1
    assert (
        "no scope fly; allowed: read, acknowledge, resolve, posture, drill, maintain, forget, administer, all"
        in capsys.readouterr().err
    )


def test_the_record_is_verified_and_exported_by_commands(
    config: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit 0 where it is whole, 1 where it isn't, 2 where there is none."""
    said = ["--config", str(config)]
    for command in (["verify-record"], ["record-head"], ["export", "--to", str(tmp_path / "out")]):
        assert main([*command, *said]) == 2
        assert "there is no record in" in capsys.readouterr().err
    data = tmp_path / "data"
    data.mkdir()
    url = sqlite_url(data)
    engine = open_engine(url)
    bring_up(engine, url, data)
    assert main(["record-head", *said]) == 1
    journal = Journal(engine, "lincoln")
    journal.commit([Decision(0.0, record=[RecordRow(n, n, "a", "b") for n in (1, 2, 3)])])
    journal.close()
    capsys.readouterr()
    assert main(["record-head", *said]) == 0
    head = capsys.readouterr().out.strip()
    assert main(["verify-record", *said, "--head", head]) == 0
    assert capsys.readouterr().out == f"whole: 4 rows, head {head}\n"
    days = ["--since", "2026-01-01", "--until", "2026-12-31"]
    assert main(["export", "--to", str(tmp_path / "out"), *days, *said]) == 0
    assert str(tmp_path / "out" / "record.jsonl") in capsys.readouterr().out
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM record WHERE seq = 3"))
    engine.dispose()
    assert main(["verify-record", *said]) == 0
    capsys.readouterr()
    assert main(["verify-record", *said, "--head", head]) == 1
    assert "NOT WHOLE: 1 fault in 3 rows" in capsys.readouterr().out
    with pytest.raises(SystemExit) as ended:
        main(["verify-record", *said, "--head", "seven"])
    assert ended.value.code == 2


def test_it_says_its_version(capsys: pytest.CaptureFixture[str]) -> None:
    """Of the program that is installed."""
    from config import __version__

    with pytest.raises(SystemExit, match="0"):
        main(["--version"])
    assert capsys.readouterr().out == f"tocsin {__version__}\n"


def test_check_says_when_nobody_is_told_of_troubles(
    config: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """No fault: a school may have boards alone. With somebody for maintenance it says no more of it."""
    said = "note: nobody is told of troubles: maintenance has no channel and no members; boards show it"
    assert main(["check", "--config", str(config)]) == 0
    assert said in capsys.readouterr().out
    monkeypatch.setenv("PHONES", "Pat = ntfy://topic")
    config.write_text(
        config.read_text()
        + '[people.pat]\nname = "Pat"\nreach = ["phones/Pat"]\n'
        + '[channels.phones]\ntype = "apprise"\ntargets_env = "PHONES"\n'
        + '[audiences.maintenance]\nchannels = []\nmembers = ["pat"]\n'
    )
    assert main(["check", "--config", str(config)]) == 0
    assert said not in capsys.readouterr().out
