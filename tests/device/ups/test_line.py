"""A UPS on a line, with a stand-in on a pseudo-terminal that has every fault a UPS can have."""

from __future__ import annotations

import contextlib
import errno
import os
import select
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import serial
from structlog.testing import capture_logs

from device.ups import UpsStatus
from device.ups.line import MOST, UpsError, UpsLine

MAINS = b"(230.1 230.1 230.1 010 50.0 13.6 25.0 00001000\r"
BATTERY = b"(000.0 230.0 229.8 021 50.0 13.1 25.0 10001001\r"
Answer = Callable[["StandIn"], None]


class StandIn:
    """A UPS at the far end of a pseudo-terminal. ``path`` stays while it is unplugged and put back."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.asked: list[bytes] = []
        self.answer: Answer = lambda me: me.say(MAINS)
        self._stop = threading.Event()
        self._fd = -1
        self.plug()

    def plug(self) -> None:
        """Put it in, as a new device of the old name."""
        self._fd, far = os.openpty()
        self.path.unlink(missing_ok=True)
        self.path.symlink_to(os.ttyname(far))
        self._stop.clear()
        self._thread = threading.Thread(target=self._serve, args=(far,))
        self._thread.start()

    def unplug(self) -> None:
        """Pull it out: whoever has the line open finds it gone."""
        self._stop.set()
        self._thread.join()
        os.close(self._fd)
        self.path.unlink()

    def say(self, data: bytes) -> None:
        os.write(self._fd, data)

    def pause(self) -> None:
        """Be as slow as a UPS is: part of what is tested, not a wait for something."""
        self._stop.wait(0.01)

    def _serve(self, far: int) -> None:
        heard = b""
        while not self._stop.is_set():
            if not select.select([self._fd], [], [], 0.02)[0]:
                continue
            heard += os.read(self._fd, 100)
            while b"\r" in heard:
                question, heard = heard.split(b"\r", 1)
                self.asked.append(question)
                with contextlib.suppress(OSError):
                    self.answer(self)
        os.close(far)


def one_byte_at_a_time(me: StandIn) -> None:
    for byte in BATTERY:
        me.say(bytes([byte]))
        me.pause()


def after_an_echo(me: StandIn) -> None:
    me.say(b"Q1\r")
    me.pause()
    me.say(BATTERY)


def over_long(me: StandIn) -> None:
    me.say(b"(" + b"230.1 " * 60 + b"\r")


def babbling(me: StandIn) -> None:
    me.say(b"\x00\xff(1 " * 60)


def broken_off(me: StandIn) -> None:
    me.say(BATTERY[:30])


class SecondTime:
    """Garbage at the first question, an answer at the next."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, me: StandIn) -> None:
        self.asked += 1
        me.say(b"\xf0\x00(23\r" if self.asked == 1 else BATTERY)


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    standin = StandIn(tmp_path / "ttyUPS")
    yield standin
    if standin._thread.is_alive():
        standin.unplug()


@pytest.fixture
def ups(standin: StandIn) -> Iterator[UpsLine]:
    ups = UpsLine(standin.path, answer_s=1.0)
    yield ups
    ups.close()


@pytest.fixture
def hasty(standin: StandIn) -> Iterator[UpsLine]:
    """One that doesn't wait long, for UPSes that don't answer."""
    ups = UpsLine(standin.path, answer_s=0.2)
    yield ups
    ups.close()


def test_it_asks_and_is_answered(ups: UpsLine, standin: StandIn) -> None:
    assert ups.read() == UpsStatus(False, False)
    standin.answer = lambda me: me.say(BATTERY)
    assert ups.read() == UpsStatus(True, False)
    assert standin.asked == [b"Q1", b"Q1"]
    assert (ups._line.dtr, ups._line.rts) == (True, False)


@pytest.mark.parametrize("answer", [one_byte_at_a_time, after_an_echo, SecondTime()])
def test_an_odd_answer_is_an_answer(ups: UpsLine, standin: StandIn, answer: Answer) -> None:
    standin.answer = answer
    assert ups.read() == UpsStatus(True, False)


