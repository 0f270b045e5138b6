"""Web Push against push services of our own, over TLS: what a phone can read, and what goes wrong."""

from __future__ import annotations

import asyncio
import json
import re
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import http_ece
import pytest
import trustme
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from msgspec.structs import replace

from config.channel_settings import PushSettings
from config.clock import SystemClock
from hub.channels.web_push import WebPush
from hub.delivery import Delivery, Outcome
from hub.push_key import push_key
from hub.store.engine import open_engine, sqlite_url
from hub.store.phones import Phone, Phones
from hub.store.tables import metadata
from hub.webpush.addresses import is_of
from hub.webpush.encryption import letters, point_of, read
from tests.hub.channels.making import delivery, until
from tests.hub.channels.receiver import Answer, Receiver, Request, free_port

AUTH = b"a secret of ours"
SETTINGS = PushSettings(contact="mailto:it@lincoln.example.org", services=("localhost",), timeout_s=2.0)


@dataclass
class Browser:
    """A phone's browser, with its key."""

    key: EllipticCurvePrivateKey = field(default_factory=lambda: generate_private_key(SECP256R1()))

    def phone(self, port: int, path: str = "one", person: str = "reyes", host: str = "localhost") -> Phone:
        return Phone(
            person,
            "lee",
            f"https://{host}:{port}/push/{path}",
            letters(point_of(self.key)),
            letters(AUTH),
            "a browser",
            1,
        )

    def reads(self, request: Request) -> dict[str, object]:
        """Decipher a message as a browser does, by a library that is not ours."""
        plain = http_ece.decrypt(request.body, private_key=self.key, auth_secret=AUTH, version="aes128gcm")
        found: dict[str, object] = json.loads(plain)
        return found


class World:
    """A store of phones, and the channel of one person."""

    def __init__(self, folder: Path) -> None:
        self.engine = open_engine(sqlite_url(folder))
        metadata.create_all(self.engine)
        self.phones = Phones(self.engine, "lincoln")
        self.key = push_key(folder)

    def kept(self) -> list[Phone]:
        """Return what is on the disk."""
        return Phones(self.engine, "lincoln").of("reyes")

    def channel(self, *targets: str, **settings: object) -> WebPush:
        return WebPush(
            "push",
            targets or ("reyes",),
            replace(SETTINGS, **settings),
            "UTC",
            self.phones,
            self.key,
            lambda _: "/go/x.y",
            SystemClock(),
        )

    def tell(self, told: Delivery | None = None, *, then: int | None = None, **settings: object) -> Outcome:
        """Tell once; ``then`` is how many phones are to be left on the disk afterwards."""

        async def attempt() -> Outcome:
            channel = self.channel(**settings)
            outcome = await channel.deliver(told or delivery(channel="push", target="reyes"))
            while then is not None and len(self.kept()) != then:
                await asyncio.sleep(0.01)
            await asyncio.gather(*channel._tasks)
            await channel.close()
            return outcome

        return asyncio.run(asyncio.wait_for(attempt(), 10))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    yield made
    made.engine.dispose()


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """An authority that the hub's own connections trust in this test, and nobody else."""
    made = trustme.CA()
    context = ssl.create_default_context()
    made.configure_trust(context)
    monkeypatch.setattr("aiohttp.connector._SSL_CONTEXT_VERIFIED", context)
    monkeypatch.setattr("hub.channels.http_post.ssl.create_default_context", lambda: context)
    return made


@pytest.fixture
def certificate(authority: trustme.CA, tmp_path: Path) -> Path:
    file = tmp_path / "push.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(file)
    return file


def service(certificate: Path, *answers: Answer) -> Receiver:
    return Receiver(list(answers) or [Answer(201)], tls=True, certificate=certificate)


