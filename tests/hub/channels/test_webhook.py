"""The webhook channel against a receiver on a real socket."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from pytest_mock import MockerFixture
from standardwebhooks import WebhookVerificationError

from config.clock import Now, SystemClock
from hub.channels.dispatcher import Dispatcher
from hub.channels.http_post import LONGEST_ANSWER
from hub.channels.webhook import Webhook
from hub.delivery import Outcome
from tests.hub.channels.making import Outcomes, delivery, notice, until
from tests.hub.channels.receiver import SECRET, Answer, Receiver, free_port


@contextmanager
def told(url: str, timeout_s: float = 5.0) -> Iterator[tuple[Dispatcher, Outcomes]]:
    """A dispatcher with the one channel ``hook``."""
    outcomes = Outcomes()
    dispatcher = Dispatcher({"hook": Webhook("hook", url, SECRET, timeout_s, SystemClock())}, outcomes)
    dispatcher.start()
    try:
        yield dispatcher, outcomes
    finally:
        assert dispatcher.stop(2)


def one(url: str, timeout_s: float = 5.0) -> Outcome:
    """What comes of one attempt."""
    with told(url, timeout_s) as (dispatcher, outcomes):
        dispatcher.submit([delivery(1)])
        return outcomes.of("d-1")


def test_the_request_is_what_the_contract_says() -> None:
    """A POST of the notice to the byte, JSON by its type, with its length, signed under the delivery's id."""
    with Receiver() as receiver:
        assert one(receiver.url) == Outcome("delivered", "HTTP 200", took_ms=pytest.approx(0, abs=2000))
        (request,) = receiver.requests
    assert request.start == "POST /hook HTTP/1.1"
    assert request.body == notice()
    assert request.headers["content-type"] == "application/json"
    assert request.headers["content-length"] == str(len(request.body))
    assert "transfer-encoding" not in request.headers
    assert request.headers["webhook-id"] == "d-1"
    request.verify()
    with pytest.raises(WebhookVerificationError):
        request.verify("whsec_" + "A" * 42 + "A=")


def test_the_time_stamp_is_the_clocks_and_anew_at_each_try() -> None:
    """A try an hour later is signed with its own time, under the same id."""

    class Clock:
        at = 1_700_000_000_999

        def now(self) -> Now:
            return Now(0.0, self.at)

    async def twice(url: str) -> None:
        clock = Clock()
        webhook = Webhook("hook", url, SECRET, 5, clock)
        await webhook.deliver(delivery(1))
        clock.at += 3_600_000
        await webhook.deliver(delivery(1))
        await webhook.close()

    with Receiver() as receiver:
        asyncio.run(twice(receiver.url))
        first, second = receiver.requests
    assert first.headers["webhook-timestamp"] == "1700000000"
    assert second.headers["webhook-timestamp"] == "1700003600"
    assert first.headers["webhook-id"] == second.headers["webhook-id"] == "d-1"
    assert first.headers["webhook-signature"] != second.headers["webhook-signature"]


@pytest.mark.parametrize(
    ("status", "verdict"),
    [
        (200, "delivered"),
        (202, "delivered"),
        (204, "delivered"),
        (301, "temporary"),
        (307, "temporary"),
        (400, "permanent"),
        (401, "permanent"),
        (404, "permanent"),
        (408, "temporary"),
        (410, "permanent"),
        (425, "temporary"),
        (429, "temporary"),
        (499, "permanent"),
        (500, "temporary"),
        (503, "temporary"),
    ],
)
def test_the_status_decides(status: int, verdict: str) -> None:
    """Delivered is a 2xx; a 4xx but for 408, 425 and 429 is permanent; anything else is tried again."""
    with Receiver([Answer(status)]) as receiver:
        outcome = one(receiver.url)
    assert (outcome.verdict, outcome.said) == (verdict, f"HTTP {status}")


def test_a_redirect_is_not_followed() -> None:
    """Bodies go to the URL of the settings and nowhere else."""
    with (
        Receiver() as elsewhere,
        Receiver([Answer(307, headers=(f"location: {elsewhere.url}",))]) as receiver,
    ):
        assert one(receiver.url).verdict == "temporary"
        assert elsewhere.requests == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """A press does not go through a proxy that somebody set for something else."""
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{free_port()}")
    with Receiver() as receiver:
        assert one(receiver.url).verdict == "delivered"


