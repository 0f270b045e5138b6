"""A day of faults with real secrets: none of them comes out of the hub or the agent, wherever one looks.

A real hub and a real agent log all they can while channels fail in every way, people mistype, threads
die of faults that quote a secret, and settings are wrong. Then everything that leaves them is searched:
logs, troubles, timelines, API answers, pages, metrics, broker messages, and the record's export.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import re
import secrets
import sqlite3
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pyotp
import pytest

from config.enrol_code import new_code
from tests.enrol_site import EnrolSite, open_folder, remove_folder
from tests.mosquitto import HOST, free_port
from tests.site import ROOT, Process, Sink, Site, until
from tests.tls import Authority

pytestmark = pytest.mark.broker

PLANTED = """
import sys, threading
import hub.channels.webhook as webhook
import hub.measuring as measuring
from hub.cli import main

async def quoting(self, delivery, _deliver=webhook.Webhook.deliver):
    if self.name == "quotes":
        raise RuntimeError("cannot use " + QUOTED)
    return await _deliver(self, delivery)

def dies(settings):
    threading.Thread(target=fails, name="doomed").start()
    raise RuntimeError("cannot look at " + QUOTED)

def fails():
    raise ValueError("no thread stands " + QUOTED)

webhook.Webhook.deliver = quoting
measuring.look_at_files = lambda settings, config: dies(settings)
sys.exit(main(sys.argv[1:]))
"""
"""The hub, with faults in it that quote a secret, as those of a library may."""
AGENT = """
site = "school"
device = "room-9"
data = "{data}"
pins = "mock"
log = {{ level = "debug" }}
links = [{{ name = "a", host = "127.0.0.1", port = {port}, tls = {{ ca_file = "{tls.ca_file}", \
cert_file = "{tls.cert_file}", key_file = "{tls.key_file}" }} }}]
[[zones]]
zone = "wall"
kind = "panic"
circuit = "no"
pin = 17
"""


class Secrets:
    """All that must not come out, by what it is."""

    def __init__(self) -> None:
        self.whsec = "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
        self.known = {"the webhook's secret": self.whsec.removeprefix("whsec_")}

    def new(self, what: str) -> str:
        """Return a fresh secret, that stands nowhere by chance."""
        self.known[what] = secrets.token_hex(12)
        return self.known[what]

    def bytes_of(self, what: str, file: Path) -> None:
        """Take a key in a file as one: its bytes in hex and base64, or the lines of its PEM."""
        found = file.read_bytes()
        if found.startswith(b"-----BEGIN"):
            for number, line in enumerate(found.decode().splitlines()[1:-1]):
                self.known[f"{what}, line {number + 1}"] = line
        else:
            self.known |= {
                f"{what} in hex": found.hex(),
                f"{what} in base64": base64.b64encode(found).decode(),
            }

    def found_in(self, where: str, what: bytes | str) -> list[str]:
        """Return which of them are in some bytes: as they are, and as a URL or base64 has them."""
        text = what.decode("latin-1") if isinstance(what, bytes) else what
        found = []
        for name, one in self.known.items():
            coded = base64.b64encode(one.encode()).decode()[:-4]
            if any(form in text for form in (one, urllib.parse.quote(one, safe=""), coded)):
                found.append(f"{name}: in {where}")
        return found


class Day(Site):
    """A site whose channels each hold a secret and fail each in a way of its own."""

    def __init__(self, folder: Path) -> None:
        self.kept = Secrets()
        self.failing, self.refusing = Sink(), Sink()
        self.failing.status, self.refusing.status = 500, 403
        super().__init__(folder, rooms=1, agents=True, hub=False)
        runner = folder / "runner.py"
        quoted = f"{self.sink.url}{self.kept.known['what a fault quotes']} {self.kept.whsec}"
        runner.write_text(f"QUOTED = {quoted!r}\n{PLANTED}")
        command = [sys.executable, str(runner), "run", "--config", str(self.hub_toml)]
        self.hub = Process("hub", command, folder / "hub.log")

    def _settings(self, group_by: str, secret: Path) -> str:
        new, nobody = self.kept.new, free_port()
        secret.write_text(self.kept.whsec)
        failing = self.failing.url.rstrip("/")
        urls = {
            "good": self.sink.url,
            "fails": f"{failing}/hooks/{new('a path')}?key={new('a query')}",
            "refuses": f"{self.refusing.url}{new('another path')}",
            "nobody": f"http://office:{new('a password')}@{HOST}:{nobody}/x",
            "no-tls": f"{failing.replace('http:', 'https:')}/{new('a path behind TLS')}",
            "no-name": f"http://no-such-host.invalid/{new('a path of no host')}",
            "quotes": f"{self.sink.url}{new('what a fault quotes')}",
        }
        targets = (
            f"Reyes = json://office:{new('an Apprise password')}@{HOST}:{nobody}/{new('an Apprise path')}",
            f"Mail = mailto://office:{new('a password of a mailbox')}@{HOST}:{nobody}?to=reyes@example.org",
            f"Phone = ntfy://{new('a user of ntfy')}:{new('a password of ntfy')}@{HOST}:{nobody}/topic",
        )
        lines = [
            f'channels.{name} = {{ type = "webhook", url_file = "{self._file(name, url)}", '
            f'secret_file = "{secret}", timeout_s = 2, troubles = true }}'
            for name, url in urls.items()
        ]
        phones = self._file("phones", "\n".join(targets))
        lines += [
            f'channels.phones = {{ type = "apprise", targets_file = "{phones}", timeout_s = 2 }}',
            'log = { level = "debug" }',
            'troubles = { notify = ["sro"], after_s = 1 }',
        ]
        everyone = ", ".join(f'"{name}"' for name in (*urls, "phones"))
        return re.sub(
            r"^channels\.hook = .*$", "\n".join(lines), super()._settings(group_by, secret), flags=re.M
        ).replace('channels = ["hook"]', f"channels = [{everyone}]")

    def _file(self, name: str, text: str) -> Path:
        file = self.folder / f"secret-{name}"
        file.touch(0o600)
        file.write_text(text + "\n")
        return file

    def store(self, statement: str) -> None:
        """Do something to the hub's own record behind its back."""
        with contextlib.closing(sqlite3.connect(self.hub_data / "tocsin.db", timeout=10)) as connection:
            connection.execute(statement)
            connection.commit()

    def command(self, *words: str, said: str = "") -> str:
        """Run a command of the hub; returns all that it said, whatever came of it."""
        done = subprocess.run(
            [sys.executable, "-m", "hub.cli", *words],
            input=said, capture_output=True, text=True, cwd=ROOT, check=False,
        )  # fmt: skip
        return done.stdout + done.stderr


