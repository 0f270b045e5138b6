"""Who guesses, and who floods, keeps no officer out: lanes, turns at argon2, and what is said of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from structlog.testing import capture_logs

from config.clock import SystemClock
from hub.console.aside import NoAnswerError
from hub.console.session import Sealer
from hub.console.sign_in.attempts import BESIDE, Attempts
from hub.console.sign_in.guessing import EVERY
from hub.console.sign_in.lanes import KNOWN, NAMES_KEPT, network_of
from hub.console.sign_in.turns import OF_ONE_LANE, WAITING_MOST, Turns
from hub.console.visit import is_outside
from hub.inputs import AccountChanged, SignInGuessed
from tests.hub.console.caller import Caller, Reply
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import KEY, Served
from tests.site import until

PASSWORD = "correct horse"


def post(caller: Caller, name: str, password: str, **more: str) -> Reply:
    """Sign in from some address."""
    token = caller.get("/sign-in").field("csrf")
    return caller.form("/sign-in", {"name": name, "password": password, "csrf": token, "next": "/"}, **more)


def guess(served: Served, times: int, name: str = "lee") -> list[int]:
    """Guess at a password from one place; returns what was answered."""
    return [post(Caller(served.port), name, "guessed").status for _ in range(times)]


# --- lanes ---


def test_a_guesser_keeps_no_known_browser_out(desk: FrontDesk, served: Served, lee: Caller) -> None:
    """Not from the very same address; and a browser that is new waits only where the guesser is."""
    assert guess(served, 5)[-1] == 429
    assert post(Caller(served.port), "lee", PASSWORD).status == 429
    lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
    assert post(lee, "lee", PASSWORD).status == 303
    assert post(Caller(served.port), "lee", PASSWORD, X_Forwarded_For="10.20.0.7").status == 303


def keeps_guessing(attempts: Attempts, until_s: float) -> Iterator[float]:
    """Guess at a name from one address, twenty times a second, whenever that is let."""
    for tick in range(round(until_s * 20)):
        mono = tick / 20
        if attempts.wait_s("lee", "10.0.0.9", mono) <= 0:
            attempts.failed("lee", "10.0.0.9", mono)
        yield mono


def test_a_new_browser_that_waits_gets_its_turn_beside_a_guesser() -> None:
    """At the very same address, where the lane itself is never free; each 30 s, and ten such at most."""
    attempts, tried = Attempts(), []
    for mono in keeps_guessing(attempts, 200.0):
        if mono > 60 and mono % 5 == 0:
            assert attempts.wait_s("lee", "10.0.0.9", mono) > 0
            if attempts.beside("lee", "10.0.0.9", "officer", mono):
                tried.append(mono)
    assert tried == [65.0, 95.0, 125.0, 155.0, 185.0]
    may = [attempts.beside("lee", "10.0.0.9", f"page {number}", 300.0) for number in range(BESIDE + 5)]
    assert may == [True] * BESIDE + [False] * 5


def test_a_page_that_has_been_open_for_the_longest_pause_is_checked(
    desk: FrontDesk, served: Served, lee: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It stays the same page through every refusal, so that who tries too early loses nothing."""
    monkeypatch.setattr("hub.console.sign_in.password.LONGEST_S", 1.0)
    assert guess(served, 12)[-1] == 429
    officer = Caller(served.port)
    token = officer.get("/sign-in").field("csrf")
    fields = {"name": "lee", "password": PASSWORD, "csrf": token, "next": "/"}
    answers = []

    def is_in() -> bool:
        guess(served, 1)
        reply = officer.form("/sign-in", fields)
        answers.append(reply.status)
        return reply.status == 303

    until("a turn of its own", is_in)
    assert answers[0] == 429


def test_a_browser_is_known_for_who_signed_in_on_it_alone(
    desk: FrontDesk, served: Served, lee: Caller
) -> None:
    """Somebody else's own account is no way to guess at the officer's; a changed cookie is none either."""
    desk.office.add("pupil", PASSWORD, "viewer")
    pupil = Caller(served.port)
    post(pupil, "pupil", PASSWORD)
    known = "tocsin_known_oak-hill"
    pupil.cookies = {known: pupil.cookies[known]}
    assert guess(served, 4)[-1] == 429
    assert post(pupil, "lee", PASSWORD).status == 429
    forged = Caller(served.port)
    forged.cookies = {known: lee.cookies[known][:-3] + "AAA"}
    assert post(forged, "lee", PASSWORD).status == 429


