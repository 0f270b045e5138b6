"""Which event is sent when, over which link, and why."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from device.retransmission import WINDOW, Renew, Retransmission, Send


class Walk:
    """Walks one retransmission from deadline to deadline and notes what it does."""

    def __init__(self, *links: str, beat: bool = True) -> None:
        self.core = Retransmission(links or ("hub",))
        self.now = 100.0
        self.done: list[tuple[float, Send | Renew]] = []
        for link in links or ("hub",):
            self.core.link_up(link, session_present=True)
            self.core.beat(link, heard=beat)

    def step(self) -> list[Send | Renew]:
        done = self.core.due(self.now)
        self.done += [(self.now, each) for each in done]
        return done

    def to(self, now: float) -> list[tuple[float, str]]:
        """Let time pass; returns when what was done, by its reason."""
        first = len(self.done)
        self.step()
        while (due := self.core.next_deadline()) is not None and due <= now:
            self.now = max(due, self.now)
            self.step()
        self.now = now
        self.step()
        return [
            (round(at - 100, 3), "renew" if isinstance(each, Renew) else each.why)
            for at, each in self.done[first:]
        ]


def test_sent_at_once_on_every_link() -> None:
    """An event goes out on all links that are up, and on one that comes up as soon as it does."""
    walk = Walk("a", "b")
    walk.core.link_down("b")
    walk.core.owe("e", urgent=True, order=1)
    assert walk.step() == [Send("a", "e", "first")]
    walk.core.link_up("b", session_present=True)
    assert walk.step() == [Send("b", "e", "first")]


def test_without_puback_a_press_asks_for_a_new_connection() -> None:
    """After 1 s without an answer the connection is given up; nothing is sent until it is up again."""
    walk = Walk()
    walk.core.owe("e", urgent=True, order=1)
    assert walk.to(130.0) == [(0.0, "first"), (1.0, "renew")]
    walk.core.link_up("hub", session_present=True)
    assert walk.step() == [Send("hub", "e", "link-up")]
    # The next time it waits twice as long: a broker that is only slow isn't cut off for ever.
    assert walk.to(131.9) == []
    assert walk.to(132.0) == [(32.0, "renew")]


def test_without_puback_a_door_is_sent_again() -> None:
    """A door's event never costs the connection; its copies back off to 30 s, for ever."""
    walk = Walk()
    walk.core.owe("e", urgent=False, order=1)
    times = [at for at, _ in walk.to(100.0 + 200)]
    assert times == [0, 1, 3, 7, 15, 31, 61, 91, 121, 151, 181]


def test_without_receipt_it_is_sent_again_while_the_hub_is_heard() -> None:
    """3 s, then doubling to 30 s, for ever."""
    walk = Walk()
    walk.core.owe("e", urgent=True, order=1)
    times = []
    while walk.now < 100.0 + 200:
        for at, _ in walk.to(walk.now + 0.5):
            times.append(at)
            walk.core.answered("hub", "e", refused=False)
    assert times == [0, 3, 9, 21, 45, 75, 105, 135, 165, 195]


def test_while_no_hub_is_heard_the_broker_is_spared() -> None:
    """What a broker has accepted is sent again every 10 min only, and at once when the hub is back."""
    walk = Walk(beat=False)
    walk.core.owe("e", urgent=True, order=1)
    walk.step()
    walk.core.answered("hub", "e", refused=False)
    assert walk.to(100.0 + 599) == []
    assert walk.to(100.0 + 600) == [(600, "hub-unheard")]
    walk.core.answered("hub", "e", refused=False)
    walk.to(100.0 + 700)
    walk.core.beat("hub", heard=True)
    assert walk.step() == [Send("hub", "e", "hub-heard-again")]
    walk.core.answered("hub", "e", refused=False)
    walk.core.beat("hub", heard=True)
    assert walk.to(100.0 + 702.9) == []
    assert walk.to(100.0 + 703) == [(703, "no-receipt")]


def test_a_hub_that_falls_silent_lengthens_the_patience() -> None:
    """A copy whose 3 s were running when the hub fell silent waits its 10 min."""
    walk = Walk()
    walk.core.owe("e", urgent=True, order=1)
    walk.step()
    walk.core.answered("hub", "e", refused=False)
    walk.core.beat("hub", heard=False)
    assert walk.to(100.0 + 599) == []
    assert walk.to(100.0 + 600) == [(600, "hub-unheard")]