class Visitor:
    """A browser that keeps cookies and follows where it is sent; keeps every page."""

    def __init__(self, port: int) -> None:
        self._at = f"http://{HOST}:{port}"
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), cookies)
        self.pages: list[str] = []

    def get(self, path: str, form: dict[str, str] | None = None, **headers: str) -> str:
        """Ask for a page, or send a form."""
        data = None if form is None else urllib.parse.urlencode(form).encode()
        request = urllib.request.Request(self._at + path, data, {"Origin": self._at, **headers})
        try:
            with self._opener.open(request, timeout=20) as answer:
                page = answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                page = error.read().decode()
        self.pages.append(page)
        return page

    def sign_in(self, name: str, password: str) -> str:
        """Fill the form in."""
        page = self.get("/sign-in")
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page))
        return self.get("/sign-in", {**hidden, "name": name, "password": password})


@pytest.fixture
def day(tmp_path: Path) -> Iterator[Day]:
    made = Day(tmp_path / "site")
    try:
        with made:
            yield made
    finally:
        made.failing.close()
        made.refusing.close()


def agent_with_a_key(day: Day) -> Path:
    """Let an agent of its own fail to speak TLS with a broker that has none; returns its log."""
    folder = day.folder / "agent"
    tls = Authority(folder, "The site").issue("school.room-9")
    tls.key_file.chmod(0o600)
    day.kept.bytes_of("the agent's key", tls.key_file)
    config, log = folder / "agent.toml", folder / "agent.log"
    config.write_text(AGENT.format(data=folder / "data", port=day.broker.port, tls=tls))
    agent = Process("agent", [sys.executable, "-m", "device.cli", "run", "--config", str(config)], log)
    agent.start()
    until(
        "the link's fault",
        lambda: agent.words() if "not TLS" in agent.words(500) or "TLS" in agent.words(500) else "",
        30,
    )
    assert agent.end() == 0
    return log