def test_a_known_browser_that_guesses_waits_as_well(served: Served, lee: Caller) -> None:
    """In its own lane."""
    lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
    answers = [post(lee, "lee", "guessed").status for _ in range(4)]
    assert answers == [401, 401, 401, 429]
    assert post(Caller(served.port), "lee", PASSWORD).status == 303


def test_several_people_may_share_a_browser(desk: FrontDesk, served: Served, lee: Caller) -> None:
    """The front desk's: it is known for each of them."""
    desk.office.add("ortiz", PASSWORD, "sro")
    for name in ("ortiz", "lee"):
        lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
        assert post(lee, name, PASSWORD).status == 303
    for name in ("lee", "ortiz"):
        assert guess(served, 4, name)[-1] == 429
        lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
        assert post(lee, name, PASSWORD).status == 303


def test_a_browser_is_known_for_the_eight_who_signed_in_on_it_last(desk: FrontDesk, lee: Caller) -> None:
    """A cookie holds no more than so much."""
    names = [f"person {number}" for number in range(NAMES_KEPT)]
    for name in names:
        desk.office.add(name, PASSWORD, "viewer")
        lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
        assert post(lee, name, PASSWORD).status == 303
    _, known = Sealer(KEY, "oak-hill").open_known(lee.cookies["tocsin_known_oak-hill"])
    assert known == tuple(reversed(names))