def test_a_kept_session_keeps_what_it_accepted() -> None:
    """After a reconnect only what has no PUBACK goes out, unless the broker lost our session."""
    walk = Walk(beat=False)
    walk.core.owe("with", urgent=True, order=1)
    walk.core.owe("without", urgent=True, order=2)
    walk.step()
    walk.core.answered("hub", "with", refused=False)
    walk.core.link_down("hub")
    walk.core.link_up("hub", session_present=True)
    assert walk.step() == [Send("hub", "without", "link-up")]
    walk.core.link_down("hub")
    walk.core.link_up("hub", session_present=False)
    assert walk.step() == [Send("hub", "with", "link-up"), Send("hub", "without", "link-up")]


def test_refused_is_tried_again_without_a_new_connection() -> None:
    """A broker that says no is asked again every 30 s: its rules may be put right."""
    walk = Walk()
    walk.core.owe("e", urgent=True, order=1)
    walk.step()
    walk.core.answered("hub", "e", refused=True)
    assert walk.to(100.0 + 29.9) == []
    assert walk.to(100.0 + 30) == [(30, "refused")]


def test_the_receipt_ends_it_everywhere() -> None:
    """Once the hub has it, it is sent on no link."""
    walk = Walk("a", "b")
    walk.core.owe("e", urgent=True, order=1)
    walk.step()
    assert walk.core.settle("e") is True
    assert walk.core.settle("e") is False
    walk.core.answered("a", "e", refused=False)
    assert walk.to(100.0 + 3600) == []
    assert walk.core.next_deadline() is None


def test_presses_first_and_without_a_window() -> None:
    """Behind a thousand doors a press goes first; doors wait for the broker's answers, presses don't."""
    walk = Walk()
    walk.core.link_down("hub")
    for n in range(1000):
        walk.core.owe(f"door-{n}", urgent=False, order=n)
    for n in range(300):
        walk.core.owe(f"press-{n}", urgent=True, order=1000 + n)
    walk.core.link_up("hub", session_present=True)
    done = [each.event for each in walk.step() if isinstance(each, Send)]
    assert done == [f"press-{n}" for n in range(300)] + [f"door-{n}" for n in range(WINDOW)]
    walk.core.answered("hub", "door-0", refused=False)
    assert walk.step() == [Send("hub", f"door-{WINDOW}", "first")]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                ["owe", "settle", "up", "lost", "down", "heard", "silent", "puback", "no", "wait"]
            ),
            st.integers(0, 4),
        ),
        max_size=60,
    )
)
def test_nothing_owed_is_forgotten(history: list[tuple[str, int]]) -> None:  # noqa: C901 - one branch an input
    """Whatever happened, once the link is up and the hub heard, all that is owed goes out within 30 s."""
    core, now, owed = Retransmission(("hub",)), 0.0, set()
    for n, (what, which) in enumerate(history):
        event = f"e{which}"
        if what == "owe" and event not in owed:
            core.owe(event, urgent=which % 2 == 0, order=n)
            owed.add(event)
        elif what == "settle":
            core.settle(event)
            owed.discard(event)
        elif what in ("up", "lost"):
            core.link_up("hub", session_present=what == "up")
        elif what == "down":
            core.link_down("hub")
        elif what in ("heard", "silent"):
            core.beat("hub", heard=what == "heard")
        elif what in ("puback", "no"):
            core.answered("hub", event, refused=what == "no")
        else:
            now += which * 0.7
        for each in core.due(now):
            assert isinstance(each, Renew) or each.event in owed
    core.link_down("hub")
    core.link_up("hub", session_present=True)
    core.beat("hub", heard=True)
    sent: set[str] = set()
    end = now + 30.0
    while True:
        for each in core.due(now):
            if isinstance(each, Renew):
                core.link_up("hub", session_present=True)
            else:
                sent.add(each.event)
        due = core.next_deadline()
        if due is None or due > end:
            break
        now = max(due, now)
        if core.due(now) == [] and now >= end:
            break
    assert sent >= owed