def what_people_do(day: Day, visitor: Visitor) -> list[Any]:
    """Sign in, mistype, and ask with tokens that are none; returns what the API answered."""
    kept = day.kept
    password = kept.new("a person's password")
    assert "added" in day.command("user", "add", "reyes", "--config", str(day.hub_toml), said=password)
    kept.known["a token"] = day.token
    visitor.sign_in("reyes", kept.new("a mistyped password"))
    visitor.sign_in("nobody", kept.new("a guessed password"))
    # The form shows it again to whoever typed it, so that these pages are not looked through.
    Visitor(day.console_port).sign_in(kept.new("a password typed as the name"), "reyes")
    answers = [day.http("/api/v1/incidents", authorization=f"Bearer {kept.new('a token that is none')}")]
    answers += [day.http(f"/api/v1/incidents?token={kept.new('a token in a query')}")]
    a_store_that_refuses(day, password)
    page = visitor.sign_in("reyes", password)
    assert "Sign out" in page or "sign-out" in page, page[:2000]
    return answers


def a_store_that_refuses(day: Day, password: str) -> None:
    """Let it refuse to keep a second factor, and to look for a mistyped name: both go into its errors."""
    person = Visitor(day.console_port)  # its pages show the secret, so that they are not looked through
    person.sign_in("reyes", password)
    page = person.get("/account/second-factor")
    hidden = dict(re.findall(r'<input type="hidden" name="(csrf|secret)" value="([^"]*)"', page))
    letters = re.search(r'class="letters">([A-Z2-7 ]+)<', page)
    assert letters, page
    secret = day.kept.known["a second factor"] = letters[1].replace(" ", "")
    fields = {**hidden, "code": pyotp.TOTP(secret).now(), "password": password}
    day.store("CREATE TRIGGER full BEFORE UPDATE ON people BEGIN SELECT RAISE(FAIL, 'full'); END")
    assert "can&#39;t be read" in person.get("/account/second-factor", fields)
    day.store("DROP TRIGGER full")
    day.store("ALTER TABLE people RENAME TO away")
    typed = day.kept.new("another password typed as the name")
    assert "can&#39;t be checked now" in Visitor(day.console_port).sign_in(typed, "reyes")
    day.store("ALTER TABLE away RENAME TO people")


def test_no_secret_comes_out_in_a_day_of_faults(day: Day) -> None:
    """Of some twenty, in logs, troubles, timelines, answers, pages, messages, exports and the record."""
    day.start_hub()
    kept, visitor, said = day.kept, Visitor(day.console_port), {}
    until("the console", lambda: day.healthz()[0])
    kept.bytes_of("the sessions' key", day.hub_data / "session.key")
    said["answers to people"] = json.dumps(what_people_do(day, visitor))
    said["the agent's log"] = agent_with_a_key(day).read_text(errors="replace")
    day.touch("room-101", "press")
    incident = until("an incident", lambda: day.ask("incidents")["incidents"])[0]
    failing = {"fails", "refuses", "nobody", "no-tls", "no-name", "phones", "quotes"}

    def told() -> set[str]:
        keys = " ".join(day.troubles())
        return {name for name in failing if name in keys}

    until(f"troubles of {failing}", lambda: told() == failing, 60)
    day.broker.kill()
    day.broker.start()
    day.wait_ready(60)
    in_clear = kept.new("a secret in the settings")
    settings = day.hub_toml.read_text()
    day.hub_toml.write_text(
        f'{settings}[channels.bad]\ntype = "webhook"\nsecret = "whsec_{in_clear}"\n'
        f'url = "https://a:{in_clear}@example.org"\n'
    )
    for word in ("check", "reload"):
        said[word] = day.command(word, "--config", str(day.hub_toml))
        assert "channels.bad.secret" in said[word], said[word]
    os.kill(day.hub.pid, 1)
    until("the refusal", lambda: "settings" in " ".join(day.troubles()), 30)
    day.hub_toml.write_text(settings)
    asked = {
        path: day.ask(path)
        for path in (
            "incidents",
            f"incidents/{incident['id']}",
            "devices",
            "doors",
            "drills",
            "troubles",
            "openapi.json",
        )
    }
    said |= {f"GET {path}": json.dumps(answer) for path, answer in asked.items()}
    for path in (
        "/",
        "/devices",
        "/troubles",
        "/doors",
        f"/incidents/{incident['id']}",
        "/metrics",
        "/healthz",
    ):
        visitor.get(path)
    said["pages"] = "\n".join(visitor.pages)
    said["messages"] = "\n".join(f"{m.topic} {m.payload!r}" for m in day.ear.messages)
    posts = [json.dumps(post.body) for sink in (day.sink, day.failing, day.refusing) for post in sink.posts]
    said["notices"] = "\n".join(posts)
    said["export"] = day.command("export", "--to", str(day.folder / "export"), "--config", str(day.hub_toml))
    day.hub.kill()
    for file in [
        *(day.folder / "export").rglob("*"),
        *day.hub_data.glob("tocsin.db*"),
        *day.folder.rglob("*.log"),
    ]:
        if file.is_file():
            said[str(file.relative_to(day.folder))] = file.read_bytes().decode("latin-1")
    log = said["hub.log"]
    for line in (
        "cannot look at ***",
        "no thread stands ***",
        "a channel failed",
        "sign-in refused",
        "People.set_factor",
        "People.check",
    ):
        assert line in log, f"the day had no {line!r}"
    assert "record.jsonl" in " ".join(said)
    assert len(kept.known) > 20
    assert [found for where, text in said.items() for found in kept.found_in(where, text)] == []