def test_a_phone_reads_the_room(world: World, certificate: Path) -> None:
    """What the push service carries says nothing of it; it is told how to treat it."""
    browser = Browser()
    with service(certificate) as far:
        world.phones.add(browser.phone(far.port))
        outcome = world.tell()
    assert (outcome.verdict, outcome.said) == ("delivered", "the push service took it")
    (request,) = far.requests
    told = browser.reads(request)
    assert told["title"] == "PANIC Room 101 (desk), Main bldg, floor 1, 02:02:11"
    assert (told["open"], told["tag"]) == ("/go/x.y", "i-1")
    assert b"Room" not in request.body
    assert request.start == "POST /push/one HTTP/1.1"
    assert (request.headers["ttl"], request.headers["urgency"]) == ("86400", "high")
    assert request.headers["content-encoding"] == "aes128gcm"
    assert re.fullmatch("[A-Za-z0-9_-]{1,32}", request.headers["topic"])
    claims = json.loads(read(request.headers["authorization"].split(".")[1]))
    assert claims["aud"] == f"https://localhost:{far.port}"
    assert world.kept()[0].last_success is not None


def test_each_push_service_is_told_who_it_is_for(world: World, certificate: Path) -> None:
    """And each message has a key and a salt of its own."""
    one, other = Browser(), Browser()
    with service(certificate) as far, service(certificate) as away:
        world.phones.add(one.phone(far.port))
        world.phones.add(other.phone(away.port))
        assert world.tell().said == "2 of 2 phones took it"
    heads = [request.headers["authorization"].split(".")[1] for request in (*far.requests, *away.requests)]
    audiences = {json.loads(read(head))["aud"] for head in heads}
    assert audiences == {f"https://localhost:{far.port}", f"https://localhost:{away.port}"}
    assert one.reads(far.requests[0]) == other.reads(away.requests[0])
    assert far.requests[0].body[:86] != away.requests[0].body[:86]


@pytest.mark.parametrize("status", [404, 410])
def test_a_phone_that_is_gone_is_dropped_and_said(world: World, certificate: Path, status: int) -> None:
    """The other one is told; with no other nobody is, and that is a failure for good."""
    with service(certificate, Answer(status)) as far, service(certificate) as away:
        world.phones.add(Browser().phone(far.port, "old"))
        world.phones.add(Browser().phone(away.port, "new"))
        outcome = world.tell(then=1)
        assert outcome.verdict == "delivered"
        assert outcome.said == (
            "1 of 2 phones took it; a phone at localhost: is gone, and must be signed up anew"
        )
        assert [phone.endpoint for phone in world.kept()] == [f"https://localhost:{away.port}/push/new"]
        away.script = [Answer(status)]
        last = world.tell(then=0)
    assert (last.verdict, "signed up anew" in last.said) == ("permanent", True)
    assert world.tell() == Outcome("permanent", "no phone of reyes is signed up")


@pytest.mark.parametrize(
    ("answer", "verdict", "said"),
    [
        (Answer(429), "temporary", "HTTP 429"),
        (Answer(500), "temporary", "HTTP 500"),
        (Answer(503, b"later"), "temporary", "HTTP 503: later"),
        (Answer(403, b"bad key"), "permanent", "HTTP 403: bad key"),
        (Answer(413), "permanent", "HTTP 413"),
        (Answer(307, headers=("location: http://127.0.0.1:1/",)), "temporary", "HTTP 307"),
        (Answer(silent=True, then="hang"), "temporary", "timed out"),
        (Answer(silent=True, then="close"), "temporary", "closed"),
        (Answer(silent=True, then="reset"), "temporary", "reset"),
    ],
)
def test_what_a_push_service_does_is_an_outcome(
    world: World, certificate: Path, answer: Answer, verdict: str, said: str
) -> None:
    """Never a delivery that wasn't, and the phone stays signed up."""
    with service(certificate, answer) as far:
        world.phones.add(Browser().phone(far.port, "secret-of-the-phone"))
        outcome = world.tell(timeout_s=0.5)
    assert outcome.verdict == verdict
    assert said in outcome.said
    assert "secret-of-the-phone" not in outcome.said
    assert len(world.kept()) == 1


