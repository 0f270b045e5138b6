"""A line on a real broker: what it keeps, what it gives up, and what it never sends."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from pytest_mock import MockerFixture

from config.connection import LONGEST_PAUSE_S, Line, NotConnectedError, Received, Will
from config.shared_settings import Broker
from tests.mosquitto import HOST, Mosquitto, Wire, free_port
from tests.site import until

pytestmark = pytest.mark.broker


class Ears:
    """A listener that keeps what it is told, with the moment."""

    def __init__(self) -> None:
        self.ups: list[tuple[int, bool]] = []
        self.downs: list[tuple[int, str, float]] = []
        self.messages: list[Received] = []
        self.answers: list[tuple[int, int, str | None]] = []
        self.on_each: Callable[[Received], None] = lambda _: None

    def on_up(self, connection: int, session_present: bool) -> None:
        self.ups.append((connection, session_present))

    def on_down(self, connection: int, reason: str) -> None:
        self.downs.append((connection, reason, time.monotonic()))

    def on_message(self, message: Received) -> None:
        self.messages.append(message)
        self.on_each(message)

    def on_published(self, connection: int, mid: int, refused: str | None) -> None:
        self.answers.append((connection, mid, refused))

    def wait_up(self, times: int, deadline_s: float = 10) -> None:
        until(f"up {times} times", lambda: len(self.ups) >= times, deadline_s)

    def wait_message(self, payload: bytes) -> Received:
        return until(
            f"{payload!r} came", lambda: next((m for m in self.messages if m.payload == payload), None)
        )


@pytest.fixture
def ears() -> Ears:
    return Ears()


@contextlib.contextmanager
def a_line(
    broker: Mosquitto,
    ears: Ears,
    *topics: str,
    manual_ack: bool = False,
    will: Will | None = None,
    start: bool = True,
    keep: bool = True,
) -> Iterator[Line]:
    line = Line(
        Broker(port=broker.port),
        "a-line",
        ears,
        subscriptions=topics,
        manual_ack=manual_ack,
        will=will,
        keep_session=keep,
        receive_maximum=1000,
    )
    if start:
        line.start()
        ears.wait_up(1)
    yield line
    if line._thread.ident is not None:
        line.close()


def test_the_session_is_kept_over_a_restart_of_both(broker: Mosquitto, ears: Ears) -> None:
    with a_line(broker, ears, "a/#"):
        assert ears.ups == [(1, False)]
    broker.restart()
    with Wire(broker, "none") as wire:
        wire.publish("a/b", b"while away", expiry=1000)
    again = Ears()
    with a_line(broker, again, "a/#"):
        came = again.wait_message(b"while away")
        assert again.ups == [(1, True)]
        assert (came.topic, came.qos, came.retained, came.connection) == ("a/b", 1, False, 1)
        assert came.expiry_s is not None
        assert came.expiry_s <= 1000


def test_a_line_that_keeps_no_session_leaves_none(broker: Mosquitto, ears: Ears) -> None:
    with a_line(broker, ears, "a/#", keep=False):
        pass
    again = Ears()
    with a_line(broker, again, "a/#"):
        assert again.ups == [(1, False)]


def test_it_comes_back_by_itself_with_its_session_when_the_broker_was_killed(
    broker: Mosquitto, ears: Ears
) -> None:
    with a_line(broker, ears, "a/#") as line:
        broker.wait_stored()
        broker.kill()
        until("it is down", lambda: ears.downs)
        with pytest.raises(NotConnectedError):
            line.publish("a/b", b"x")
        until("it tried in vain", lambda: len(ears.downs) > 2)
        assert "cannot connect" in ears.downs[-1][1]
        broker.start()
        ears.wait_up(2, LONGEST_PAUSE_S + 2)
        assert ears.ups[-1][1], "the session was stored"
        assert ears.ups[-1][0] > 1, "a connection of its own"
        connection, mid = line.publish("a/b", b"again")
        until("its PUBACK", lambda: (connection, mid, None) in ears.answers)
        ears.wait_message(b"again")


def test_a_refused_publish_is_reported(tmp_path: Path, ears: Ears) -> None:
    plain = Mosquitto(tmp_path / "plain")
    acl = tmp_path / "acl"
    acl.write_text("topic read #\ntopic write allowed/#\n")
    conf = (plain.folder / "mosquitto.conf").read_text() + f"\nacl_file {acl}\n"
    with Mosquitto(tmp_path / "strict", port=plain.port, conf=conf) as strict, a_line(strict, ears) as line:
        fine = line.publish("allowed/a", b"x")
        refused = line.publish("forbidden/a", b"x")
        until("both are answered", lambda: len(ears.answers) == 2)
        assert (*fine, None) in ears.answers
        words = next(said for connection, mid, said in ears.answers if (connection, mid) == refused)
        assert words is not None
        assert "authorized" in words.lower()


def test_a_refused_subscription_is_told(tmp_path: Path, ears: Ears) -> None:
    plain = Mosquitto(tmp_path / "plain")
    conf = (
        (plain.folder / "mosquitto.conf").read_text().replace("allow_anonymous true", "allow_anonymous false")
    )
    with (
        Mosquitto(tmp_path / "strict", port=plain.port, conf=conf) as strict,
        a_line(strict, ears, start=False) as line,
    ):
        line.start()
        until("it is told", lambda: ears.downs)
        assert "refused the connection" in ears.downs[0][1]
        assert not ears.ups


def test_a_silent_broker_is_given_up_within_15_s_and_found_again(broker: Mosquitto, ears: Ears) -> None:
    with a_line(broker, ears, "a/#"):
        broker.pause()
        paused = time.monotonic()
        until("it is given up", lambda: ears.downs, 16)
        assert ears.downs[0][2] - paused < 15
        broker.resume()
        ears.wait_up(2, 15)
        assert ears.ups[-1] == (ears.ups[-1][0], True)


def test_a_broker_that_takes_the_connection_and_says_nothing_is_given_up(ears: Ears) -> None:
    with socket.create_server((HOST, 0)) as mute:
        line = Line(Broker(port=mute.getsockname()[1]), "a-line", ears)
        line.start()
        until("it is given up", lambda: ears.downs, 10)
        assert "did not answer" in ears.downs[0][1]
        line.close()


def test_a_packet_that_can_not_be_read_ends_its_connection(broker: Mosquitto, ears: Ears) -> None:
    """It ends paho's thread, too, which would say for ever that it is connected."""
    with socket.create_server((HOST, 0)) as far:
        line = Line(Broker(port=far.getsockname()[1]), "a-line", ears)
        line.start()
        end, _ = far.accept()
        with end:
            end.recv(1000)
            end.sendall(b"\x20\x03\x00\x00\x00")  # CONNACK
            ears.wait_up(1)
            end.sendall(b"\x30\x09\x00\x01a\x05\xff\xff\xff\xff\xff")  # PUBLISH with properties that are none
            until("it is down", lambda: ears.downs, 5)
        line.close()


