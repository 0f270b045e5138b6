"""The Apprise channel against real mail servers."""

from __future__ import annotations

import asyncio
import logging
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from msgspec.structs import replace

from hub.channels.apprise import MOST_LEFT, AppriseChannel
from hub.channels.apprise_targets import read_targets
from hub.channels.dispatcher import Dispatcher
from hub.delivery import Outcome
from hub.notice import NoticeType
from tests.hub.channels.making import Outcomes, delivery, until
from tests.hub.channels.receiver import Receiver, free_port


class Mailbox:
    """A real SMTP server that keeps what it gets, and refuses whom it is told to."""

    def __init__(self) -> None:
        self.mails: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self._controller = Controller(self, hostname="127.0.0.1", port=free_port())

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: object) -> str:
        if address.startswith("nobody"):
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.to.append(list(envelope.rcpt_tos))
        self.mails.append(mail)
        return "250 OK"

    def url(self, person: str = "sro") -> str:
        return mail_url(self._controller.port, person)

    def __enter__(self) -> Mailbox:
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._controller.stop()


def mail_url(port: int, person: str = "sro", credentials: str = "") -> str:
    return (
        f"mailto://{credentials}127.0.0.1:{port}"
        f"?mode=insecure&from=tocsin@school.example&to={person}@school.example"
    )


def test_a_mail_server_is_signed_in_to_and_told_nothing(mailbox: Mailbox) -> None:
    """The others can't be asked; a server that is away, or refuses the password, says so."""
    targets, _ = read_targets(f"Reyes = {mailbox.url()}\nPush = ntfy://127.0.0.1/x")
    channel = AppriseChannel("phones", targets, 5.0, "UTC")
    assert channel.unasked == ("Push",)
    assert asyncio.run(channel.probe()) == Outcome("delivered", "signed in")
    assert mailbox.mails == []
    for url, said in (
        (mail_url(free_port()), "ConnectionRefusedError"),
        (mailbox.url().replace("mailto://", "mailto://reyes:wrong-password@"), "SMTPNotSupportedError"),
    ):
        targets, _ = read_targets(f"Reyes = {url}")
        outcome = asyncio.run(AppriseChannel("phones", targets, 5.0, "UTC").probe())
        assert (outcome.verdict, outcome.said.split(":")[:2]) == ("temporary", ["Reyes", f" {said}"])
        assert "wrong-password" not in outcome.said


def test_a_mail_server_that_hangs_holds_up_no_probe() -> None:
    """And few threads stay behind."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        targets, _ = read_targets(f"Reyes = {mail_url(silent.getsockname()[1])}")
        channel = AppriseChannel("phones", targets, 0.2, "UTC")
        said = [asyncio.run(channel.probe()).said for _ in range(MOST_LEFT)]
        assert all(words.startswith("Reyes: ") for words in said)


@pytest.fixture
def mailbox() -> Iterator[Mailbox]:
    with Mailbox() as running:
        yield running


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen(64)
        yield server.getsockname()[1]


@contextmanager
def phones(timeout_s: float = 10.0, **urls: str) -> Iterator[tuple[Dispatcher, Outcomes]]:
    """A dispatcher with the one channel ``phones`` of these targets."""
    targets, faults = read_targets("\n".join(f"{name} = {url}" for name, url in urls.items()))
    assert not faults
    outcomes = Outcomes()
    channel = AppriseChannel("phones", targets, timeout_s, "America/Chicago")
    dispatcher = Dispatcher({"phones": channel}, outcomes)
    dispatcher.start()
    try:
        yield dispatcher, outcomes
    finally:
        assert dispatcher.stop(1)


def test_a_person_reads_where_and_when(mailbox: Mailbox) -> None:
    """The subject says it all, in the school's time."""
    with phones(Reyes=mailbox.url()) as (dispatcher, outcomes):
        dispatcher.submit([delivery(1, channel="phones", target="Reyes")])
        assert (outcomes.of("d-1").verdict, outcomes.of("d-1").said) == ("delivered", "accepted")
    (mail,) = mailbox.mails
    assert mail["subject"] == "PANIC Room 101 (desk), Main bldg, floor 1, 20:02:11"
    assert mailbox.to == [["sro@school.example"]]
    body = mail.get_body()
    assert body is not None
    assert "Incident 41 at lincoln" in body.get_content()


