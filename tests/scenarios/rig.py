"""A site on a fake clock, driven as the recorder, the committer and the channels drive it.

Decisions are those of the real :class:`hub.site.Site`, the record is a real journal on SQLite; only
time, the broker and the far side of the webhooks are played here. ``t`` is true time in seconds.
"""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Literal, NamedTuple

import msgspec
from sqlalchemy import event

from config.agreement_settings import AgreementSettings, ContactSettings
from config.channel_settings import AppriseSettings, CallSettings, ModemSettings
from config.clock import Now, stamp
from config.contract import (
    Command,
    Event,
    MessageError,
    Posture,
    PostureName,
    decode,
)
from config.hub_settings import AudienceSettings, HubSettings, RoomSettings, WalkTestSettings, ZoneSettings
from config.plan_settings import PlanSettings, StepSettings
from config.settings_changes import changes, settings_hash
from config.topics import device_topic
from hub.asking import (
    Acknowledge,
    Action,
    Answer,
    BypassZone,
    Confirm,
    EndBypass,
    Note,
    Reloaded,
    Resolve,
    SetPosture,
)
from hub.beat import BEAT_S
from hub.dc09.signal import Signal
from hub.dc09.what_to_send import signals_of, words_of
from hub.decision import Decision
from hub.delivery import Delivery, Outcome
from hub.directory import Directory
from hub.inputs import (
    Ack,
    Asked,
    Attempted,
    ClockTrust,
    DeviceMessage,
    EventCame,
    Input,
    Link,
    PostureHeard,
    Probed,
    Reload,
    ReloadRefused,
)
from hub.kept_course import ANCHOR, JUMP_MS, Anchor, jumped_ms, kept_clock, then_by
from hub.loaded import Loaded
from hub.notice import sentence
from hub.postures import HEAR_S
from hub.quota import Quotas
from hub.recorder import DISK_PATIENCE_S
from hub.shape import Shape
from hub.site import Site
from hub.store.engine import open_engine, sqlite_url
from hub.store.journal import Journal
from hub.store.known import Known
from hub.view import View

WALL_0 = 1_790_000_000_000
"""True time 0 by the wall clock, in ms."""
EPSILON = 1e-6

Far = Literal["takes", "down", "refuses", "hangs"]
VERDICTS: dict[str, Outcome] = {
    "takes": Outcome("delivered", "200"),
    "down": Outcome("temporary", "connection refused"),
    "refuses": Outcome("permanent", "410"),
}
"""What the far side of a channel does: takes it, can't now, never will, or says nothing at all."""

AGREEMENT = AgreementSettings(
    agency="Lincoln County Sheriff's Office",
    consented_by="Sheriff Moss",
    permit="A-1234",
    kinds=("panic", "duress", "medical", "assist"),
    review=date(2100, 1, 1),
    contacts=tuple(ContactSettings(name=name, phone="555 010 0199") for name in ("Okafor", "Ortiz", "Lee")),
    joint_test=date(2099, 1, 1),
)
"""With dispatch, of all calls."""
STEPS = (
    StepSettings(after_s=0, notify=("sro",)),
    StepSettings(after_s=30, notify=("principal",)),
    StepSettings(after_s=60, notify=("dispatch",)),
    StepSettings(after_s=90, notify=("sro",), repeat_s=60),
)
"""The officer at once, the principal at 30 s, dispatch at 60 s, the officer again from 90 s on."""