def test_what_the_receiver_says_is_shown_on_one_short_line() -> None:
    """80 characters of it, none that could do harm where they are shown."""
    with Receiver([Answer(503, b"out of\r\n\x1b[31morder " + b"x" * 100)]) as receiver:
        said = one(receiver.url).said
    assert said.startswith("HTTP 503: out of \N{REPLACEMENT CHARACTER}[31morder xx")
    assert len(said) == len("HTTP 503: ") + 80


def test_no_credential_is_ever_said() -> None:
    """Not the URL's, not the secret, even where the receiver repeats them."""
    with Receiver([Answer(401, b"s3cr3tpath tok3n " + SECRET.encode() + b" pa55word")]) as receiver:
        said = one(f"http://me:pa55word@127.0.0.1:{receiver.port}/s3cr3tpath?key=tok3n").said
        assert receiver.requests[0].headers["authorization"].startswith("Basic ")
    for secret in ("s3cr3tpath", "tok3n", SECRET[6:20], "pa55word"):
        assert secret not in said


def test_one_that_answers_503_and_then_200_gets_the_same_id_again() -> None:
    """Retries are the recorder's; what a receiver sees of them is one webhook-id."""
    with Receiver([Answer(503), Answer(200)]) as receiver, told(receiver.url) as (dispatcher, outcomes):
        dispatcher.submit([delivery(1)])
        assert outcomes.of("d-1").verdict == "temporary"
        dispatcher.submit([delivery(1)])
        until(lambda: len(outcomes.all) == 2)
        assert outcomes.all[1][1].verdict == "delivered"
        assert [request.headers["webhook-id"] for request in receiver.requests] == ["d-1", "d-1"]


def test_a_connection_is_kept_and_used_again() -> None:
    """The second notice needs no new connection."""
    with Receiver() as receiver, told(receiver.url) as (dispatcher, outcomes):
        for number in range(5):
            dispatcher.submit([delivery(number)])
            outcomes.of(f"d-{number}")
        assert receiver.connections == 1


@pytest.mark.parametrize("way", ["close", "reset"])
def test_a_kept_connection_that_died_under_the_post_is_no_failed_attempt(way: str) -> None:
    """It goes out again at once on a fresh connection, under the same id."""
    with Receiver(dead_when_used_again=way) as receiver, told(receiver.url) as (dispatcher, outcomes):  # type: ignore[arg-type]
        for number in range(4):
            dispatcher.submit([delivery(number)])
            assert outcomes.of(f"d-{number}").verdict == "delivered"
        assert [request.headers["webhook-id"] for request in receiver.requests] == [
            "d-0",
            "d-1",
            "d-2",
            "d-3",
        ]
        for request in receiver.requests:
            request.verify()


def test_many_dead_connections_cost_no_attempt_either() -> None:
    """The second try is never on another kept connection, which may be as dead as the first."""
    with Receiver(dead_when_used_again="reset") as receiver, told(receiver.url) as (dispatcher, outcomes):
        dispatcher.submit([delivery(number) for number in range(8)])
        until(lambda: len(outcomes.all) == 8)
        assert receiver.connections == 8
        dispatcher.submit([delivery(8)])
        outcomes.of("d-8")
        dispatcher.submit([delivery(number) for number in range(9, 17)])
        until(lambda: len(outcomes.all) == 17)
        assert {outcome.verdict for _, outcome in outcomes.all} == {"delivered"}
        assert len(receiver.requests) == 17


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(silent=True, then="close"), "connection closed without an answer"),
        (Answer(silent=True, then="reset"), "connection reset"),
        (Answer(raw=b"SSH-2.0-OpenSSH\r\n\r\n", then="close"), "its answer is not HTTP"),
    ],
)
def test_a_fresh_connection_that_dies_is_a_failed_attempt(answer: Answer, words: str) -> None:
    """Once only: the receiver may have taken it, and the recorder decides when it goes again."""
    with Receiver([answer]) as receiver:
        outcome = one(receiver.url)
        assert len(receiver.requests) == 1
    assert outcome.verdict == "temporary"
    assert words in outcome.said


