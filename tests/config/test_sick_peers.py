"""A line whose peer is sick: publishing never waits for it, it is found in time, and it is left soon."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.connection import Line, NotConnectedError
from config.shared_settings import Broker, Tls
from tests.config.test_connection import Ears
from tests.mosquitto import HOST, Mosquitto
from tests.proxy import Proxy, blackhole
from tests.site import until
from tests.tls import Authority, tls_mosquitto

pytestmark = pytest.mark.broker
SUPERVISED_S = 15.0
"""A link or a broker down is known within this."""
AT_ONCE_S = 0.25
"""For what needs a fraction of a millisecond, on a machine that others use, too."""


@contextlib.contextmanager
def a_line(port: int, ears: Ears, *, tls: Tls | None = None) -> Iterator[Line]:
    line = Line(Broker(host=HOST, port=port, tls=tls), "a-line", ears, subscriptions=("a/#",))
    line.start()
    try:
        yield line
    finally:
        line.close()


@pytest.fixture(params=["plain", "tls"])
def served(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Mosquitto, Tls | None]]:
    """A broker, without and with TLS."""
    if request.param == "plain":
        with Mosquitto(tmp_path / "broker") as broker:
            yield broker, None
        return
    site = Authority(tmp_path, "The site")
    with tls_mosquitto(tmp_path / "broker", site) as broker:
        yield broker, site.issue("a-line")


def test_publishing_never_waits_for_a_peer_that_reads_nothing(served: tuple[Mosquitto, Tls | None]) -> None:
    """Its buffers, ours and the system's between are full; it is given up like any silent one."""
    broker, tls = served
    ears = Ears()
    with Proxy(broker.port, buffer=4096) as proxy, a_line(proxy.port, ears, tls=tls) as line:
        ears.wait_up(1)
        proxy.fault = "stall"
        stalled = time.monotonic()
        longest, count, payload = 0.0, 0, b"x" * 100_000
        while not ears.downs:
            asked = time.monotonic()
            with contextlib.suppress(NotConnectedError):
                line.publish("b", payload if count < 200 else b"x")  # 20 MB: more than any buffer holds
            longest = max(longest, time.monotonic() - asked)
            count += 1
            assert asked < stalled + SUPERVISED_S, "it was not given up"
            if count > 200:
                time.sleep(0.005)
        assert longest < AT_ONCE_S, f"{count} publishes took {longest:.3f} s at worst"
        # The system's own time-out, or the keepalive: either is well.
        assert ears.downs[0][2] - stalled < SUPERVISED_S
        proxy.fault = None
        ears.wait_up(2, 10)


def test_a_renewal_does_not_wait_for_a_peer_that_reads_nothing(
    served: tuple[Mosquitto, Tls | None],
) -> None:
    broker, tls = served
    ears = Ears()
    with Proxy(broker.port, buffer=4096) as proxy, a_line(proxy.port, ears, tls=tls) as line:
        ears.wait_up(1)
        proxy.fault = "stall"
        for _ in range(100):
            line.publish("b", b"x" * 100_000)
        asked = time.monotonic()
        line.renew()
        assert time.monotonic() - asked < AT_ONCE_S
        until("it is down", lambda: ears.downs, 2)
        assert "did not answer in time; trying anew" in ears.downs[0][1]
        proxy.fault = None
        ears.wait_up(2, 10)


def test_a_farewell_to_a_peer_that_reads_nothing_is_short(broker: Mosquitto) -> None:
    ears = Ears()
    with Proxy(broker.port, buffer=4096) as proxy, a_line(proxy.port, ears) as line:
        ears.wait_up(1)
        proxy.fault = "stall"
        for _ in range(100):
            line.publish("b", b"x" * 100_000)
        asked = time.monotonic()
        line.close(("state", b"farewell"))
        assert time.monotonic() - asked < 5
        assert not line._thread.is_alive()


def test_a_half_open_connection_is_found(served: tuple[Mosquitto, Tls | None]) -> None:
    """Both ends think they are connected; only silence tells. Nothing of ours is under way."""
    broker, tls = served
    ears = Ears()
    with Proxy(broker.port) as proxy, a_line(proxy.port, ears, tls=tls):
        ears.wait_up(1)
        proxy.fault = "swallow"
        swallowed = time.monotonic()
        until("it is found", lambda: ears.downs, SUPERVISED_S)
        assert ears.downs[0][2] - swallowed < SUPERVISED_S
        assert f"broker {HOST}:{proxy.port} has not answered for 12 s" in ears.downs[0][1]
        proxy.fault = None
        ears.wait_up(2, 10)


def test_a_slow_peer_is_a_peer(served: tuple[Mosquitto, Tls | None]) -> None:
    """2 s there and back: it comes up, and stays up."""
    broker, tls = served
    ears = Ears()
    with Proxy(broker.port) as proxy:
        proxy.delay_s = 1.0
        with a_line(proxy.port, ears, tls=tls) as line:
            ears.wait_up(1, 14)
            connection, mid = line.publish("a/b", b"x")
            until("it is answered", lambda: (connection, mid, None) in ears.answers, 5)
            assert not ears.downs


def test_a_connection_that_is_dropped_again_and_again(broker: Mosquitto) -> None:
    """What is published after each is answered; none is left behind."""
    ears = Ears()
    with Proxy(broker.port) as proxy, a_line(proxy.port, ears) as line:
        for times in range(1, 6):
            ears.wait_up(times, 5)
            connection, mid = line.publish("a/b", b"%d" % times)
            until("it is answered", lambda c=connection, m=mid: (c, m, None) in ears.answers)  # type: ignore[misc]
            proxy.drop()
        until("all are told", lambda: len(ears.downs) == 5)
        assert {reason.partition(": ")[0] for _, reason, _ in ears.downs} <= {
            f"connection to {HOST}:{proxy.port} lost",
            f"broker {HOST}:{proxy.port} closed the connection; is it still running?",
        }


def test_a_host_that_says_nothing_is_told_in_time() -> None:
    ears = Ears()
    with blackhole() as port, a_line(port, ears):
        started = time.monotonic()
        until("it is told", lambda: ears.downs, SUPERVISED_S)
        assert ears.downs[0][2] - started < 7
        assert ears.downs[0][1].startswith(f"cannot connect to {HOST}:{port}: no answer; is that machine on")