def site_settings(group_by: Literal["site", "building", "device"] = "site", **more: Any) -> HubSettings:
    """Return a school of 60 rooms in two buildings, with a plan for panic and one for help."""
    rooms = tuple(
        RoomSettings(
            device=f"room-{n}",
            room=f"Room {n}",
            building="Main" if n <= 130 else "North",
            floor="1",
            zones=(
                ZoneSettings(zone="wall", kind="panic"),
                ZoneSettings(zone="desk", kind="panic", label="desk"),
                ZoneSettings(zone="quiet", kind="duress"),
                ZoneSettings(zone="nurse", kind="medical"),
                ZoneSettings(zone="help", kind="assist"),
                ZoneSettings(zone="door", kind="door"),
            ),
        )
        for n in range(101, 161)
    )
    whole: dict[str, Any] = {
        "site": "lincoln",
        "name": "Lincoln",
        "data": Path("/nowhere"),
        "rooms": rooms,
        "walk_tests": WalkTestSettings(prove_every_days=0),
        "channels": {name: AppriseSettings() for name in ("sro", "principal", "dispatch")},
        "audiences": {name: AudienceSettings(channels=(name,)) for name in ("sro", "principal", "dispatch")},
        "mou": AGREEMENT,
        "plans": {
            "panic": PlanSettings(kinds=("panic", "duress"), group_by=group_by, steps=STEPS),
            "help": PlanSettings(kinds=("medical", "assist"), group_by=group_by, steps=STEPS),
        },
    }
    return HubSettings(**(whole | more))


class Notice(NamedTuple):
    """What a far side took: once for each id."""

    at: float
    """True seconds."""
    audience: str
    type: str
    id: str
    incident: dict[str, Any]
    channel: str = ""
    reminder: str | None = None
    quiet: bool = False
    body: bytes = b""

    @property
    def title(self) -> str:
        """What a person reads first."""
        return sentence(self.body, "UTC")[0]

    def __str__(self) -> str:
        rooms = ", ".join(room["room"].removeprefix("Room ") for room in self.incident["rooms"])
        word = self.type.removeprefix("incident.")
        return f"{self.at:g} s {self.audience} {word} r{self.incident['revision']}: {rooms}"


class TroubleNotice(NamedTuple):
    """What a far side took of troubles: once for each id."""

    at: float
    audience: str
    type: str
    title: str
    text: str
    id: str
    keys: tuple[str, ...]
    """Of the troubles that it names as data."""

    def __str__(self) -> str:
        return f"{self.at:g} s {self.audience} {self.type}: {self.title}"


class Sent(NamedTuple):
    """A message in the broker's event session that has no PUBACK yet."""

    device: str
    payload: bytes
    at: float