def test_hurry_ends_a_pause(ears: Ears) -> None:
    port = free_port()
    line = Line(Broker(port=port), "a-line", ears)
    line.start()
    until("the pause is at its longest", lambda: len(ears.downs) >= 5, 15)
    with socket.create_server((HOST, port)) as server:
        server.settimeout(LONGEST_PAUSE_S / 2)
        line.hurry()
        server.accept()[0].close()
    line.close()


def test_renew_opens_a_new_connection_over_the_same_session(broker: Mosquitto, ears: Ears) -> None:
    with a_line(broker, ears, "a/#") as line:
        asked = time.monotonic()
        line.renew()
        ears.wait_up(2, 5)
        assert time.monotonic() - asked < 2
        assert [number for number, _ in ears.ups] == [1, 2]
        assert ears.ups[1][1]
        line.publish("a/b", b"over the new one")
        ears.wait_message(b"over the new one")


def test_an_ack_belongs_to_its_connection(broker: Mosquitto, ears: Ears) -> None:
    with a_line(broker, ears, "a/#", manual_ack=True) as line, Wire(broker, "none") as wire:
        wire.publish("a/b", b"one")
        first = ears.wait_message(b"one")
        line.renew()
        ears.wait_up(2)
        again = until("it comes again", lambda: ears.messages[1:])[0]
        assert (again.payload, again.connection) == (b"one", 2)
        assert not line.ack(first.connection, first.mid)
        line.renew()
        ears.wait_up(3)
        last = until("it comes again, for nothing was acknowledged", lambda: ears.messages[2:])[0]
        assert line.ack(last.connection, last.mid)
        wire.publish("a/b", b"two")
        two = ears.wait_message(b"two")
        assert line.ack(two.connection, two.mid)
        behind = line.publish("c", b"behind the two acknowledgements")
        until("they are sent", lambda: (*behind, None) in ears.answers)
        line.renew()
        ears.wait_up(4)
        wire.publish("a/b", b"three")
        ears.wait_message(b"three")
        assert [m.payload for m in ears.messages] == [b"one", b"one", b"one", b"two", b"three"]


def test_what_a_kept_session_brings_before_the_line_is_up_can_be_acknowledged(
    broker: Mosquitto, ears: Ears
) -> None:
    """Thousands may come before the broker answers the subscription."""
    with a_line(broker, ears, "a/#", manual_ack=True):
        pass
    with Wire(broker, "none") as wire:
        for n in range(300):
            wire.publish("a/b", b"%d" % n, wait=n == 299)
    again = Ears()
    early: list[bool] = []
    with a_line(broker, again, "a/#", manual_ack=True, start=False) as line:

        def ack(message: Received) -> None:
            early.append(not again.ups)
            assert line.ack(message.connection, message.mid)

        again.on_each = ack
        line.start()
        again.wait_message(b"299")
        again.wait_up(1)
    assert any(early), "none came before the line was up: this shows nothing"
    last = Ears()
    with a_line(broker, last, "a/#", manual_ack=True), Wire(broker, "none") as wire:
        wire.publish("a/b", b"the only one")
        last.wait_message(b"the only one")
        assert len(last.messages) == 1