@pytest.mark.parametrize(
    "answer", [lambda _: None, over_long, babbling, broken_off, lambda me: me.say(b"\r" * 50)]
)
def test_no_answer_is_null_and_the_next_is_heard(hasty: UpsLine, standin: StandIn, answer: Answer) -> None:
    """It is asked twice, and what it said before isn't taken for an answer to a later question."""
    standin.answer = answer
    assert hasty.read() is None
    assert standin.asked == [b"Q1", b"Q1"]
    standin.answer = lambda me: me.say(BATTERY)
    assert hasty.read() == UpsStatus(True, False)


def test_what_babbles_is_not_listened_to_for_ever(standin: StandIn) -> None:
    """However long it would be waited for."""
    standin.answer = lambda me: me.say(b"x" * MOST)
    patient = UpsLine(standin.path, answer_s=60.0)
    began = time.monotonic()
    assert patient.read() is None
    assert time.monotonic() - began < 10
    patient.close()


def test_an_old_answer_is_not_for_the_new_question(ups: UpsLine, standin: StandIn) -> None:
    """What lay in the line before the question is thrown away."""
    assert ups.read() == UpsStatus(False, False)
    standin.say(MAINS)
    standin.answer = lambda me: me.say(BATTERY)
    assert ups.read() == UpsStatus(True, False)


def test_unplugged_it_is_null_and_plugged_in_it_is_asked_again(ups: UpsLine, standin: StandIn) -> None:
    with capture_logs() as logs:
        assert ups.read() == UpsStatus(False, False)
        standin.unplug()
        for _ in range(3):
            assert ups.read() is None
        standin.plug()
        assert ups.read() == UpsStatus(False, False)
    assert [line["log_level"] for line in logs][-1] == "info"
    assert len(logs) <= 3, "what stays wrong is said once"


def test_pulled_out_while_it_is_asked(ups: UpsLine, standin: StandIn) -> None:
    """Between the question and the answer."""
    gone = threading.Event()

    def pulled(me: StandIn) -> None:
        me._stop.set()
        gone.set()

    assert ups.read() is not None
    standin.answer = pulled
    reader = threading.Thread(target=ups.read)
    reader.start()
    assert gone.wait(5)
    standin._thread.join()
    os.close(standin._fd)
    reader.join(5)
    assert not reader.is_alive()
    standin.answer = lambda me: me.say(BATTERY)
    standin.plug()
    assert ups.read() == UpsStatus(True, False)


def test_a_port_that_isnt_there_is_null(tmp_path: Path) -> None:
    with capture_logs() as logs:
        ups = UpsLine(tmp_path / "not there")
        assert ups.read() is None
        assert ups.read() is None
    ups.close()
    assert len(logs) == 1
    assert "not there" in logs[0]["why"]


def test_a_port_that_is_no_line_is_null(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ups = UpsLine(tmp_path / "file")
    assert ups.read() is None
    ups.close()


def test_a_line_that_somebody_else_has_is_null(ups: UpsLine, standin: StandIn) -> None:
    """pyserial's ``exclusive``: two who ask would take each other's answers."""
    other = serial.Serial(str(standin.path), 2400, exclusive=True)
    assert ups.read() is None
    other.close()
    assert ups.read() == UpsStatus(False, False)


def test_why_it_isnt_heard_is_said(tmp_path: Path, hasty: UpsLine, standin: StandIn, mocker: Any) -> None:
    """Each cause with its cure, for whoever installs it."""
    with pytest.raises(UpsError, match="ttyX isn't there: is its cable plugged in"):
        UpsLine(tmp_path / "ttyX").ask()
    standin.answer = lambda me: None
    with pytest.raises(UpsError, match=r"no answer on .*: is the UPS on"):
        hasty.ask()
    with pytest.raises(UpsError, match="is busy"):
        UpsLine(standin.path).ask()
    hasty.close()
    refused = serial.SerialException(errno.EACCES, "could not open port")
    mocker.patch.object(serial.Serial, "open", side_effect=refused)
    with pytest.raises(UpsError, match="put it into the group dialout: sudo usermod -aG dialout "):
        hasty.ask()