class Rig:
    """One hub of one site, with what is around it."""

    def __init__(
        self, data: Path, settings: HubSettings | None = None, kinds: Mapping[str, str] | None = None
    ) -> None:
        """``kinds`` names channels that are of another kind than a webhook."""
        self.settings = settings or site_settings()
        self._kinds = kinds or {}
        self._url = sqlite_url(data)
        self._ids = itertools.count(1)
        self._seqs: Counter[int] = Counter()
        self._boots: dict[int, str] = {}
        self._acks = itertools.count(1)
        self.t = 0.0
        self._mono_0 = 5_000.0
        self._wall_off_ms = 0
        self._boot = 0
        self.clock = ClockTrust(None)
        """What the machine says of its clock at a start."""
        self.far: dict[str, Far] = {}
        self.disk: Literal["well", "hung"] = "well"
        self.broker: dict[int, Sent] = {}
        self.notices: list[Notice] = []
        self.handed: list[Notice] = []
        """Every try at a far side, repeats among them; for a test to empty."""
        self.told_of_troubles: list[TroubleNotice] = []
        self.answers: list[Answer] = []
        self.retuned: list[HubSettings] = []
        """What the shell was told to go by."""
        self.signals: list[tuple[float, Signal]] = []
        """What a monitoring station's alarm receiver took, and when."""
        self._at_station: set[str] = set()
        self.drill_news: list[str] = []
        """What far sides took of a drill itself: who, and its title."""
        self.receipts: list[tuple[str, str]] = []
        self.commands: list[tuple[str, Command]] = []
        self.retained: Posture | None = None
        """The posture that the broker keeps."""
        self.rooms: Posture | None = None
        """The posture that the rooms obey: the newest that they heard."""
        self._told_rooms: list[str] = []
        self._said = 0
        self._told = 0
        self._start()
        listened = self.now()._replace(mono=self.now().mono + HEAR_S)
        said = Decision(listened.mono)
        self.site.postures.look(said, listened)  # time 0 is when the broker has had its time to say another
        self._do(said)

    # --- time ---

    def now(self) -> Now:
        return Now(self._mono_0 + self.t, WALL_0 + self._wall_off_ms + round(self.t * 1000))

    def wait(self, seconds: float) -> None:
        """Let time pass, stopping wherever the site has something to do."""
        end = self.t + seconds
        while True:
            stops = [end]
            if (deadline := self.site.next_deadline()) is not None:
                stops.append(deadline - self._mono_0)
            stops += [d.decided - self._mono_0 + DISK_PATIENCE_S for d in self.waiting if not d.told]
            self.t = max(self.t, min(stops))
            self._look()
            if self.t >= end:
                return

    def wall_jumps_silently(self, seconds: float) -> None:
        """Somebody sets the wall clock while no hub runs."""
        self._wall_off_ms += round(seconds * 1000)

    def wall_jumps(self, seconds: float) -> None:
        """Somebody sets the wall clock; the recorder sees it in its next round."""
        self._wall_off_ms += round(seconds * 1000)
        self._look()

    def clock_is_set(self, seconds: float) -> None:
        """The network's time is there: the wall clock jumps, and is kept right from now on."""
        self.wall_jumps(seconds)
        self.clock = ClockTrust(True)
        self._input(self.clock)

    # --- what happens around the hub ---

    def press(
        self, number: int, /, zone: str = "wall", kind: str = "panic", *, age_s: float = 0.0, **more: Any
    ) -> str:
        """An agent publishes an alarm; returns its id."""
        n = next(self._ids)
        self._seqs[number] += 1
        event = {
            "v": 1, "id": f"e{n}", "boot": self._boots.get(number, "b"), "seq": self._seqs[number],
            "zone": zone, "kind": kind, "what": "alarm", "age_ms": round(age_s * 1000), "test": False,
        } | more  # fmt: skip
        self.publish(f"room-{number}", msgspec.json.encode(event))
        return str(event["id"])

    def publish(self, device: str, payload: bytes) -> None:
        """The broker takes a message for the event session, and brings it."""
        ack = next(self._acks)
        self.broker[ack] = Sent(device, payload, self.t)
        self._bring(ack)

    def state(
        self,
        room: int,
        *,
        online: bool = True,
        boot: str = "b",
        retained: bool = False,
        zones: list[dict[str, Any]] | None = None,
        machine: str | None = None,
        version: str | None = None,
        **conditions: str,
    ) -> None:
        """An agent's state; with conditions, of all its zones: normal but for what is given."""
        told = zones or [
            {
                "zone": zone.zone, "kind": zone.kind, "circuit": "eol", "walk_test": False,
                "condition": conditions.get(zone.zone, "normal"),
            }
            for zone in self.settings.rooms[0].zones
        ]  # fmt: skip
        self._boots[room] = boot
        whole = {"v": 1, "online": online, "boot": boot} | ({"machine": machine} if machine else {})
        whole |= {"version": version} if version else {}
        whole |= {"zones": told} if zones or conditions else {}
        self._device_says(room, "state", whole, retained=retained)

    def health(self, room: int, **fields: Any) -> None:
        boot = self._boots.get(room, "b")
        whole = {"v": 1, "boot": boot, "n": round(self.t * 1000), "uptime_s": 1.0, "outbox": 0} | fields
        self._device_says(room, "health", whole)

    def _device_says(self, room: int, what: Any, whole: dict[str, Any], *, retained: bool = False) -> None:
        payload = msgspec.json.encode(whole)
        now = self.now()
        over = self.quotas.over(f"room-{room}", what, len(payload), now.mono)
        self._input(DeviceMessage(f"room-{room}", what, payload, retained, now, over=over))

    def _input(self, fact: Input) -> None:
        self._do(self.site.decide(fact, self.now()))

    def all_speak(self, seconds: float, *but: int, every_s: float = 15.0) -> None:
        """Let time pass while every room but these sends its healths."""
        end = self.t + seconds
        while True:
            for room in self.settings.rooms:
                number = int(room.device.removeprefix("room-"))
                if number not in but:
                    self.health(number)
            if self.t + every_s >= end:
                self.wait(end - self.t)
                return
            self.wait(every_s)

    def link(self, which: Literal["events", "rest"], *, up: bool, why: str = "connection refused") -> None:
        """One of the hub's connections to the broker comes up or goes down."""
        self._input(Link(which, up, "" if up else why, session_present=up))

    def probed(self, channel: str, why: str | None = None, impaired: str | None = None) -> None:
        """The shell tried to reach a channel's far side."""
        reached = Outcome("delivered", "reached", impaired=impaired)
        found = reached if why is None else Outcome("temporary", why)
        self._input(Probed(channel, found))

    def zone_says(self, room: int, what: str, zone: str = "wall", cause: str | None = None) -> None:
        """An agent publishes a zone's tamper, trouble or restoral."""
        self.press(room, zone, what=what, **({} if cause is None else {"cause": cause}))

    def bypass(
        self, room: int, zone: str = "wall", hours: float = 2, by: str = "Lee", reason: str = "wire"
    ) -> Answer:
        return self._ask(BypassZone(f"room-{room}", zone, by, "board", reason, hours))

    def end_bypass(self, room: int, zone: str = "wall", by: str = "Lee") -> Answer:
        return self._ask(EndBypass(f"room-{room}", zone, by, "board"))

    def stamp(self) -> str:
        """Return this moment as an agent with a true clock says it."""
        return stamp(self.now().wall)

    def troubles(self, *whats: str) -> list[str]:
        """Return the keys of the troubles that a board shows, of these words (none: of all)."""
        return sorted(t.key for t in self.view.troubles.values() if not whats or t.what in whats)

    def told(self) -> list[str]:
        """Return in words what people were told of troubles since it was last asked."""
        new, self._told = self.told_of_troubles[self._told :], len(self.told_of_troubles)
        return [str(notice) for notice in new]

    def acknowledge(self, revision: int | None = None, by: str = "Reyes", which: int = -1) -> Answer:
        return self._ask(Acknowledge(self.incidents[which], by, "board", revision))

    def resolve(
        self, disposition: Any = "real", by: str = "Reyes", which: int = -1, revision: int | None = None
    ) -> Answer:
        return self._ask(Resolve(self.incidents[which], by, "board", disposition, revision=revision))

    # --- the hub's death and life ---

    def crash(self) -> None:
        """Kill the hub: what is not committed is gone, and so is what a channel had in hand."""
        if self.disk == "well":  # its last beat, which is the last that its record knows
            mono = self._started + (self.now().mono - self._started) // BEAT_S * BEAT_S
            beat = then_by(self._anchor, Now(max(mono, self._anchor.mono), 0))
            last = Decision(0.0, facts={ANCHOR: Anchor(self.boot, beat.mono, beat.wall).kept()})
            self.journal.commit([last])
        self.waiting.clear()
        self.in_hand.clear()

    def commit_only(self, how_many: int) -> None:
        """The disk takes the first of what waits, and nobody hears of it: a kill is to follow."""
        self.journal.commit(self.waiting[:how_many])

    def restart_on(self, data: Path, down_s: float) -> None:
        """Start another machine's hub on another record, beside another broker."""
        self.crash()
        self._url = sqlite_url(data)
        self.broker.clear()
        self.restart(down_s)

    def restart(self, down_s: float = 0.0, *, of: Literal["machine", "hub"] = "machine") -> None:
        """Start the hub again: it reads its record, and the broker brings again what has no PUBACK.

        Where the machine was started too, its monotonic clock says something else.
        """
        self.crash()
        self.t += down_s
        if of == "machine":
            self._mono_0 += 77_777.0
            self._boot += 1
        self.disk = "well"
        self._start()
        for ack in sorted(self.broker):
            self._bring(ack)
        self._look()

    def _start(self) -> None:
        engine = open_engine(self._url)
        # No script cuts the power, so none waits for the disk.
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))
        self.journal = Journal(engine, self.settings.site)
        self._reader = open_engine(self._url, read_only=True)
        self._known = Known(self._reader)
        loaded = self.journal.load()
        self.loaded = loaded
        self._started = self.now().mono
        self._anchor = kept_clock(loaded.facts.get(ANCHOR), self.boot, self.now())
        self.site = self.loaded_site(loaded, self._anchor)
        self.site.clock = self.clock
        self.view = self.site.view
        self.quotas = Quotas(lambda device: device in self.site.directory.rooms)
        self.incidents = sorted(i.id for i, _ in loaded.incidents)
        self.waiting: list[Decision] = []
        self.in_hand: dict[str, Delivery] = {}
        self._re_anchor()
        first = Decision(self.now().mono)
        self.site.new_epoch.begin(first, self.now())
        self.site.incidents.number_ahead(first, self.now())
        first.facts[ANCHOR] = Anchor(self.boot, self.now().mono, self.now().wall).kept()
        first.facts.update(self.site.postures.kept() | self.site.doors.weeks.kept())
        first.doors.update(self.site.doors.kept())
        if (reserved := self.site.numbers.reserve()) is not None:
            first.facts["numbers"] = reserved
        self._do(first)
        self._meet_broker()

    def _meet_broker(self) -> None:
        """The connection to the broker comes up: what it keeps as the posture is heard, and said anew."""
        kept = self.retained
        self.link("rest", up=True)
        if self.site.postures.may_be_said_again and (posture := self.view.posture.message()) is not None:
            self._publish(posture)
        if kept is not None:
            self._input(PostureHeard(kept))

    def _publish(self, posture: Posture) -> None:
        self.retained = posture
        if self.rooms is None or posture.n > self.rooms.n:  # as every agent does
            self.rooms = posture
            drill = " (drill)" if posture.drill else ""
            self._told_rooms.append(f"{self.t:g} s {posture.posture}{drill}")

    @property
    def boot(self) -> str:
        """The id of this start of the kernel."""
        return f"boot-{self._boot}"

    def loaded_site(self, loaded: Loaded, now: Now) -> Site:
        """Return a site as a start makes it of what was stored."""
        view = View(self.settings.site, self.settings.name, "UTC", now.wall)
        return Site(self.settings, self._shapes(self.settings), loaded, view, now, self.boot)

    def reload(self, settings: HubSettings) -> tuple[str, ...]:
        """The hub takes other settings while it runs; returns what it says has changed."""
        shapes, was, self.settings = self._shapes(settings), self.settings, settings
        said = changes(was, settings)
        directory, digest = Directory(settings, shapes), settings_hash(settings)
        retune = partial(self.retuned.append, settings)
        fact = Reload(settings, directory, shapes, said, digest, retune, self.answers.append)
        self._input(fact)
        if not self.answers:  # the disk is sick: the recorder answers all the same
            self.waiting[-1].reply(recorded=False)
        answer = self.answers.pop()
        assert isinstance(answer, Reloaded)
        return answer.changes

    def settle(self) -> None:
        """At a start the recorder has the site settle what other settings left."""
        decision = Decision(self.now().mono)
        self.site.restore_gone(decision, self.now())
        self._do(decision)

    def reload_refused(self, *faults: str) -> None:
        """The settings are read anew, and are wrong."""
        self._input(ReloadRefused("hub.toml", faults))

    def _shapes(self, settings: HubSettings) -> dict[str, Shape]:
        return {
            name: Shape(
                self._kinds.get(name, "webhook"),
                _targets(settings, name),
                ("-",) if self._kinds.get(name) == "apprise" else (),
            )
            for name in settings.channels
        }

    # --- as the recorder does ---

    def _look(self) -> None:
        self._re_anchor()
        now = self.now()
        while (due := self.site.next_deadline()) is not None and due <= now.mono:
            self._do(self.site.tick(now))
        for decision in self.waiting:
            if now.mono - decision.decided >= DISK_PATIENCE_S - EPSILON:
                self._tell(decision)
        self.post()

    def _re_anchor(self) -> None:
        now = self.now()
        jumped = jumped_ms(self._anchor, now)
        if abs(jumped) > JUMP_MS:
            self._anchor = now
            self._do(self.site.rewritten(now, jumped, self.boot))

    def _bring(self, ack: int) -> None:
        sent = self.broker[ack]
        event: Event | MessageError
        try:
            event = decode(Event, sent.payload)
        except MessageError as error:
            event = error
        waited = int(self.t - sent.at) * 1000  # the broker counts in whole seconds
        topic = device_topic(self.settings.site, sent.device, "event")
        now = self.now()
        over = self.quotas.over(sent.device, "event", len(sent.payload), now.mono)
        fact = EventCame(topic, sent.device, sent.payload, event, now, waited, Ack(0, 1, ack), over)
        unknown = self.site.presses.names(fact)
        decision = Decision(now.mono)
        known = self._known.seen(unknown) if unknown else {}
        try:
            self.site.decide(fact, now, known, into=decision)
        except RuntimeError:  # planted
            self.site.in_doubt(decision, fact, now)
        self._do(decision)

    def note(self, text: str = "all is well", by: str = "Reyes", which: int = -1) -> Answer:
        return self._ask(Note(self.incidents[which], by, "board", text))

    def confirm(self, by: str = "Reyes", which: int = -1) -> Answer:
        return self._ask(Confirm(self.incidents[which], by, "board"))

    def ask(self, action: Action) -> Answer:
        return self._ask(action)

    def posture(self, posture: PostureName, by: str = "Reyes", confirm: int | None = None) -> Answer:
        """A person says which posture holds."""
        return self._ask(SetPosture(posture, by, "board", confirm=confirm))

    def rooms_heard(self) -> list[str]:
        """Return the postures that rooms took since it was last asked: ``10 s lockdown``."""
        new, self._told_rooms = self._told_rooms, []
        return new

    def _ask(self, action: Action) -> Answer:
        answers: list[Answer] = []
        decision = self.site.decide(Asked(action, answers.append), self.now())
        self._do(decision)
        if not answers:  # the disk is sick: the recorder answers all the same
            decision.reply(recorded=False)
        return answers[0]

    def _do(self, decision: Decision) -> None:
        for incident_id in decision.incidents:
            if incident_id not in self.incidents:
                self.incidents.append(incident_id)
        self.waiting.append(decision)
        if self.disk == "well":
            self.commit()
        self.post()

    def commit(self) -> None:
        """The disk takes what waits, and what waited for it leaves."""
        batch, self.waiting = self.waiting, []
        if batch:
            self._write(batch)
        for decision in batch:
            self._tell(decision)
            decision.reply(recorded=True)
            self.receipts += decision.receipts
            for ack in (decision.ack, *decision.counted):
                if ack is not None:
                    self.broker.pop(ack.mid, None)

    def _write(self, batch: list[Decision]) -> None:
        self.journal.commit(batch)

    def _tell(self, decision: Decision) -> None:
        if decision.told:
            return
        decision.told = True
        if decision.retuned is not None:
            decision.retuned()
        for gone in decision.withdrawn:
            self.in_hand.pop(gone, None)
        self.in_hand.update((delivery.id, delivery) for delivery in decision.owed)
        self.commands += decision.commands
        if decision.posture is not None:
            self._publish(decision.posture)
        for show in decision.shown:
            show()

    def post(self) -> None:
        """The channels try what they have in hand, in order of urgency."""
        while True:
            ready = [d for d in self.in_hand.values() if self.far.get(d.target.channel, "takes") != "hangs"]
            if not ready:
                return
            self._try(min(ready, key=lambda d: d.urgency))

    def _try(self, delivery: Delivery) -> None:
        del self.in_hand[delivery.id]
        outcome = self._call(delivery)
        self._do(self.site.decide(Attempted(delivery.id, outcome), self.now()))

    def _call(self, delivery: Delivery) -> Outcome:
        """What the far side makes of one try."""
        far = self.far.get(delivery.target.channel, "takes")
        body = msgspec.json.decode(delivery.body)
        at = round(self.t, 3)
        if delivery.type == "drill.news":
            if far == "takes":
                self.drill_news.append(f"{at:g} s {delivery.target.channel}: {body['title']}")
            return VERDICTS[far]
        if "signals" in body:
            return self._call_station(delivery, at, far)
        if "incident" not in body:
            return self._call_of_troubles(delivery, body, at, far)
        where, words = delivery.target.channel, body["reminder"]
        notice = Notice(
            at,
            body["audience"],
            body["type"],
            delivery.id,
            body["incident"],
            where,
            words,
            delivery.quiet,
            delivery.body,
        )
        self.handed.append(notice)
        if far == "takes" and all(other.id != notice.id for other in self.notices):
            self.notices.append(notice)  # else a repeat, which a receiver drops
        return VERDICTS[far]

    def _call_station(self, delivery: Delivery, at: float, far: Far) -> Outcome:
        if far == "takes" and delivery.id not in self._at_station:
            self._at_station.add(delivery.id)
            self.signals += [(at, signal) for signal in signals_of(delivery.body)]
        return VERDICTS[far]

    def _call_of_troubles(self, delivery: Delivery, body: dict[str, Any], at: float, far: Far) -> Outcome:
        words = delivery.type.removeprefix("trouble.").removeprefix("record.")
        keys = tuple(trouble["key"] for trouble in body.get("troubles", ()))
        where = delivery.target.audience
        notice = TroubleNotice(at, where, words, body["title"], body["text"], delivery.id, keys)
        if far == "takes" and all(other.id != notice.id for other in self.told_of_troubles):
            self.told_of_troubles.append(notice)
        return VERDICTS[far]

    # --- what a script asks ---

    def said(self, *audiences: str) -> list[str]:
        """Return in words what was taken since it was last asked, by these audiences (none: by all)."""
        new, self._said = self.notices[self._said :], len(self.notices)
        return [str(notice) for notice in new if not audiences or notice.audience in audiences]

    def station_heard(self) -> list[str]:
        """Return what the station took since it was last asked: ``0 s E120 zone 3: Room 101 (wall)``."""
        new, self.signals = self.signals, []
        return [f"{at:g} s {words_of((one,))}" + (f": {one.text}" if one.text else "") for at, one in new]

    def asked(self, *channels: str) -> list[str]:
        """Return who was reached since it was last asked, by their channels: ``30 s ortiz opened``."""
        new, self._said = self.notices[self._said :], len(self.notices)
        return [
            f"{notice.at:g} s {notice.channel} {notice.type.removeprefix('incident.')}"
            for notice in new
            if not channels or notice.channel in channels
        ]

    def record(self) -> list[tuple[str, str, dict[str, Any]]]:
        """Return (what, reason, detail) of each line of the whole record, oldest first."""
        with self._reader.connect() as connection:
            rows = connection.exec_driver_sql("SELECT what, reason, detail FROM record ORDER BY seq").all()
        return [(what, reason, msgspec.json.decode(detail)) for what, reason, detail in rows]

    def timeline(self, which: int = -1) -> list[tuple[str, str]]:
        """Return (what, reason) of each line of an incident's record."""
        from hub.store.reading import Reading

        reading = Reading(self._reader, self.settings.site)
        return [(row["what"], row["reason"]) for row in reading.timeline(self.incidents[which])]


Make = Callable[..., Rig]
"""What the fixture ``make_rig`` gives: a rig of these settings, and kinds of its channels."""


def _targets(settings: HubSettings, channel: str) -> tuple[str, ...]:
    """Return a channel's ends: a modem's numbers, else the one."""
    found = settings.channels[channel]
    if isinstance(found, CallSettings):
        found = settings.channels[found.modem]
    return tuple(found.numbers) if isinstance(found, ModemSettings) else ("-",)
