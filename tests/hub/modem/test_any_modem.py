"""A modem that says anything at any time: no fault, no hang, and no text delivered that wasn't."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from hub.modem.modem import Effect, Modem, Sent, Write
from hub.modem.simulated import SimulatedModem, said
from hub.sms.parts import split

PHRASES = st.sampled_from(
    [
        *(said(word) for word in ("OK", "ERROR", "+CMS ERROR: 38", "+CME ERROR: 10", "+CMS ERROR: x", "RDY")),
        *(said(word) for word in ("+CMGS: 5", "+CMGS:", "+CMGS: x", "NO CARRIER", "BUSY", "RING", ">", ">>")),
        *(said(word) for word in ("+CPIN: READY", "+CPIN: SIM PIN", "+CREG: 0,1", "+CREG: 0,2", "+CSQ: 9,9")),
        *(
            said(word)
            for word in ("+CNMI: 2,1,0,1,0", '+CMTI: "SM",1', "+CDS: 25", "+RXDTMF: 1", "+CMGL: 1,1,,9")
        ),
        *(said(word) for word in ("+CLCC: 1,0,0,0,0", "+CLCC: 1,0,3,0,0", "+CLCC:", "00112233445566778899")),
        *(b"\r\n> ", b"\r\n", b"\r", b">", b"\0", b"OK", b"+CMGS: 6\r\nOK\r\n"),
        SimulatedModem().report(5, "+15550100001"),
    ]
)
STEPS = st.lists(
    st.one_of(
        PHRASES,
        st.binary(max_size=40),
        st.floats(0, 70).map(lambda seconds: ("wait", seconds)),
        st.sampled_from(
            [("text",), ("text",), ("answer",), ("call",), ("unplug",), ("withdraw",), ("taken",)]
        ),
        st.just(("right",)),
    ),
    max_size=60,
)


class Judge:
    """Feeds a machine, and knows by itself which texts a network can have taken."""

    def __init__(self) -> None:
        self.modem = Modem("1234")
        self.now = 0.0
        self.simulated = SimulatedModem()
        self.asked = 0
        self.answered: set[str] = set()
        self.unit_since: bytes | None = None
        """What was heard since a unit was written last; None: none was."""
        self.last_write = b""

    def take(self, effects: list[Effect]) -> None:
        for effect in effects:
            if isinstance(effect, Write):
                self.last_write = effect.octets
                if effect.octets.endswith(b"\x1a"):
                    self.unit_since = b""
            elif isinstance(effect, Sent):
                assert effect.job not in self.answered, "answered twice"
                self.answered.add(effect.job)
                if effect.handed.references:
                    assert self.unit_since is not None, "delivered without a unit"
                    last = effect.handed.references[-1]
                    heard = self.unit_since
                    assert b"+CMGS:" in heard, heard
                    assert str(last).encode() in heard.split(b"+CMGS:")[-1] or heard.count(b"+CMGS:") > 1
                    assert b"OK" in heard.split(b"+CMGS:", 1)[1], heard
                    self.unit_since = None

    def hear(self, octets: bytes) -> None:
        if self.unit_since is not None:
            self.unit_since += octets
        self.take(self.modem.heard(octets, self.now))

    def due(self) -> None:
        for _ in range(200):
            if self.modem.deadline > self.now:
                return
            if self.modem.wants_open:
                self.take(self.modem.opened(self.now))
            else:
                self.take(self.modem.tick(self.now))
        raise AssertionError("it hangs: it is due for ever")

    def step(self, step: object) -> None:
        """Do one thing."""
        if isinstance(step, bytes):
            self.hear(step)
            return
        assert isinstance(step, tuple)
        if step[0] == "wait":
            self.now += step[1]
        elif step[0] == "right":  # right answers, for a while
            for _ in range(20):
                self.answer()
        else:
            getattr(self, step[0])()

    def get_well(self) -> None:
        """Answer rightly from now on, until all is well: a few minutes at most."""
        for _ in range(400):
            self.now += 1.0
            self.due()
            for _ in range(20):
                self.answer()
                self.due()
            if len(self.answered) == self.asked and not self.modem.why_not:
                return

    def text(self) -> None:
        self.asked += 1
        parts = split("x" * (60 * self.asked), 1)
        self.take(self.modem.text(f"t{self.asked}", "+15550100001", parts, self.now))

    def call(self) -> None:
        self.take(self.modem.call("c", "+15550100001", self.now))

    def unplug(self) -> None:
        self.take(self.modem.closed("unplugged", self.now))

    def withdraw(self) -> None:
        self.take(self.modem.withdraw("c", self.now))

    def taken(self) -> None:
        self.take(self.modem.taken((1, 2), self.now))

    def answer(self) -> None:
        """Answer rightly what was written last."""
        written, self.last_write = self.last_write, b""
        if written:
            self.hear(self.simulated.write(written))


@settings(max_examples=1000)
@given(st.booleans(), STEPS)
def test_a_modem_that_says_anything(well: bool, steps: list[object]) -> None:
    """Each text is answered once, and never as delivered but by a reference and OK behind its own unit."""
    judge = Judge()
    judge.due()
    if well:
        judge.get_well()
    for step in steps:
        judge.step(step)
        judge.due()
    judge.get_well()
    assert len(judge.answered) == judge.asked
    assert judge.modem.why_not == ""
