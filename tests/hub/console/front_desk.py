"""A desk for tests: a real SQLite file, the real readers, and a recorder that decides by hub.incident.

It commits what it decides like the real one, and can be told not to answer, to be unable to write,
and to hang in the disk.
"""

from __future__ import annotations

import itertools
import math
import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
from msgspec.structs import replace
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy import delete, insert

from config.channel_settings import WebhookSettings
from config.clock import Clock, SystemClock
from config.console_settings import ConsoleSettings
from config.contract import PANIC_KINDS
from config.hub_settings import HubSettings, RoomSettings, ZoneSettings
from config.plan_settings import ConfirmSettings, PlanSettings, StepSettings
from config.rooms import numbered_rooms
from hub import transitions as rules
from hub.asking import (
    Acknowledge,
    Action,
    Answer,
    Bypassed,
    ClearTrouble,
    Confirm,
    Done,
    DoorWeekSigned,
    DrillAction,
    EndWalkTest,
    Forget,
    Forgotten,
    IncidentAction,
    Note,
    ProveChannel,
    Refused,
    SetPosture,
    SignDoorWeek,
    TroubleCleared,
    WalkTestAction,
    WalkTestDone,
    ZoneAction,
)
from hub.decision import Decision
from hub.delivery import Delivery
from hub.enrolment.asking import IdentityAction
from hub.enrolment.wheels import Wheels
from hub.incident import Deed, Incident, Place, Press, Resolution
from hub.inputs import AccountChanged, Asked, ConsoleCertificate, SignInGuessed
from hub.loaded import Loaded
from hub.shape import Shape
from hub.site import Site
from hub.store.engine import open_engine, sqlite_url
from hub.store.people import People
from hub.store.phones import Phones
from hub.store.reading import Reading
from hub.store.sessions import Sessions
from hub.store.tables import incidents, metadata, record, troubles
from hub.store.tokens import Tokens
from hub.transitions import Change, IllegalTransitionError, UnseenRoomsError
from hub.upgrading.asking import UpgradeAction
from hub.view import ChannelView, DeviceView, StreamEvent, Trouble, View, ZoneView
from hub.walk_test import WalkTest
from tests.hub.making import came, event_bytes, new_site

SITE = "oak-hill"
ZONES = (
    ZoneView("wall", "wall", "panic", "no", "normal"),
    ZoneView("desk", "desk", "panic", "no", "normal"),
    ZoneView("door", "door", "door", "nc", "normal"),
)
"""What an agent with the simplest wiring tells of its zones."""


def settings_for(data: Path, rooms: int = 6, **more: Any) -> HubSettings:
    """Return the settings of a school with a webhook."""
    zones = (
        ZoneSettings(zone="wall", kind="panic", label="wall"),
        ZoneSettings(zone="desk", kind="panic", label="desk"),
        ZoneSettings(zone="door", kind="door", label="door"),
    )
    return HubSettings(
        site=SITE,
        name="Oak Hill School",
        data=data,
        timezone="America/Chicago",
        rooms=tuple(
            RoomSettings(device=r.device, room=r.room, building=r.building, floor=r.floor, zones=zones)
            for r in numbered_rooms(rooms)
        ),
        channels={"webhook": WebhookSettings(url="http://127.0.0.1:9/")},
        plans={
            "all": PlanSettings(
                kinds=PANIC_KINDS,
                confirm=ConfirmSettings(),
                steps=(StepSettings(after_s=0, notify=("sro",)),),
            )
        },
        **more,
    )


class Office(People):
    """Makes people and tokens, as the command line does."""

    def add_token(self, name: str, scopes: frozenset[str], ends: int | None = None) -> str:
        return Tokens(self._engine, SITE).add(name, scopes, ends)