@pytest.mark.parametrize(
    ("address", "lane"),
    [
        ("10.20.3.4", "10.20.3.4"),
        ("::ffff:10.20.3.4", "10.20.3.4"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("testclient", "testclient"),
    ],
)
def test_an_address_that_is_easily_changed_is_no_other_place(address: str, lane: str) -> None:
    assert network_of(address) == lane


@pytest.mark.parametrize(
    ("address", "outside"),
    [
        ("10.20.3.4", False),
        ("10.21.3.4", True),
        ("::ffff:10.20.3.4", False),
        ("2001:db8:1::7", False),
        ("2001:db8:2::7", True),
        ("127.0.0.1", False),
        ("::1", False),
        ("-", True),
    ],
)
def test_outside_is_what_no_network_of_the_school_holds(address: str, outside: bool) -> None:
    """The hub's own machine is inside; where no network is named nothing is outside."""
    assert is_outside(address, ("10.20.0.0/16", "2001:db8:1::/48")) == outside
    assert not is_outside(address, ())


# --- what is said of it ---


def test_guessing_is_told_with_the_name_only_where_somebody_has_it(desk: FrontDesk, served: Served) -> None:
    """What was typed as a name may be somebody's password. Once a minute is enough."""
    desk.office.add("lee", PASSWORD)
    nobody = Caller(served.port)
    for number in range(EVERY):
        reply = post(nobody, "my secret", "x", X_Forwarded_For="10.9.9.9")
        assert reply.status == (401 if number < 3 else 429)
    assert desk.told == []


def test_the_log_has_each_wrong_one_and_a_name_only_where_somebody_has_it(
    desk: FrontDesk, served: Served
) -> None:
    desk.office.add("lee", PASSWORD)
    with capture_logs() as logs:
        for name in ("lee", "my secret", "lee"):
            assert post(Caller(served.port), name, "guessed").status == 401
    refused = [line for line in logs if line["event"] == "sign-in refused"]
    assert [(one["person"], one["wrong"], one["times"], one["address"]) for one in refused] == [
        ("lee", "password", 1, "127.0.0.1"),
        ("", "password", 1, "127.0.0.1"),
        ("lee", "password", 2, "127.0.0.1"),
    ]
    assert "my secret" not in str(logs)


def test_wrong_ones_in_a_row_are_told_once_a_minute(
    desk: FrontDesk, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.office.add("lee", PASSWORD)
    monkeypatch.setattr("hub.console.sign_in.attempts.FREE", 1000)
    guess(served, 2 * EVERY)
    assert desk.told == [SignInGuessed("password", "lee", EVERY, "127.0.0.1")]


def test_a_name_that_nobody_has_is_told_as_none(
    desk: FrontDesk, served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hub.console.sign_in.attempts.FREE", 1000)
    caller = Caller(served.port)
    for _ in range(EVERY):
        post(caller, "my secret", "x")
    assert desk.told == [SignInGuessed("password", "", EVERY, "127.0.0.1")]


def test_signing_in_and_out_is_in_the_record(desk: FrontDesk, lee: Caller) -> None:
    lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
    assert [(told.what, told.by) for told in desk.told if isinstance(told, AccountChanged)] == [
        ("signed-in", "lee"),
        ("signed-out", "lee"),
    ]


# --- turns ---


class Held:
    """A check of a password that takes until it is let go."""

    def __init__(self) -> None:
        self.let_go = threading.Event()
        self.running = 0
        self.most = 0
        self._lock = threading.Lock()

    def __call__(self, *_: Any) -> None:
        with self._lock:
            self.running += 1
            self.most = max(self.most, self.running)
        self.let_go.wait(30)
        with self._lock:
            self.running -= 1


def test_a_flood_of_sign_ins_delays_no_board_and_no_known_browser(
    desk: FrontDesk, served: Served, lee: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While every stranger's check hangs: the board answers, the officer signs in, and a 41st is told so."""
    desk.office.add("ortiz", PASSWORD, "sro")
    held, check = Held(), desk.people.check
    monkeypatch.setattr(
        desk.people, "check", lambda name, given: check(name, given) if name == "lee" else held()
    )
    flood = [
        threading.Thread(target=post, args=(Caller(served.port), "ortiz", "x"), kwargs=come_from(number))
        for number in range(WAITING_MOST + 1)
    ]
    for thread in flood:
        thread.start()
    until(10, lambda: held.running == 1)
    try:
        full = until_full(served)
        assert "too many people are signing in" in full.text
        assert lee.get("/").status == 200
        lee.form("/sign-out", {"csrf": lee.get("/").field("csrf")})
        assert post(lee, "lee", PASSWORD).status == 303
        assert lee.get("/").status == 200
        assert held.most == 1  # strangers: one at a time
    finally:
        held.let_go.set()
        for thread in flood:
            thread.join(30)


def come_from(number: int) -> dict[str, str]:
    return {"X_Forwarded_For": f"10.9.{number}.1"}


def until_full(served: Served) -> Reply:
    """Try as one more stranger until the queue is full: the others come on threads of their own."""
    found: list[Reply] = []

    def is_full() -> bool:
        caller = Caller(served.port)
        token = caller.get("/sign-in").field("csrf")
        fields = {"name": "ortiz", "password": "x", "csrf": token, "next": "/"}
        thread = threading.Thread(
            target=lambda: found.append(caller.form("/sign-in", fields, X_Forwarded_For="10.8.0.1")),
            daemon=True,
        )
        thread.start()
        thread.join(1)
        return bool(found)

    until(20, is_full)
    return found[0]


@pytest.fixture
def run() -> Callable[[Callable[[Turns], Awaitable[None]]], None]:
    """Run something with turns on a loop of its own."""

    def with_turns(work: Callable[[Turns], Awaitable[None]]) -> None:
        async def main() -> None:
            turns = Turns(SystemClock())
            try:
                await work(turns)
            finally:
                turns.close()

        asyncio.run(main())

    return with_turns


def test_one_lane_does_not_fill_the_queue(run: Callable[[Callable[[Turns], Awaitable[None]]], None]) -> None:
    """A fifth of one lane is refused, one of another waits; nobody is left in the count."""
    held = Held()

    async def work(turns: Turns) -> None:
        first = asyncio.create_task(turns.call("10.0.0.1", held))
        await asyncio.sleep(0)
        waiting = [asyncio.create_task(turns.call("10.0.0.1", held)) for _ in range(OF_ONE_LANE)]
        await asyncio.sleep(0)
        with pytest.raises(NoAnswerError, match="too many people"):
            await turns.call("10.0.0.1", held)
        other = asyncio.create_task(turns.call("10.0.0.2", held))
        await asyncio.sleep(0)
        assert turns._strangers.waiting == {"10.0.0.1": OF_ONE_LANE, "10.0.0.2": 1}
        held.let_go.set()
        await asyncio.gather(first, *waiting, other)
        assert (held.most, turns._strangers.waiting.total()) == (1, 0)

    run(work)


def test_strangers_are_checked_for_half_of_the_time(
    run: Callable[[Callable[[Turns], Awaitable[None]]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """After each there is a pause as long as it took; after a known browser there is none."""

    async def work(turns: Turns) -> None:
        later: list[float] = []
        loop = asyncio.get_running_loop()
        call_later = loop.call_later

        def listen(delay: float, callback: Any, *args: Any, **more: Any) -> Any:
            if getattr(callback, "__name__", "") == "release":
                later.append(delay)
                delay = 0.0
            return call_later(delay, callback, *args, **more)

        monkeypatch.setattr(loop, "call_later", listen)
        moments = iter([10.0, 10.5, 20.0, 20.5])

        class Clock(SystemClock):
            def now(self) -> Any:
                return super().now()._replace(mono=next(moments))

        turns._clock = Clock()
        await turns.call("10.0.0.1", lambda: None)
        await turns.call(f"{KNOWN}a", lambda: None)
        assert later == [0.5, 0.0]

    run(work)