def test_one_phone_that_hangs_holds_up_no_other(world: World, certificate: Path) -> None:
    """Both are told at the same moment; one that took it is enough."""
    browser = Browser()
    with service(certificate, Answer(silent=True, then="hang")) as far, service(certificate) as away:
        world.phones.add(browser.phone(far.port))
        world.phones.add(browser.phone(away.port))

        async def attempt() -> Outcome:
            channel = world.channel(timeout_s=5.0)
            outcome = asyncio.create_task(channel.deliver(delivery(channel="push", target="reyes")))
            while not away.requests:
                await asyncio.sleep(0.005)
            assert not outcome.done()
            outcome.cancel()
            await channel.close()
            return Outcome("delivered", "")

        asyncio.run(asyncio.wait_for(attempt(), 4))


def test_a_push_service_that_is_not_trusted_is_told_nothing(world: World, certificate: Path) -> None:
    with Receiver(tls=True) as far:
        world.phones.add(Browser().phone(far.port))
        outcome = world.tell()
    assert (outcome.verdict, "not to be trusted" in outcome.said) == ("temporary", True)
    assert far.requests == []


@pytest.mark.parametrize(
    ("endpoint", "right"),
    [
        ("https://push.example/x", True),
        ("https://a.b.push.example:8443/x", True),
        ("http://push.example/x", False),
        ("https://push.example.org/x", False),
        ("https://notpush.example/x", False),
        ("https://push.example@evil.example/x", False),
        ("https://lee@push.example/x", False),
        ("https://[::1", False),
        ("https://10.20.0.1/x", False),
        ("", False),
    ],
)
def test_the_hub_posts_to_push_services_alone(endpoint: str, right: bool) -> None:
    """Who signs a phone up can't have it post to a machine of the school."""
    assert is_of(endpoint, ("push.example",)) == right


def test_a_phone_of_another_service_is_not_told(world: World, certificate: Path) -> None:
    """Also where the settings took it once."""
    with service(certificate) as far:
        world.phones.add(Browser().phone(far.port))
        assert world.tell(services=("push.example",)).verdict == "permanent"
    assert far.requests == []


def test_a_probe_connects_and_says_who_has_no_phone(world: World, certificate: Path) -> None:
    with service(certificate) as far:
        assert asyncio.run(world.channel().probe()).said == "no phone is signed up"
        world.phones.add(Browser().phone(far.port))
        assert asyncio.run(world.channel().probe()) == Outcome("delivered", "push services reached")
        half = asyncio.run(world.channel("reyes", "okafor").probe())
        assert half.impaired == "no phone is signed up of okafor"
        until(lambda: far.connections >= 2)
        assert far.requests == []
    world.phones.add(Browser().phone(free_port(), "elsewhere"))
    lost = asyncio.run(world.channel().probe())
    assert (lost.verdict, "localhost:" in lost.said) == ("temporary", True)


def test_a_phone_that_was_removed_by_another_process_is_told_no_more(world: World, certificate: Path) -> None:
    """By the next probe: accounts are removed on the command line, too."""
    with service(certificate) as far:
        phone = Browser().phone(far.port)
        world.phones.add(phone)
        Phones(world.engine, "lincoln").remove(phone.id)
        asyncio.run(world.channel().probe())
        assert world.tell().said == "no phone of reyes is signed up"


def test_a_sick_store_holds_up_no_notice(
    world: World, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was known stands, and what can't be written down is not waited for."""

    def sick(*_: object) -> None:
        raise OSError("no disk")

    with service(certificate) as far:
        world.phones.add(Browser().phone(far.port))
        for name in ("look", "took"):
            monkeypatch.setattr(world.phones, name, sick)
        assert asyncio.run(world.channel().probe()).verdict == "delivered"
        assert world.tell().verdict == "delivered"


def test_the_key_is_kept_for_its_owner_alone(tmp_path: Path) -> None:
    """Phones are signed up for it: another one would lose them."""
    first = push_key(tmp_path)
    assert point_of(push_key(tmp_path)) == point_of(first)
    assert (tmp_path / "push.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "push.key").write_text("no key")
    with pytest.raises(ValueError, match="PEM"):
        push_key(tmp_path)
