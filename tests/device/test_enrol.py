"""What an enrolled Pi keeps, and what is said of what goes wrong; the whole way is in "
"tests/broker/test_enrolment.py."""

from __future__ import annotations

import argparse
import json
import os
import ssl
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from config.enrol_code import new_code
from device.enrol import command
from device.enrol.door_words import DoorClosedError, EnrolError, of_error, of_refusal
from device.enrol.enrolling import Enrolling
from device.enrol.hub_door import HubDoor
from device.enrol.keeping import Kept
from device.enrol.key import new_key, request

WHAT = {"site": "lincoln", "device": "room-101", "room": "Room 101", "spare": False, "serial": "1f"}


def kept(folder: Path, voucher: str = "a", settings: str | None = "# one") -> Kept:
    """Keep a whole enrolment, as the command does."""
    made = Kept(folder)
    made.begin(voucher)
    made.key(lambda: b"key of " + voucher.encode())
    made.put("certificate", "authority", settings, WHAT)
    made.finish()
    return made


def test_what_is_kept_is_there_from_one_moment_to_the_next(tmp_path: Path) -> None:
    """The settings in their place, the key for one user's eyes."""
    made = kept(tmp_path)
    assert made.what() == WHAT
    assert (tmp_path / "agent.toml").read_text() == "# one"
    key = tmp_path / "identity" / "key.pem"
    assert key.read_bytes() == b"key of a"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert stat.S_IMODE(key.parent.stat().st_mode) == 0o700
    assert sorted(path.name for path in key.parent.iterdir()) == [
        "authority.pem",
        "certificate.pem",
        "key.pem",
        "what.json",
    ]


def test_another_enrolment_takes_its_place_whole(tmp_path: Path) -> None:
    """Nothing of the one before is left but its settings, kept aside."""
    kept(tmp_path, "a", "# one")
    kept(tmp_path, "b", "# two")
    assert (tmp_path / "identity" / "key.pem").read_bytes() == b"key of b"
    assert (tmp_path / "agent.toml").read_text() == "# two"
    assert (tmp_path / "agent.toml.before").read_text() == "# one"
    assert len(list(tmp_path.glob("identity-*"))) == 1


def test_what_was_cut_off_is_gone_on_with(tmp_path: Path) -> None:
    """By the same code: the same key. What worked before works until it is finished."""
    kept(tmp_path, "a")
    half = Kept(tmp_path)
    half.begin("b")
    key = half.key(new_key)
    half.put("certificate", "authority", "# two", {**WHAT, "device": "room-102"})
    assert half.what() == WHAT
    assert (tmp_path / "agent.toml").read_text() == "# one"
    again = Kept(tmp_path)
    again.begin("b")
    assert again.key(new_key) == key
    again.put("certificate", "authority", "# two", {**WHAT, "device": "room-102"})
    again.finish()
    assert (again.what() or {})["device"] == "room-102"


def test_settings_that_were_not_put_in_place_are_at_the_next_run(tmp_path: Path) -> None:
    """A power cut between the two steps of the end."""
    made = Kept(tmp_path)
    made.begin("a")
    made.key(new_key)
    made.put("certificate", "authority", "# late", WHAT)
    (tmp_path / "identity").symlink_to(made.new.name)
    with pytest.raises(EnrolError, match="with --replace it becomes"):
        enrolling(tmp_path).enrol("127.0.0.1:1", new_code(b"x").text)
    assert (tmp_path / "agent.toml").read_text() == "# late"


@pytest.mark.parametrize("damage", ["", "{", "[]"])
def test_a_damaged_note_of_what_this_is_is_none(tmp_path: Path, damage: str) -> None:
    made = kept(tmp_path)
    (tmp_path / "identity" / "what.json").write_text(damage)
    assert made.what() is None


def test_a_folder_that_can_t_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_, **__: False)  # root may write everywhere
    with pytest.raises(EnrolError, match="can't be written by this user"):
        enrolling(tmp_path).enrol("127.0.0.1", new_code(b"x").text)


def test_no_key_is_like_another_and_a_request_says_no_name() -> None:
    from cryptography import x509

    one, two = new_key(), new_key()
    assert one != two
    made = x509.load_pem_x509_csr(request(one).encode())
    assert made.is_signature_valid
    assert list(made.subject) == []


def enrolling(etc: Path) -> Enrolling:
    return Enrolling(etc, etc / "data", lambda _: None)


@pytest.mark.parametrize(
    ("where", "host", "port"),
    [
        ("hub.example.org", "hub.example.org", 8884),
        ("10.0.0.1:99", "10.0.0.1", 99),
        ("https://hub:8884/", "hub", 8884),
        ("[fd00::1]", "fd00::1", 8884),
        ("[fd00::1]:99", "fd00::1", 99),
        ("fd00::1", "fd00::1", 8884),
    ],
)
def test_an_address_has_a_port_or_the_usual_one(where: str, host: str, port: int) -> None:
    door = HubDoor(where)
    assert (door.host, door.port) == (host, port)


@pytest.mark.parametrize("where", ["", ":99", "hub:x", "hub:0", "hub:70000", "[fd00::1]:x"])
def test_what_is_no_address_is_told(where: str) -> None:
    with pytest.raises(EnrolError, match="expected HOST or HOST:PORT"):
        HubDoor(where)