def test_nobody_there_is_said_in_words() -> None:
    """A technician reads what to look for."""
    outcome = one(f"http://127.0.0.1:{free_port()}/")
    assert (outcome.verdict, outcome.said) == ("temporary", "connection refused")


def test_a_name_without_an_address_is_said_in_words() -> None:
    """The host is named, since that is what must be mended."""
    outcome = one("http://nowhere.invalid/t0ken12345")
    assert outcome.verdict == "temporary"
    assert outcome.said.startswith("no address found for nowhere.invalid")
    assert "t0ken12345" not in outcome.said


def test_a_name_server_that_hangs_delays_no_other_webhook(mocker: MockerFixture) -> None:
    """Its look-ups go beside the loop, in threads that nothing waits for, however often they are tried."""
    release = threading.Event()
    mocker.patch("socket.getaddrinfo", side_effect=lambda *_, **__: release.wait(20) and [])
    outcomes = Outcomes()
    with Receiver() as receiver:
        channels = {"live": Webhook("live", receiver.url, SECRET, 5, SystemClock())} | {
            f"lost{n}": Webhook(f"lost{n}", f"http://hooks{n}.example/", SECRET, 0.5, SystemClock())
            for n in range(40)
        }
        dispatcher = Dispatcher(channels, outcomes)
        dispatcher.start()
        dispatcher.submit([delivery(n, channel=f"lost{n}") for n in range(40)])
        until(lambda: sum(thread.name == "name look-up" for thread in threading.enumerate()) == 40)
        dispatcher.submit([delivery(99, channel="live")])
        assert outcomes.of("d-99").verdict == "delivered"
        assert outcomes.of("d-0").said == "timed out after 0.5 s"
        assert dispatcher.stop(2)
    release.set()


def test_a_receiver_that_hangs_is_timed_out() -> None:
    """At the settings' own time-out."""
    with Receiver([Answer(silent=True, then="hang")]) as receiver:
        outcome = one(receiver.url, timeout_s=0.5)
    assert (outcome.verdict, outcome.said) == ("temporary", "timed out after 0.5 s")
    assert 450 <= outcome.took_ms < 2000


def test_a_host_that_takes_no_connection_is_timed_out() -> None:
    """Connecting is within the time-out too."""
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        fillers = []
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(full.getsockname())
            fillers.append(filler)
        outcome = one(f"http://127.0.0.1:{full.getsockname()[1]}/", timeout_s=0.5)
        for filler in fillers:
            filler.close()
    assert (outcome.verdict, outcome.said) == ("temporary", "timed out after 0.5 s")


def test_a_2xx_whose_body_never_ends_is_delivered() -> None:
    """The status has decided, though the attempt's time-out falls into the waiting for the body."""
    with Receiver([Answer(200, b"ok", then="hang")]) as receiver:
        outcome = one(receiver.url, timeout_s=0.5)
    assert outcome.verdict == "delivered"


def test_a_2xx_whose_connection_breaks_in_the_body_is_delivered() -> None:
    """As before: what follows a status can't undo it."""
    raw = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nok"
    with Receiver([Answer(raw=raw, then="reset")]) as receiver:
        assert one(receiver.url).verdict == "delivered"


def test_an_endless_answer_is_not_read_to_its_end() -> None:
    """No more than 64 KiB of it is; its connection is given up and the next notice has a new one."""
    with (
        Receiver([Answer(200, b"x" * (LONGEST_ANSWER * 40)), Answer()]) as receiver,
        told(receiver.url) as (dispatcher, outcomes),
    ):
        dispatcher.submit([delivery(1)])
        assert outcomes.of("d-1").verdict == "delivered"
        dispatcher.submit([delivery(2)])
        assert outcomes.of("d-2").verdict == "delivered"
        assert receiver.connections == 2


def test_a_receiver_whose_certificate_is_not_trusted_gets_nothing() -> None:
    """TLS is verified; the words say what is wrong with the certificate."""
    with Receiver(tls=True) as receiver:
        outcome = one(receiver.url)
        assert receiver.requests == []
    assert outcome.verdict == "temporary"
    assert outcome.said.startswith("its certificate is not to be trusted: self")


