"""Hostile messages by the million, from one seed: whole, bent in a field, torn in their bytes, or noise."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Any, Final, Literal, NamedTuple

from config.contract import KINDS, WHATS

GOLDEN: Final = sorted((Path(__file__).parents[1] / "golden" / "v1").iterdir())
ROOMS: Final = tuple(f"room-{n}" for n in range(101, 161))
STRANGERS: Final = (
    "garage-7",
    "hub",
    "posture",
    "Room 101",
    "x" * 300,
    "room\u202e-1",
    "a'b\"c;--",
    "",
)
VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1, 1.5, -0.0, 1e308, 2**31, 2**53 - 1, 2**53, 2**63, 10**40, "", "a", "panic",
    "alarm", "door", "\0", "\ud800", "\u202e", "x" * 129, "x" * 20_000, "2026-01-01T00:00:00.000Z",
    "9999-12-31T23:59:59.999Z", "2026-02-30T00:00:00Z", [], ["alarm"], {}, {"a": {"b": []}}, "=e1", "~e1",
    "'; drop table events; --", "../../etc/passwd", "${x}", "<script>",
)  # fmt: skip
"""What a field may be that should be something else."""
TOKENS: Final = (
    b"{", b"}", b"[", b"]", b",", b":", b'"', b"\\u0000", b"\\ud800", b"\xff", b"\xc3", b"null", b"1e999",
    b"NaN", b"-", b'"what":"alarm"', b'"kind":"panic"', b"[" * 2000, b"9" * 400, b"\xef\xbb\xbf", b"\n",
)  # fmt: skip


class Hostile(NamedTuple):
    """One message, and from whom."""

    what: Literal["event", "state", "health"]
    device: str
    payload: bytes
    retained: bool
    broker: int


class Attacker:
    """Whoever sends them."""

    def __init__(self, seed: int) -> None:
        self._random = Random(seed)
        self._seq = 0
        self._golden = [file.read_bytes() for file in GOLDEN]

    def next(self) -> Hostile:
        """Return the next message."""
        pick = self._random
        what: Literal["event", "state", "health"] = pick.choices(("event", "state", "health"), (8, 1, 1))[0]
        return Hostile(what, self._device(), self._payload(what), pick.random() < 0.2, pick.randrange(2))

    def _device(self) -> str:
        pick = self._random
        way = pick.random()
        if way < 0.93:
            return ROOMS[min(int(pick.expovariate(0.1)), len(ROOMS) - 1)]
        return pick.choice(STRANGERS) if way < 0.97 else f"stranger-{pick.randrange(3000)}"

    def _payload(self, what: str) -> bytes:
        pick = self._random
        way = pick.random()
        if way < 0.04:
            return pick.choice(self._golden)
        if way < 0.08:
            return pick.randbytes(pick.randrange(200))
        fields = self._whole(what)
        while pick.random() < 0.5:
            self._bend(fields)
        payload = json.dumps(fields, ensure_ascii=pick.random() < 0.5).encode("utf-8", "surrogatepass")
        while pick.random() < 0.25:
            payload = self._tear(payload)
        return payload

    def _whole(self, what: str) -> dict[str, Any]:
        pick = self._random
        self._seq += 1
        boot = f"b{pick.randrange(3)}"
        if what == "health":
            return {"v": 1, "boot": boot, "n": self._seq, "uptime_s": 5.0, "outbox": pick.randrange(9)}
        zones = ("wall", "desk", "quiet", "nurse", "help", "door")
        if what == "state":
            conditions = ("normal", "active", "cut", "short", "conflict")
            told = [
                {"zone": zone, "kind": pick.choice(KINDS), "circuit": "pair", "walk_test": zone == "help",
                 "condition": pick.choice(conditions)}
                for zone in pick.sample(zones, pick.randrange(1, 6))
            ]  # fmt: skip
            return {"v": 1, "online": pick.random() < 0.9, "boot": boot, "n": self._seq, "zones": told}
        number = self._seq if pick.random() < 0.8 else pick.randrange(1, 500)
        return {
            "v": 1, "id": f"e{number}", "boot": boot, "seq": number, "zone": pick.choice(zones),
            "kind": pick.choice(KINDS), "what": pick.choice(WHATS), "age_ms": int(pick.expovariate(1e-4)),
            "test": pick.random() < 0.1,
        }  # fmt: skip

    def _bend(self, fields: dict[str, Any]) -> None:
        pick = self._random
        name = pick.choice(
            (*fields, "room", "label", "cause", "at", "held", "machine", "given_up", "troubles")
        )
        if pick.random() < 0.2:
            fields.pop(name, None)
        else:
            fields[name] = pick.choice(VALUES)

    def _tear(self, payload: bytes) -> bytes:
        pick = self._random
        at, upto = sorted(pick.randrange(len(payload) + 1) for _ in range(2))
        way = pick.randrange(4)
        if way == 0:
            return payload[:at]
        if way == 1:
            return payload[:at] + payload[upto:]
        if way == 2:
            return payload[:at] + pick.choice(TOKENS) + payload[at:]
        return payload[:upto] + payload[at:]