@pytest.mark.parametrize("name", ["", "broker.lincoln.tocsin.internal", "door.example.org", "door."])
def test_a_server_with_another_name_is_no_door(name: str) -> None:
    """The broker's certificate is the same authority's."""
    with pytest.raises(EnrolError, match="no door's name"):
        HubDoor("hub").believe("PEM", name)


def verification(code: int) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError("no")
    error.verify_code, error.verify_message = code, "as OpenSSL says it"
    return error


@pytest.mark.parametrize(
    ("error", "words", "later"),
    [
        (verification(9), "the clock of this Pi or of the hub is wrong by decades", False),
        (verification(10), "set it (sudo date -s", False),
        (verification(62), "is NOT the hub that made this code", False),
        (verification(20), "Nothing secret was said", False),
        (ConnectionRefusedError(), "nothing listens there", True),
        (TimeoutError(), "does a firewall lie between?", True),
        (ConnectionResetError(), "try again in a moment", True),
        (OSError(113, "No route to host"), "there is no way there (No route to host)", True),
        (ValueError("x"), "its answer can't be read", True),
    ],
)
def test_what_goes_wrong_on_the_way_says_what_to_do(error: Exception, words: str, later: bool) -> None:
    """And whether the same may work later."""
    told = of_error("hub", 8884, error)
    assert words in str(told)
    assert isinstance(told, DoorClosedError) is later


@pytest.mark.parametrize(
    ("status", "answer", "words"),
    [
        (403, {"error": "wrong-code", "detail": "d"}, "look at its first 16 characters"),
        (
            409,
            {"error": "not-in-this-state", "state": "used", "detail": "d"},
            "tocsin-hub agents says from which",
        ),
        (409, {"error": "not-in-this-state", "state": "ended", "detail": "d"}, "set the hub's clock"),
        (409, {"error": "not-in-this-state", "state": "void", "detail": "d"}, "have a new code made"),
        (409, {"error": "not-in-this-state", "state": "taken", "detail": "d"}, "enrol --replace"),
        (403, {"error": "revoked", "state": "revoked", "detail": "d"}, "enrol this Pi with --replace"),
        (403, {"error": "unknown", "detail": "d"}, "restored from an older backup?"),
        (500, {}, "the hub says no: status 500"),
    ],
)
def test_what_the_hub_refuses_says_what_to_do(status: int, answer: dict[str, Any], words: str) -> None:
    assert words in str(of_refusal(status, answer))
    assert not isinstance(of_refusal(status, answer), DoorClosedError)


@pytest.mark.parametrize("status", [429, 503])
def test_what_the_hub_can_t_do_now_may_be_asked_again(status: int) -> None:
    assert isinstance(of_refusal(status, {"error": "x", "detail": "d"}), DoorClosedError)


def test_hub_and_code_come_from_a_file(tmp_path: Path) -> None:
    """One that is gone was used; what is wrong with one is said."""
    file = tmp_path / "enrol.toml"
    assert command.read_file(file) == (None, None)
    file.write_text('hub = "10.0.0.1"\ncode = "C"\n')
    assert command.read_file(file) == ("10.0.0.1", "C")
    for text, words in (('hub = "x"\n', "'code' is missing"), ("x = [", "can't be read")):
        file.write_text(text)
        with pytest.raises(EnrolError, match=words):
            command.read_file(file)


def test_a_spare_asks_until_it_is_given_a_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also while the hub can't be reached; it says so once."""
    made = kept(tmp_path, settings=None)
    spare = {
        **WHAT,
        "device": "spare-1",
        "room": None,
        "spare": True,
        "hub": "h",
        "door": "door.l.tocsin.internal",
    }
    (tmp_path / "identity" / "what.json").write_text(json.dumps(spare))
    down = DoorClosedError("h:8884: nothing listens there")
    answers: list[Any] = [{"given": None}, down, down, {"given": None}, down]
    said: list[str] = []

    def ask(*_: object, **__: object) -> Any:
        if not answers:
            raise KeyboardInterrupt
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr(HubDoor, "ask", ask)
    waits = Enrolling(tmp_path, tmp_path, said.append, lambda _: None)
    with pytest.raises(KeyboardInterrupt):
        waits.enrol(None, None)
    assert [line for line in said if "asking again" in line] == [f"{down}; asking again"] * 2
    answers.append({"given": None})
    assert waits.enrol(None, None, wait=False) is False
    assert made.what() == spare


def test_running_needs_none_of_it() -> None:
    """The agent's own process holds neither the library that makes keys nor the command."""
    code = (
        "import sys, device.cli, device.loop, device.check;"
        "print([name for name in sys.modules if name.startswith(('cryptography', 'device.enrol'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_command_says_how_it_ended(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody there: the same command may do later. Nothing given: what is missing."""
    given = argparse.Namespace(
        etc=tmp_path, data=tmp_path, hub="127.0.0.1:1", code=new_code(b"x").text, file=None,
        replace=False, renew=False, no_wait=False,
    )  # fmt: skip
    assert command.enrol(given) == command.NOT_NOW
    assert "nothing is lost: run the same command again" in capsys.readouterr().err
    given.hub = given.code = None
    assert command.enrol(given) == 1
    assert "give --hub and --code" in capsys.readouterr().err