def test_tls_to_a_receiver_without_it_is_said_in_words() -> None:
    """An https URL for a plain server."""
    with Receiver(greeting=b"220 mail.example ESMTP\r\n") as receiver:
        outcome = one(receiver.url.replace("http:", "https:"))
    assert outcome.verdict == "temporary"
    assert outcome.said.startswith("TLS failed")


def test_a_slow_receiver_has_eight_attempts_at_once_and_a_ninth_waits() -> None:
    """Eight incidents can be told at the same time."""
    with (
        Receiver([Answer(silent=True, then="hang")]) as receiver,
        told(receiver.url, timeout_s=60) as (dispatcher, _),
    ):
        dispatcher.submit([delivery(number, urgency=number) for number in range(9)])
        until(lambda: len(receiver.requests) == 8)
        assert {request.headers["webhook-id"] for request in receiver.requests} == {
            f"d-{n}" for n in range(8)
        }


def test_a_dead_receiver_delays_no_other() -> None:
    """Two webhooks, one of which hangs in every attempt: the other is told at once."""
    outcomes = Outcomes()
    with Receiver([Answer(silent=True, then="hang")]) as hung, Receiver() as live:
        channels = {
            name: Webhook(name, receiver.url, SECRET, 60, SystemClock())
            for name, receiver in (("hung", hung), ("live", live))
        }
        dispatcher = Dispatcher(channels, outcomes)
        dispatcher.start()
        dispatcher.submit([delivery(number, channel="hung") for number in range(50)])
        until(lambda: len(hung.requests) == 8)
        dispatcher.submit([delivery(99, channel="live")])
        assert outcomes.of("d-99").verdict == "delivered"
        assert outcomes.ids() == ["d-99"]
        assert dispatcher.stop(1)


@pytest.mark.parametrize("url", ["http://[::1", "http://host:99999/s3cr3t"])
def test_a_url_that_is_none_is_refused_without_repeating_it(url: str) -> None:
    """At the start of the hub, not at the first press."""
    with pytest.raises(ValueError, match="URL") as raised:
        Webhook("hook", url, SECRET, 5, SystemClock())
    assert url not in str(raised.value)


def probe(url: str, timeout_s: float = 5.0) -> Outcome:
    """What one probe finds."""

    async def run() -> Outcome:
        hook = Webhook("hook", url, SECRET, timeout_s, SystemClock())
        try:
            return await hook.probe()
        finally:
            await hook.close()

    return asyncio.run(run())


def test_a_probe_only_connects() -> None:
    """The contract: it posts nothing; and the next notice is taken as ever."""
    with Receiver() as receiver:
        assert probe(receiver.url) == Outcome("delivered", "reached")
        assert one(receiver.url).verdict == "delivered"
        assert len(receiver.requests) == 1


def test_a_probe_of_nobody_says_why() -> None:
    """Nobody listens; no such name; a certificate that nobody trusts."""
    assert probe(f"http://127.0.0.1:{free_port()}/hook") == Outcome("temporary", "connection refused")
    assert probe("http://nobody.invalid/hook").verdict == "temporary"
    with Receiver(tls=True) as receiver:
        found = probe(receiver.url)
        assert found.verdict == "temporary"
        assert found.said.startswith("its certificate is not to be trusted")
        assert receiver.requests == []


def test_a_probe_that_hangs_ends_in_its_time() -> None:
    """Here in the handshake: whoever listens never speaks TLS."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probe(f"https://127.0.0.1:{port}/", 0.5) == Outcome("temporary", "timed out after 0.5 s")


def test_a_dispatcher_probes_what_can_be_probed() -> None:
    """Again and again, from the start on; a probe holds up no stop."""
    found: list[tuple[str, Outcome]] = []
    with Receiver() as receiver:
        hook = Webhook("hook", receiver.url, SECRET, 5.0, SystemClock())
        hook.probe_every_s = 0.01
        dispatcher = Dispatcher(
            {"hook": hook}, Outcomes(), lambda name, outcome: found.append((name, outcome))
        )
        dispatcher.start()
        until(lambda: len(found) >= 3)
        assert dispatcher.stop(2)
        assert set(found) == {("hook", Outcome("delivered", "reached"))}
        assert receiver.requests == []
