"""A fault campaign: presses all the time, faults at seeded moments, and at the end an account of every press.

What must be there is what an agent decided (its log, its outbox, or the wire had it) and whatever was
receipted. What must not be: a press taken twice, one that nobody was told of, two ids for one delivery.
"""

from __future__ import annotations

import contextlib
import json
import os
import random
import signal
import sqlite3
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from typing import Any, Literal, Self, get_args

from tests.mosquitto import HOST
from tests.site import Site, until

Fault = Literal[
    "agents killed",
    "hub killed",
    "broker killed",
    "disk locked",
    "hub killed on a locked disk",
    "hub hung",
    "broker hung",
]
KILLS: tuple[Fault, ...] = ("agents killed", "hub killed", "broker killed")
FAULTS: tuple[Fault, ...] = get_args(Fault)
LONGEST_HANG_S = 4.0
"""Seconds that a lock or a hang lasts at most."""
SETTLED_S = 60.0
"""Seconds until everything owed must have arrived, after the last fault."""
TOLD_S = 20.0
"""Seconds after that until the account must be right."""
RESOLVED_EVERY = 25
"""Presses, on the average, after which a person resolves what is open."""
AWAY = (OSError, HTTPException, AssertionError, ValueError)
"""What comes of asking a program that is being killed, or not there."""
EVENT_DETAILS = "select detail from record where what = 'event'"
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass
class Account:
    """What became of the presses."""

    decided: int = 0
    direct: int = 0
    recorded: int = 0
    incidents: int = 0
    wrong: list[str] = field(default_factory=list)
    """Each thing that must not be, in words; empty where nothing was lost."""

    def __str__(self) -> str:
        return (
            f"{self.decided} presses of agents, {self.direct} straight to the broker and receipted, "
            f"{self.recorded} events recorded, {self.incidents} incidents"
        )


