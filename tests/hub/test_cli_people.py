"""``tocsin-hub user``, ``session`` and ``token``: what each does and says, and what each refuses."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import pytest

from hub.cli import main
from hub.store.engine import open_engine, sqlite_url
from hub.store.people import People
from hub.store.sessions import Sessions, SignedIn
from hub.store.tokens import Tokens

PASSWORD = "correct horse"


class Said(NamedTuple):
    code: int
    out: str
    err: str


class Box:
    """A machine with a hub's settings, on which commands are given."""

    def __init__(
        self, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self._config = folder / "hub.toml"
        self._config.write_text(
            f'site = "lincoln"\nname = "Lincoln"\ndata = "{folder}/data"\ntimezone = "America/Chicago"\n'
        )
        self._url = sqlite_url(folder / "data")
        self._monkeypatch, self._capsys = monkeypatch, capsys

    def does(self, *words: str, say: str = "") -> Said:
        self._monkeypatch.setattr("sys.stdin", io.StringIO(say))
        code = main([*words, "--config", str(self._config)])
        return Said(code, *self._capsys.readouterr())

    @property
    def people(self) -> People:
        return People(open_engine(self._url), "lincoln")

    @property
    def sessions(self) -> Sessions:
        return Sessions(open_engine(self._url), "lincoln")

    @property
    def tokens(self) -> Tokens:
        return Tokens(open_engine(self._url), "lincoln")


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Box:
    """One with an administrator, who is the first person."""
    made = Box(tmp_path, monkeypatch, capsys)
    assert made.does("user", "add", "lee", say=f"{PASSWORD}\n").code == 0
    return made


def signed_in(box: Box, session: str, name: str) -> None:
    now = box_now()
    box.sessions.open(SignedIn(session, name, now, now + 3_600_000, "10.0.0.1", "a browser"))


def box_now() -> int:
    return round(datetime.now(UTC).timestamp() * 1000)


def test_a_second_person_needs_a_role(box: Box) -> None:
    """Before any password is asked for; it says what each may do, and the role that was given."""
    refused = box.does("user", "add", "reyes", say=f"{PASSWORD}\n")
    assert refused.code == 1
    assert "reyes is new: say --role, one of" in refused.err
    assert "sro" in refused.err
    assert [one.name for one in box.people.all()] == ["lee"]
    added = box.does("user", "add", "reyes", "--role", "sro", say=f"{PASSWORD}\n")
    assert added.out.startswith("added reyes: sro, sees every page, and acknowledges")
    again = box.does("user", "add", "reyes", say="another horse\n")
    assert again.out.startswith("new password for reyes: sro")


def test_people_are_listed_given_other_roles_and_removed(box: Box) -> None:
    box.does("user", "add", "reyes", "--role", "sro", say=f"{PASSWORD}\n")
    signed_in(box, "s1", "reyes")
    box.people.set_factor("reyes", "SECRET", 1, ["a", "b"])
    lee, reyes = (line.split("\t") for line in box.does("user", "list").out.splitlines())
    assert (lee[0], lee[1], lee[3]) == ("lee", "administrator", "no second factor")
    assert (reyes[0], reyes[1]) == ("reyes", "sro")
    assert reyes[3].endswith("2 recovery codes left")
    assert box.does("user", "role", "reyes", "viewer").out.startswith("reyes: viewer, ")
    assert box.does("user", "remove-factor", "reyes").code == 0
    assert "reyes has no second factor" in box.does("user", "remove-factor", "reyes").err
    assert box.does("user", "remove", "reyes").code == 0
    assert box.sessions.all(box_now()) == []
    gone = box.does("user", "role", "reyes", "sro")
    assert (gone.code, gone.err) == (1, "nobody is called reyes; nothing was changed\n")
    last = box.does("user", "remove", "lee")
    assert (last.code, "lee is the only administrator" in last.err) == (1, True)


def test_sessions_are_listed_and_ended(box: Box) -> None:
    """One, a person's, or everybody's; none is an error."""
    box.does("user", "add", "reyes", "--role", "sro", say=f"{PASSWORD}\n")
    for session, name in (("s1", "lee"), ("s2", "reyes"), ("s3", "reyes"), ("s4", "lee")):
        signed_in(box, session, name)
    listed = box.does("session", "list", "--user", "reyes").out
    assert [line.split("\t")[1] for line in listed.splitlines()] == ["reyes", "reyes"]
    assert "10.0.0.1\ta browser" in listed
    assert box.does("session", "end", "s1").out == "1 session ended\n"
    assert box.does("session", "end", "s1").code == 1
    assert box.does("session", "end", "--user", "reyes").out == "2 sessions ended\n"
    assert box.does("session", "end", "--all").out == "1 session ended\n"
    assert box.does("session", "list").out == ""


def test_a_token_holds_to_the_end_of_its_last_day(box: Box) -> None:
    """By the school's own clock, which is not the box's; it is listed and removed."""
    day = (datetime.now(UTC) + timedelta(days=30)).date()
    token = box.does("token", "add", "dispatch", "--scopes", "read", "--ends", day.isoformat()).out.strip()
    found = box.tokens.token(token)
    assert found is not None
    assert found.ends is not None
    ends = datetime.fromtimestamp(found.ends / 1000, UTC)
    assert ends.date() == day + timedelta(days=1)
    assert ends.hour in (5, 6)  # midnight in Chicago, summer time or not
    box.does("token", "add", "radio", "--scopes", "all")
    dispatch, radio = (line.split("\t") for line in box.does("token", "list").out.splitlines())
    assert (dispatch[0], dispatch[1], dispatch[3][:5]) == ("dispatch", "read", "until")
    assert (radio[1], radio[3]) == ("all", "without end")
    assert box.does("token", "remove", "dispatch").code == 0
    assert box.tokens.token(token) is None
    assert box.does("token", "remove", "dispatch").err == "no token is called dispatch; nothing was changed\n"
    past = box.does("token", "add", "late", "--ends", "2020-01-01")
    assert (past.code, "is over already" in past.err) == (1, True)


def test_a_password_or_name_that_could_not_be_typed_is_refused(box: Box, tmp_path: Path) -> None:
    """In words, and nothing is kept: what is said to be added can sign in."""
    missing, binary = tmp_path / "none", tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe long enough")
    new = ("user", "add", "reyes", "--role", "sro")
    for words, say, why in (
        ((*new, "--password-file", str(missing)), "", f"{missing} can't be read: No such file"),
        ((*new, "--password-file", str(binary)), "", "must be text in UTF-8"),
        (new, "long enough\0", "must be text in UTF-8"),
        (new, "short", "a password needs 8 to 1024 characters"),
        (new, "x" * 1025, "a password needs 8 to 1024 characters"),
        (("user", "add", " reyes", "--role", "sro"), PASSWORD, "' reyes' can't be signed in with"),
        (("user", "add", "", "--role", "sro"), PASSWORD, "'' can't be signed in with"),
        (("user", "add", "r" * 257, "--role", "sro"), PASSWORD, "can't be signed in with"),
    ):
        refused = box.does(*words, say=say)
        assert (refused.code, why in refused.err) == (1, True), refused
        assert refused.err.endswith("; nothing was changed\n")
    assert [one.name for one in box.people.all()] == ["lee"]
    file = tmp_path / "password"
    file.write_text("x" * 1024 + "\n")
    assert box.does(*new, "--password-file", str(file)).code == 0
    assert box.people.check("reyes", "x" * 1024) is not None