def test_a_message_ends_with_how_to_answer(mailbox: Mailbox) -> None:
    """Where there is anything to answer."""
    targets, _ = read_targets(f"Reyes = {mailbox.url()}")
    for said in ("Take it in hand: https://tocsin.example.org/go/x.y", None):
        channel = AppriseChannel("phones", targets, 10.0, "UTC", lambda _, said=said: said)
        asyncio.run(channel.deliver(delivery(1, channel="phones", target="Reyes")))
    first, second = (mail.as_string().splitlines() for mail in mailbox.mails)
    assert "Take it in hand: https://tocsin.example.org/go/x.y" in first
    assert not any("Take it in hand" in line for line in second)


@pytest.mark.parametrize("kind", ["incident.updated", "incident.acknowledged", "incident.resolved"])
def test_every_type_of_notice_is_sent(mailbox: Mailbox, kind: NoticeType) -> None:
    """Not the first alone."""
    with phones(Reyes=mailbox.url()) as (dispatcher, outcomes):
        dispatcher.submit([delivery(1, channel="phones", target="Reyes", kind=kind)])
        assert outcomes.of("d-1").verdict == "delivered"
    assert mailbox.mails[0]["subject"].startswith("PANIC")


def test_each_target_has_an_outcome_of_its_own(mailbox: Mailbox) -> None:
    """One refused, one unreachable, one told."""
    urls = {"Reyes": mailbox.url(), "Gone": mailbox.url("nobody"), "Dead": mail_url(free_port())}
    with phones(**urls) as (dispatcher, outcomes):
        targets = enumerate(urls)
        dispatcher.submit([delivery(number, channel="phones", target=name) for number, name in targets])
        assert outcomes.of("d-0").verdict == "delivered"
        refused, unreachable = outcomes.of("d-1"), outcomes.of("d-2")
    assert refused.verdict == unreachable.verdict == "temporary"
    assert "no such mailbox" in refused.said
    assert "nobody@school.example" in refused.said
    assert "Connection refused" in unreachable.said
    assert mailbox.to == [["sro@school.example"]]


def test_hung_targets_delay_no_other(mailbox: Mailbox, silent: int) -> None:
    """However many hang, up to a dozen and more, and however much is owed to them."""
    hung = {f"Hung{number}": mail_url(silent) for number in range(12)}
    with phones(60, Reyes=mailbox.url(), **hung) as (dispatcher, outcomes):
        for again in range(2):
            pairs = enumerate(hung, start=100 * again)
            dispatcher.submit([delivery(number, channel="phones", target=name) for number, name in pairs])
        under_way = [f"apprise {name}" for name in hung]
        until(lambda: set(under_way) <= {thread.name for thread in threading.enumerate()})
        dispatcher.submit([delivery(999, channel="phones", target="Reyes", urgency=12)])
        assert outcomes.of("d-999").verdict == "delivered"
        assert outcomes.ids() == ["d-999"]


def test_a_hung_target_is_timed_out(silent: int) -> None:
    """By the settings' own time-out."""
    with phones(Reyes=mail_url(free_port()), timeout_s=0.5, Hung=mail_url(silent)) as (dispatcher, outcomes):
        dispatcher.submit([delivery(0, channel="phones", target="Reyes")])
        outcomes.of("d-0")  # Apprise is loaded
        dispatcher.submit([delivery(1, channel="phones", target="Hung")])
        outcome = outcomes.of("d-1")
    assert outcome.verdict == "temporary"
    assert "timed out" in outcome.said
    assert 400 <= outcome.took_ms < 1500