class Campaign:
    """Presses on a site of agents, with a person who now and then resolves what is open."""

    def __init__(self, site: Site, seed: int, every_s: float) -> None:
        self.site = site
        self.every_s = every_s
        self._dice = random.Random(seed)
        self._fingers = random.Random(seed + 1)
        self._stop = threading.Event()
        self._direct: set[str] = set()
        self._outboxes: set[str] = set()
        self._taps = 0
        self._presser = threading.Thread(target=self._press, daemon=True)
        self._person = threading.Thread(target=self._resolve_now_and_then, daemon=True)

    def __enter__(self) -> Self:
        self.site.token  # noqa: B018 - made before the hub is killed for the first time
        self._presser.start()
        self._person.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end_presses()

    def _end_presses(self) -> None:
        self._stop.set()
        self._presser.join(10)
        self._person.join(10)

    def strike(self, fault: Fault) -> None:
        """Let one fault happen at a seeded moment after the next press, and mend it."""
        before = self._taps
        until("a room is pressed", lambda: self._taps > before, SETTLED_S)
        self._stop.wait(self._dice.uniform(0, 2 * self.every_s))
        site = self.site
        if fault == "agents killed":
            site.agents.kill()
            self._read_outboxes()
            site.start_agents()
        elif fault == "hub killed":
            site.hub.kill()
            site.start_hub()
        elif fault == "broker killed":
            site.broker.kill()
            site.broker.start()
        elif fault == "disk locked":
            with self._locked():
                self._hang()
        elif fault == "hub killed on a locked disk":
            with self._locked():
                self._hang()
                site.hub.kill()
            site.start_hub()
        elif fault == "hub hung":
            os.kill(site.hub.pid, signal.SIGSTOP)
            self._hang()
            os.kill(site.hub.pid, signal.SIGCONT)
        else:
            site.broker.pause()
            self._hang()
            site.broker.resume()

    def _hang(self) -> None:
        self._stop.wait(self._dice.uniform(0.1, LONGEST_HANG_S))

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        """Hold the write lock of the hub's database, as another program may."""
        with contextlib.closing(
            sqlite3.connect(self.site.hub_data / "tocsin.db", isolation_level=None)
        ) as db:
            db.execute("PRAGMA busy_timeout = 10000")
            db.execute("BEGIN IMMEDIATE")
            yield
            db.execute("ROLLBACK")

    def settle(self) -> Account:
        """End the presses, wait until all that is owed has arrived, and say what became of every press.

        A press of the last moment is still on its way while the account is drawn up: recorded, and its
        update due in 2 s. So an account that finds fault is drawn up anew, and the last one judges.
        """
        self._end_presses()
        until("every outbox is empty and none is set aside", self._nothing_is_owed, SETTLED_S)
        end = time.monotonic() + TOLD_S
        while (account := self.account()).wrong and time.monotonic() < end:
            time.sleep(0.1)
        return account

    def account(self) -> Account:
        """Say what became of every press."""
        decided = self._decided()
        recorded = self._recorded()
        receipted = set(self.site.receipts())
        account = Account(
            len(decided),
            len(self._direct & receipted),
            len(recorded),
            len(self.site.rows("select 1 from incidents")),
        )
        kept = {key[1:] for (key,) in self.site.rows("select key from events")}
        wrong = account.wrong
        wrong += [f"lost: {event} was decided by an agent" for event in sorted(decided - recorded.keys())]
        wrong += [f"lost: {event} was receipted" for event in sorted(receipted - kept)]
        wrong += [f"not told: {event}" for event in self._untold()]
        wrong += self._twice()
        wrong += self._ids_that_changed()
        refused = self.site.rows("select count(*) from quarantine")[0][0]
        wrong += [f"{refused} messages in quarantine"] if refused else []
        wrong += [f"a fault of the hub's own: {key}" for key in self.site.troubles() if key == "hub fault"]
        return account

    # --- people ---------------------------------------------------------------------------------

    def _press(self) -> None:
        n = 0
        while not self._stop.wait(self._fingers.uniform(0.5, 1.5) * self.every_s):
            room = self._fingers.choice(self.site.rooms).device
            zone = self._fingers.choice(("wall", "desk"))
            n += 1
            with contextlib.suppress(*AWAY):
                if n % 5 == 0:
                    press = self.site.event(room, zone)
                    self._direct.add(press["id"])
                    self.site.send(press, wait=False)
                else:
                    self.site.touch(room, "tap", zone)
                    self._taps += 1

    def _resolve_now_and_then(self) -> None:
        """In a thread of its own: while the hub is away, who waits for it must not hold the presses up."""
        while not self._stop.wait(RESOLVED_EVERY * self.every_s):
            with contextlib.suppress(*AWAY):
                self._resolve_all()

    def _resolve_all(self) -> None:
        for incident in self.site.ask("incidents?state=open,acknowledged")["incidents"]:
            self.site.ask(f"incidents/{incident['id']}/resolve", {"disposition": "test"})

    # --- what was ---------------------------------------------------------------------------------

    def _nothing_is_owed(self) -> bool:
        """Tell whether the agents owe nothing, nor have a file that they are still to read."""
        aside = any((self.site.folder / "rooms").rglob("*.aside-*"))
        return not aside and sum(room["outbox"] for room in self._rooms()) == 0

    def _rooms(self) -> list[dict[str, Any]]:
        url = f"http://{HOST}:{self.site.rooms_port}/api/rooms"
        with _OPENER.open(url, timeout=5) as answer:
            rooms: list[dict[str, Any]] = json.loads(answer.read())["rooms"]
            return rooms

    def _decided(self) -> set[str]:
        """Ids of presses that an agent decided: by its log, by its outboxes at each kill, by the wire."""
        logged = set()
        for line in self.site.agents.log.read_text(errors="replace").splitlines():
            with contextlib.suppress(ValueError):
                said = json.loads(line)
                if said.get("event") == "event decided" and said.get("what") == "alarm":
                    logged.add(said["event_id"])
        heard = {
            m.json["id"]
            for m in self.site.ear.messages
            if m.topic.endswith("/event") and m.json["what"] == "alarm" and m.json["id"] not in self._direct
        }
        return logged | heard | self._outboxes

    def _read_outboxes(self) -> None:
        """Note what the outboxes hold now, while their agents are dead."""
        for room in self.site.rooms:
            for file in (self.site.folder / "rooms" / room.device).glob("*.db"):
                self._outboxes |= _alarms_in(file)

    def _recorded(self) -> dict[str, str]:
        """Return each recorded alarm's id with its incident's."""
        return {
            key[1:]: incident
            for key, incident in self.site.rows("select key, incident from events where what = 'alarm'")
        }

    def _untold(self) -> list[str]:
        """Return the recorded alarms that no post showed within their incident."""
        told = {(event, post.incident["id"]) for post in self.site.sink.posts for event in post.event_ids}
        return sorted(event for event, incident in self._recorded().items() if (event, incident) not in told)

    def _twice(self) -> list[str]:
        """Say which press was taken twice, or which number given twice."""
        taken = Counter(
            (detail["device"], detail["id"])
            for detail in map(json.loads, (d for (d,) in self.site.rows(EVENT_DETAILS)))
        )
        wrong = [f"taken twice: {where}" for where, count in taken.items() if count > 1]
        for (body,) in self.site.rows("select body from incidents"):
            shown = Counter((press["place"]["device"], press["key"]) for press in json.loads(body)["events"])
            wrong += [f"twice in its incident: {where}" for where, count in shown.items() if count > 1]
        numbers: dict[int, set[str]] = {}
        for post in self.site.sink.posts:
            numbers.setdefault(post.incident["number"], set()).add(post.incident["id"])
        return wrong + [
            f"number {n} was given to {sorted(ids)}" for n, ids in numbers.items() if len(ids) > 1
        ]

    def _ids_that_changed(self) -> list[str]:
        """Say which delivery came under more than one id: its receiver could not drop the repeat."""
        ids: dict[tuple[str, str, int], set[str]] = {}
        for post in self.site.sink.posts:
            what = (post.incident["id"], post.type, post.incident["revision"])
            ids.setdefault(what, set()).add(post.id)
        openings = {what[:2]: set[str]() for what in ids if what[1] == "incident.opened"}
        for what, names in ids.items():
            if what[:2] in openings:
                openings[what[:2]] |= names
        return [
            f"{what} came under {len(names)} ids: {sorted(names)}"
            for what, names in (*ids.items(), *openings.items())
            if len(names) > 1
        ]


def run(
    folder: Path,
    seed: int,
    faults: dict[Fault, int],
    every_s: float,
    say: Callable[[str], None] = lambda _: None,
) -> Account:
    """Run one campaign in ``folder``: so many of each fault, in a seeded order; ``say`` hears how far."""
    order = [fault for fault, count in faults.items() for _ in range(count)]
    random.Random(seed).shuffle(order)
    with Site(folder, rooms=4, agents=True) as site, Campaign(site, seed, every_s) as campaign:
        for n, fault in enumerate(order):
            campaign.strike(fault)
            say(f"{n + 1} of {len(order)} faults, last: {fault}; {len(site.sink.posts)} notices so far")
        return campaign.settle()


def _alarms_in(file: Path) -> set[str]:
    """Read which alarms an agent's outbox holds, as its next start will."""
    found = set()
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as db,
    ):
        for event_id, body in db.execute("select id, body from event").fetchall():
            if json.loads(body)["what"] == "alarm":
                found.add(event_id)
    return found