def test_close_leaves_the_last_message_in_place_of_the_will(broker: Mosquitto, ears: Ears) -> None:
    with Wire(broker, "state") as wire:
        with a_line(broker, ears, will=Will("state", b"gone")) as line:
            line.publish("state", b"here", retain=True)
            wire.wait_for(lambda m: m.payload == b"here")
            line.close(("state", b"farewell"))
        wire.wait_for(lambda m: m.payload == b"farewell")
    with Wire(broker, "state") as late:
        assert late.wait_for(lambda m: m.retain).payload == b"farewell"
        assert len(late.messages) == 1


def test_drop_lets_the_broker_say_the_will(broker: Mosquitto, ears: Ears) -> None:
    with Wire(broker, "state") as wire, a_line(broker, ears, will=Will("state", b"gone")) as line:
        line.drop()
        assert wire.wait_for(lambda m: m.payload == b"gone")


def test_close_while_the_broker_is_away_returns_soon(ears: Ears) -> None:
    line = Line(Broker(port=free_port()), "a-line", ears)
    line.start()
    until("it tried", lambda: ears.downs)
    asked = time.monotonic()
    line.close(("state", b"farewell"))
    assert time.monotonic() - asked < 3
    assert not line._thread.is_alive()


def test_a_listener_that_fails_does_not_end_the_line(broker: Mosquitto, ears: Ears) -> None:
    def fail(_: Received) -> None:
        raise RuntimeError("a fault of ours")

    ears.on_each = fail
    with a_line(broker, ears, "a/#") as line:
        for payload in (b"1", b"2"):
            line.publish("a/b", payload)
            ears.wait_message(payload)
        assert not ears.downs


def test_many_publish_at_once_and_each_is_answered(broker: Mosquitto, ears: Ears) -> None:
    """Nothing waits behind a window of ours."""
    with a_line(broker, ears) as line:
        sent: list[tuple[int, int]] = []

        def publish() -> None:
            sent.extend(line.publish("a/b", b"x") for _ in range(200))

        threads = [threading.Thread(target=publish) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        until("each is answered", lambda: len(ears.answers) == 800)
        assert sorted((c, m) for c, m, _ in ears.answers) == sorted(sent)


class Planted:
    """An edge of the OS that fails once where ``here`` says so, and works as ever before and after."""

    def __init__(self, real: Callable[..., object], here: Callable[..., bool], error: Exception) -> None:
        self.real, self.here, self.error = real, here, error
        self.failed = False

    def __call__(self, *words: object) -> object:
        if not self.failed and self.here(*words):
            self.failed = True
            raise self.error
        return self.real(*words)


@pytest.mark.parametrize(
    "error", [RuntimeError("can't start new thread"), OSError(24, "Too many open files"), MemoryError("none")]
)
def test_a_machine_without_a_thread_to_spare_costs_one_attempt(
    broker: Mosquitto, ears: Ears, mocker: MockerFixture, error: Exception
) -> None:
    planted = Planted(threading.Thread.start, lambda thread: thread.name == "paho-mqtt-client-a-line", error)
    mocker.patch("threading.Thread.start", lambda thread: planted(thread))
    with a_line(broker, ears, "a/#", start=False) as line:
        line.start()
        ears.wait_up(1)
        assert [(number, str(error) in reason) for number, reason, _ in ears.downs] == [(1, True)]
        assert ears.ups[0][0] == 2
        line.publish("a/b", b"over the second")
        ears.wait_message(b"over the second")


def test_a_fault_while_it_is_up_leaves_nothing_of_the_connection(
    broker: Mosquitto, mocker: MockerFixture
) -> None:
    """When the listener hears of the end, nobody can publish into, or acknowledge over, what is gone."""
    dead: list[bool] = []

    class Asking(Ears):
        def on_down(self, connection: int, reason: str) -> None:
            if not self.downs:
                with pytest.raises(NotConnectedError):
                    line.publish("a/b", b"into nothing")
                dead.append(not line.ack(connection, 1))
            super().on_down(connection, reason)

    ears = Asking()
    planted = Planted(
        threading.Event.wait,
        lambda _, timeout=None: bool(ears.ups) and threading.current_thread() is line._thread,
        RuntimeError("a fault of ours"),
    )
    with a_line(broker, ears, "a/#", start=False) as line:
        mocker.patch("threading.Event.wait", lambda event, timeout=None: planted(event, timeout))
        line.start()
        ears.wait_up(2)
        assert [reason for _, reason, _ in ears.downs] == ["RuntimeError: a fault of ours"]
        assert dead == [True]
        line.publish("a/b", b"over the second")
        ears.wait_message(b"over the second")