def test_threads_that_go_on_hanging_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that ignores every time-out costs no more than a few threads, and says so."""
    release, begun = threading.Event(), []

    def hang(*_: object) -> None:
        begun.append(1)
        release.wait(20)

    monkeypatch.setattr("hub.channels.apprise.send", hang)
    with phones(0.05, Hung=mail_url(1)) as (dispatcher, outcomes):
        for number in range(6):
            dispatcher.submit([delivery(number, channel="phones", target="Hung")])
            outcomes.of(f"d-{number}")
        release.set()
    assert len(begun) == MOST_LEFT
    assert outcomes.of("d-0").said == "timed out after 0.05 s"
    assert outcomes.of("d-5") == outcomes.of("d-4")
    assert outcomes.of("d-5").said == f"{MOST_LEFT} earlier attempts still hang"


@pytest.fixture
def root_log() -> Iterator[list[str]]:
    """All that reaches the root logger, at every level."""
    lines: list[str] = []

    class Keep(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(record.getMessage())

    keep, root = Keep(), logging.getLogger()
    level = root.level
    root.addHandler(keep)
    root.setLevel(logging.DEBUG)
    yield lines
    root.removeHandler(keep)
    root.setLevel(level)


def test_no_credential_is_said_or_logged(capfd: pytest.CaptureFixture[str], root_log: list[str]) -> None:
    """Neither in an outcome nor in a log, whatever Apprise says."""
    urls = {
        "Mail": mail_url(free_port(), credentials="s3cr3tuser:pa55word@"),
        "Json": f"json://s3cr3tuser:pa55word@127.0.0.1:{free_port()}/tok3npath/?key=tok3nkey",
        "Bad": "pover://s3cr3tuser",
        "Odd": "bogus://pa55word",
    }
    with phones(3, **urls) as (dispatcher, outcomes):
        targets = enumerate(urls)
        dispatcher.submit([delivery(number, channel="phones", target=name) for number, name in targets])
        said = [outcomes.of(f"d-{number}") for number in range(len(urls))]
    assert [outcome.verdict for outcome in said] == ["temporary", "temporary", "permanent", "permanent"]
    assert "bogus" in said[3].said
    written = "\n".join((*capfd.readouterr(), *root_log, *map(str, said)))
    assert root_log
    for secret in ("s3cr3tuser", "pa55word", "tok3npath", "tok3nkey"):
        assert secret not in written


def test_a_target_that_is_no_more_is_a_permanent_failure() -> None:
    """Such as one taken out of the file while something was owed to it."""
    with phones(Reyes=mail_url(1)) as (dispatcher, outcomes):
        dispatcher.submit([delivery(1, channel="phones", target="Okafor")])
        assert outcomes.of("d-1").verdict == "permanent"
        assert "'Okafor'" in outcomes.of("d-1").said


def test_apprise_is_loaded_after_the_start_and_not_before() -> None:
    """Building channels doesn't import it; the dispatcher does, in the background, before any press."""
    code = """
import sys
from hub.channels.apprise import AppriseChannel
from hub.channels.apprise_targets import read_targets
from hub.channels.dispatcher import Dispatcher
from tests.hub.channels.making import until
channel = AppriseChannel("phones", read_targets("ntfy://topic")[0], 10, "UTC")
assert "apprise" not in sys.modules and "aiohttp" not in sys.modules
dispatcher = Dispatcher({"phones": channel}, print)
dispatcher.start()
until(lambda: "apprise.plugins.ntfy" in sys.modules)
assert dispatcher.stop(5)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_hub_ends_at_once_though_a_target_hangs(silent: int) -> None:
    """Its thread is left behind, not waited for."""
    code = f"""
from hub.channels.apprise import AppriseChannel
from hub.channels.apprise_targets import read_targets
from hub.channels.dispatcher import Dispatcher
from tests.hub.channels.making import Outcomes, delivery, until
import threading
url = {mail_url(silent)!r}
channel = AppriseChannel("phones", read_targets(f"Hung = {{url}}")[0], 60, "UTC")
dispatcher = Dispatcher({{"phones": channel}}, Outcomes())
dispatcher.start()
dispatcher.submit([delivery(1, channel="phones", target="Hung")])
until(lambda: "apprise Hung" in [thread.name for thread in threading.enumerate()])
assert dispatcher.stop(0.2)
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=30)


def test_a_reminder_goes_out_without_a_sound() -> None:
    """Over the wire: the same phone, once as an alarm and once as a reminder."""
    with Receiver() as server, phones(Reyes=f"ntfy://127.0.0.1:{server.port}/topic?priority=max") as running:
        dispatcher, outcomes = running
        dispatcher.submit([delivery(1, channel="phones", target="Reyes")])
        assert outcomes.of("d-1").verdict == "delivered"
        loud = delivery(2, channel="phones", target="Reyes", kind="incident.updated")
        dispatcher.submit([replace(loud, quiet=True)])
        assert outcomes.of("d-2").verdict == "delivered"
    said = [request.headers.get("x-priority") for request in server.requests]
    assert said == ["max", "low"]