@dataclass
class FrontDesk:
    """A site's desk; see :class:`hub.console.desk.Desk`."""

    data: Path
    rooms: int = 6
    clock: Clock = field(default_factory=SystemClock)
    session_h: float = 24.0
    started_anew: bool = False
    """Its recorder knows no incident that was resolved before."""

    def __post_init__(self) -> None:
        self.settings = settings_for(self.data, self.rooms, console=ConsoleSettings(session_h=self.session_h))
        self.engine = open_engine(sqlite_url(self.data))
        metadata.create_all(self.engine)
        pages = open_engine(sqlite_url(self.data), read_only=True)
        self.reading: Any = Reading(pages, SITE)
        self.people: Any = People(self.engine, SITE, pages)
        self.sessions: Any = Sessions(self.engine, SITE, pages)
        self.phones: Any = Phones(self.engine, SITE, pages)
        self.tokens: Any = Tokens(self.engine, SITE, pages)
        self.office = Office(self.engine, SITE)
        self.metrics = CollectorRegistry()
        Counter("tocsin_events", "Events.", registry=self.metrics)
        self.owed: list[Delivery] = []
        """What a test of a channel is to tell."""
        self.wheels = Wheels(self.data / "rooms")
        self.view = View(SITE, self.settings.name, self.settings.timezone, self.wall())
        self.view.ready, self.view.why, self.view.turned = True, None, math.inf
        self.boards_open = 0
        self.forgotten: list[Forget] = []
        self.told: list[AccountChanged | ConsoleCertificate | SignInGuessed] = []
        self.silent = False
        """No word is answered."""
        self.disk_writes = True
        """False: decisions hold in memory alone, as while the disk is sick."""
        self._numbers = itertools.count(1)
        self._seqs = itertools.count(1)
        self._keys = itertools.count(1)
        self._lock = threading.Lock()
        self._site: Site | None = None

    def close(self) -> None:
        """Let the database go."""
        self.engine.dispose()

    def wall(self) -> int:
        return self.clock.now().wall

    # --- the desk's own face ---

    def ask(self, action: Action) -> Future[Answer]:
        answer: Future[Answer] = Future()
        if not self.silent:
            if isinstance(action, SetPosture):
                decide: Any = self._of_posture
            elif isinstance(action, SignDoorWeek):
                decide = self._of_door_week
            elif isinstance(action, ClearTrouble):
                decide = self._of_trouble
            elif isinstance(action, ProveChannel):
                decide = self._of_channel
            elif isinstance(action, DrillAction | UpgradeAction):
                decide = self._of_drill
            elif isinstance(action, IdentityAction):
                decide = self._of_identity
            elif isinstance(action, Forget):
                decide = self._of_record
            else:
                decide = self._of_zone if isinstance(action, ZoneAction) else self._answer
            threading.Thread(target=lambda: answer.set_result(decide(action)), daemon=True).start()
        return answer

    def _of_record(self, action: Forget) -> Answer:
        self.forgotten.append(action)
        return Forgotten(len(action.values), recorded=self.disk_writes)

    def tell(self, fact: AccountChanged | ConsoleCertificate | SignInGuessed) -> None:
        self.told.append(fact)

    def boards(self, change: int) -> None:
        with self._lock:
            self.boards_open += change

    # --- what happens at the site ---

    def press(self, device: str = "room-101", zone: str = "desk", **more: Any) -> Incident:
        """Press a button, as the hub's recorder would take it."""
        now = self.wall()
        press = Press(
            key=f"k{next(self._keys)}",
            id=more.pop("id", "e1"),
            place=more.pop("place", None) or self.place(device),
            zone=zone,
            label=zone,
            kind=more.pop("kind", "panic"),
            what="alarm",
            at=more.pop("at", now),
            received_at=now,
            late=more.pop("late", False),
            cause=more.pop("cause", None),
            held=more.pop("held", False),
            test=more.pop("test", False),
        )
        with self._lock:
            unresolved = [one for one in self.view.unresolved() if one.group == more.get("group", "site")]
            if unresolved:
                return self._take(rules.joined(unresolved[0], press), "incident.updated")
            change = rules.opened(SITE, more.get("group", "site"), next(self._numbers), press)
            return self._take(change, "incident.opened")

    def door_told(self, device: str, name: str, words: str) -> Incident:
        """Tell of a door, as the hub's recorder would."""
        now = self.wall()
        press = Press(
            f"door {now}", None, self.place(device), "door", name, "door", "open", now, now,
            rule="held-open", words=words,
        )  # fmt: skip
        with self._lock:
            change = rules.opened(SITE, f"door {device} door", next(self._numbers), press)
            return self._take(change, "incident.opened")

    def hear(self, *devices: str, zones: tuple[ZoneView, ...] = ZONES) -> None:
        """Hear from these devices now."""
        for device in devices:
            self.view.devices[device] = DeviceView(
                self.place(device),
                "heard",
                self.wall(),
                boot="b1",
                version="0.1.0",
                zones=zones,
            )
        self.view.tell(None)

    def hands_out(self, release: str) -> None:
        """Have something for rooms to install."""
        folder = self.data / "rooms"
        folder.mkdir()
        (folder / "index.json").write_text(f'{{"release": "{release}", "files": {{}}}}')

    def hear_all(self) -> None:
        self.hear(*(room.device for room in self.settings.rooms))

    def delivered(self) -> None:
        """Let the webhook succeed."""
        self.view.channels["webhook"] = ChannelView("webhook", "webhook", self.wall(), last_said="204")
        self.view.tell(None)

    def trouble(self, key: str, what: str, detail: str, **more: Any) -> Trouble:
        """Open a trouble, or record it as restored."""
        now = self.wall()
        where = (more.pop("device", None), more.pop("zone", None))
        trouble = Trouble(key, what, *where, detail, now, now, **more)
        if trouble.restored is None:
            self.view.troubles[key] = trouble
        row = {"open": trouble.restored is None, "row": msgspec.json.encode(trouble).decode()}
        with self.engine.begin() as connection:
            connection.execute(insert(troubles).values(site=SITE, key=key, since=now, **row))
        self.view.tell(None)
        return trouble

    def place(self, device: str) -> Place:
        for room in self.settings.rooms:
            if room.device == device:
                return Place(device, room.room, room.building, room.floor)
        return Place(device, device, known=False)

    # --- its recorder ---

    def _of_zone(self, action: ZoneAction) -> Answer:
        """Answer by the hub's own rules, on a site that knows what the view shows."""
        site = new_site(self.settings)
        for device, view in self.view.devices.items():
            site.devices._views[device] = view
        for bypass in self.view.bypasses.values():
            site.bypasses._keep(bypass, self.clock.now())
        answers: list[Answer] = []
        decision = site.decide(Asked(action, answers.append), self.clock.now())
        decision.reply(recorded=self.disk_writes)
        answer = answers[0]
        if isinstance(answer, Bypassed):
            self.view.show_bypass(answer.device, answer.zone, answer.bypass)
            self.view.tell(None)
        return answer

    def _of_trouble(self, action: ClearTrouble) -> Answer:
        """Answer by the hub's own rules, on a site that has the view's troubles."""
        site = new_site(self.settings, Loaded(troubles=list(self.view.troubles.values())))
        answers: list[Answer] = []
        site.decide(Asked(action, answers.append), self.clock.now()).reply(recorded=self.disk_writes)
        if isinstance(answers[0], TroubleCleared):
            self.view.drop_trouble(action.key)
            with self.engine.begin() as connection:
                connection.execute(delete(troubles).where(troubles.c.key == action.key))
            self.view.tell(None)
        return answers[0]

    def _of_channel(self, action: ProveChannel) -> Answer:
        """Answer by the hub's own rules; what it owes is kept for the test to see."""
        answers: list[Answer] = []
        decision = self.whole_site().decide(Asked(action, answers.append), self.clock.now())
        self.owed += decision.owed
        decision.reply(recorded=self.disk_writes)
        return answers[0]

    def _of_door_week(self, action: SignDoorWeek) -> Answer:
        """Answer by the hub's own rules, on a site that has the view's weeks."""
        site = new_site(self.settings)
        site.doors.weeks.past._weeks = dict(self.view.door_weeks)
        answers: list[Answer] = []
        site.decide(Asked(action, answers.append), self.clock.now()).reply(recorded=self.disk_writes)
        answer = answers[0]
        if isinstance(answer, DoorWeekSigned):
            self.view.door_weeks[answer.week.week] = answer.week
            self.view.tell(None)
        return answer

    def _of_identity(self, action: IdentityAction) -> Answer:
        """Answer by the hub's own rules, on a site that has the view's codes and identities."""
        known = Loaded(codes=list(self.view.codes.values()), identities=list(self.view.identities.values()))
        site = new_site(self.settings, known)
        answers: list[Answer] = []
        decision = site.decide(Asked(action, answers.append), self.clock.now())
        decision.reply(recorded=self.disk_writes)
        self.view.identities.update(decision.identities)
        self.view.codes.update(decision.codes)
        self.view.tell(None)
        return answers[0]

    def _of_posture(self, action: SetPosture) -> Answer:
        """Answer by the hub's own rules, on a site of which the view's posture holds."""
        site = new_site(self.settings)
        site.postures.current = self.view.posture
        answers: list[Answer] = []
        decision = site.decide(Asked(action, answers.append), self.clock.now())
        decision.reply(recorded=self.disk_writes)
        self.view.posture = site.postures.current
        self.view.tell(None)
        return answers[0]

    def _of_drill(self, action: DrillAction | UpgradeAction) -> Answer:
        """Answer by the hub's own rules, on one site that goes on from word to word."""
        answers: list[Answer] = []
        decision = self.whole_site().decide(Asked(action, answers.append), self.clock.now())
        decision.reply(recorded=self.disk_writes)
        self._let_out(decision)
        return answers[0]

    def drill_press(self, device: str = "room-101", zone: str = "wall", **fields: Any) -> str:
        """Let the site that drills are of hear a press; returns its event's id."""
        n = next(self._keys)
        payload = event_bytes(id=f"d{n}", seq=n, zone=zone, **fields)
        fact = replace(came(payload, device), topic=f"tocsin/v1/{SITE}/{device}/event")
        now = self.clock.now()
        self._let_out(self.whole_site().decide(replace(fact, arrived=now), now, {}))
        return f"d{n}"

    def time_passes(self) -> None:
        """Let that site do what is due."""
        self._let_out(self.whole_site().tick(self.clock.now()))

    def whole_site(self) -> Site:
        """Return the site that drills are of; it shows on this desk's view."""
        if self._site is None:
            shapes = dict.fromkeys(self.settings.channels, Shape("webhook", ("-",)))
            self._site = Site(self.settings, shapes, Loaded(), self.view, self.clock.now())
        return self._site

    def _let_out(self, decision: Decision) -> None:
        if self.disk_writes and decision.record:
            rows = [
                {
                    "hash": "",
                    "site": SITE,
                    "seq": next(self._seqs),
                    "at": row.at,
                    "what": row.what,
                    "reason": row.reason,
                    "incident": row.incident,
                    "stream": row.stream,
                    "detail": msgspec.json.encode(row.detail).decode(),
                }
                for row in decision.record
            ]
            with self.engine.begin() as connection:
                connection.execute(insert(record), rows)
        for show in decision.shown:
            show()
        self.view.tell(None)

    def _answer(self, action: IncidentAction | WalkTestAction) -> Answer:
        if isinstance(action, WalkTestAction):
            return self._walk(action)
        with self._lock:
            one = self.view.incidents.get(action.incident)
            if one is None and not self.started_anew:
                one = self.reading.incident(action.incident)
            if one is None:
                return Refused("not-found", f"no incident {action.incident!r}")
            now = self.wall()
            try:
                if isinstance(action, Acknowledge):
                    change = rules.acknowledged(one, Deed(action.by, now, action.via), action.revision)
                    kind = (
                        "incident.acknowledged"
                        if change.incident.state == "acknowledged"
                        else "incident.updated"
                    )
                elif isinstance(action, Confirm):
                    change, kind = rules.confirmed(one, f"confirmed by {action.by}"), "incident.updated"
                elif isinstance(action, Note):
                    change, kind = rules.noted(one), "incident.updated"
                else:
                    deed = Resolution(action.by, now, action.via, action.disposition)
                    change = rules.resolved(one, deed, action.revision)
                    kind = "incident.resolved"
            except IllegalTransitionError as error:
                return Refused("not-in-this-state", str(error), error.state, error.allowed)
            except UnseenRoomsError as error:
                return Refused("not-in-this-state", str(error), error.state, open_rooms=error.rooms)
            if change.incident != one:
                self._take(change, kind, by=action.by, note=action.note)
            return Done(change.incident, change.incident.open_rooms, recorded=self.disk_writes)

    def _walk(self, action: WalkTestAction) -> Answer:
        """Open or end a walk test, as the real one does for a device that is heard."""
        device, now = action.device, self.wall()
        if not self.place(device).known:
            return Refused("not-found", f"no device {device!r}")
        test = self.view.walk_tests.get(device)
        is_open = test is not None and test.ended is None
        if isinstance(action, EndWalkTest) != is_open:
            return Refused("not-in-this-state", "one is open already" if is_open else "none is open")
        if isinstance(action, EndWalkTest):
            assert test is not None
            test = replace(test, ended=now, why=f"ended by {action.by}")
        else:
            until = now + round(action.for_s * 1000)
            zones = action.zones or ("wall", "desk")
            test = WalkTest(f"walk-{now}", device, zones, action.by, action.via, now, until)
        self.view.walk_tests[device] = test
        self.view.tell(None)
        return WalkTestDone(test, recorded=self.disk_writes)

    def _take(self, change: Change, kind: Any, **detail: Any) -> Incident:
        one, seq = change.incident, next(self._seqs)
        if one.state == "resolved":
            self.view.incidents.pop(one.id, None)
        else:
            self.view.incidents[one.id] = one
        if self.disk_writes:
            self._commit(one, seq, kind, change.reason, detail)
        self.view.tell(StreamEvent(seq, kind, one))
        return one

    def _commit(self, one: Incident, seq: int, kind: str, reason: str, detail: dict[str, Any]) -> None:
        body = msgspec.json.encode(one).decode()
        words = msgspec.json.encode(detail).decode()
        with self.engine.begin() as connection:
            connection.execute(delete(incidents).where(incidents.c.id == one.id))
            connection.execute(
                insert(incidents).values(
                    site=SITE, id=one.id, number=one.number, state=one.state, body=body, course="{}"
                )
            )
            connection.execute(
                insert(record).values(
                    hash="",
                    site=SITE,
                    seq=seq,
                    at=self.wall(),
                    what=kind.removeprefix("incident."),
                    reason=reason,
                    incident=one.id,
                    stream=kind,
                    detail=words,
                )
            )