def test_nothing_of_an_enrolment_comes_out(tmp_path: Path) -> None:
    """Neither codes, right or wrong, nor keys: in logs, lists, messages of commands, and the record."""
    folder, kept = open_folder(tmp_path), Secrets()
    try:
        with EnrolSite(folder) as school:
            code, unused = school.code("room-101"), school.code("room-102")
            wrong = new_code(school.authority).text
            for what, one in (("a code", code), ("a code that waits", unused), ("a wrong code", wrong)):
                kept.known |= {what: one[:17], f"{what} without hyphens": one.replace("-", "")[:15]}
            pi = school.pi()
            refused, said_no = pi.enrol(wrong)
            taken, said_yes = pi.enrol(code)
            assert (refused != 0, taken) == (True, 0), said_no + said_yes
            pi.plug()
            for key in (*(school.data / "authority").glob("*.key"), pi.etc / "identity" / "key.pem"):
                kept.bytes_of(key.name, key)
            said = {"enrol": said_no + said_yes, "agents": school.agents()}
            school.hub.kill()
            for file in [*school.data.glob("tocsin.db*"), *folder.rglob("*.log")]:
                said[str(file.relative_to(folder))] = file.read_bytes().decode("latin-1")
        assert "refused" in said["hub.log"]
        assert "room-101" in said["agents"]
        assert len(kept.known) > 10
        assert [found for where, text in said.items() for found in kept.found_in(where, text)] == []
    finally:
        remove_folder(folder)


def test_the_search_finds_what_is_there() -> None:
    """It would find each form: as it is, quoted for a URL, in base64."""
    kept = Secrets()
    kept.known = {"one": "pass/word&0123456789"}
    for form in (
        "xpass/word&0123456789x",
        "a=pass%2Fword%260123456789",
        base64.b64encode(b"pass/word&0123456789").decode(),
    ):
        assert kept.found_in("a log", form) == ["one: in a log"]
    assert kept.found_in("a log", "pass/word") == []


@pytest.mark.parametrize(
    "url", ["postgresql://tocsin:{}@127.0.0.1:1/tocsin", "postgresql://tocsin@127.0.0.1:1/{}"]
)
def test_a_store_that_cannot_be_reached_is_told_without_its_password(tmp_path: Path, url: str) -> None:
    """The hub doesn't start, and what it says names the server alone."""
    planted = secrets.token_hex(12)
    file, config = tmp_path / "store", tmp_path / "hub.toml"
    file.touch(0o600)
    file.write_text(url.format(planted))
    config.write_text(
        f'site = "school"\nname = "School"\ndata = "{tmp_path}/data"\nlog = {{ level = "debug" }}\n'
        f'store = {{ url_file = "{file}" }}\n'
    )
    done = subprocess.run(
        [sys.executable, "-m", "hub.cli", "run", "--config", str(config)],
        capture_output=True, text=True, cwd=ROOT, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode != 0
    assert planted not in done.stdout + done.stderr
    assert "127.0.0.1" in done.stderr
