"""The channel of Web Push: each person's phones, by the push services of their browsers."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Coroutine, Sequence
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)

from config import logs
from config.channel_settings import PushSettings
from config.clock import Clock
from hub.channels.aside import aside
from hub.channels.channel import USUAL_PROBE_S
from hub.channels.http_post import HttpPost
from hub.delivery import Delivery, Outcome, Verdict
from hub.store.phones import Phone, Phones
from hub.webpush.addresses import is_of
from hub.webpush.encryption import encrypted, read
from hub.webpush.message import headers_of, payload_of
from hub.webpush.vapid import authorization

GONE: Final = frozenset({404, 410})
"""What a push service answers of a phone that is signed up no more (RFC 8030, 7.3)."""
FEWEST_AT_ONCE: Final = 4
STORE_S: Final = 5.0
"""How long the store is waited for beside a probe."""

_log = logs.get()


class WebPush:
    """Tells people by their phones; one that takes it is enough."""

    kind = "push"
    unasked: tuple[str, ...] = ()
    probe_every_s = USUAL_PROBE_S

    def __init__(
        self,
        name: str,
        targets: Sequence[str],
        settings: PushSettings,
        timezone: str,
        phones: Phones | None,
        key: EllipticCurvePrivateKey | None,
        path: Callable[[Delivery], str | None],
        clock: Clock,
    ) -> None:
        """``targets`` are people's keys; ``path`` returns the path of a delivery's link.

        Without ``phones``, as where settings are only looked at, it tells nobody.
        """
        self.name = name
        self.targets = tuple(targets)
        self.at_once = max(FEWEST_AT_ONCE, 2 * len(self.targets))
        self._settings = settings
        self._timezone = timezone
        self._phones = phones
        self._key = key
        self._path = path
        self._clock = clock
        self._ends: dict[str, _End] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Tell all of a person's phones at once."""
        ends = self._ends_of(delivery.target.name)
        if not ends:
            return Outcome("permanent", f"no phone of {delivery.target.name} is signed up")
        outcomes = await asyncio.gather(*(end.deliver(delivery) for end in ends))
        self._note(ends, outcomes)
        return _together(ends, outcomes)

    async def probe(self) -> Outcome:
        """Connect to each push service; a person without a phone can't be told."""
        await self._look()
        ends = [end for one in self.targets for end in self._ends_of(one)]
        services = {urlsplit(end.phone.endpoint).netloc: end for end in ends}
        without = [one for one in self.targets if not self._ends_of(one)]
        if not services:
            return Outcome("temporary", "no phone is signed up")
        for service, end in services.items():
            outcome = await end.probe()
            if outcome.verdict != "delivered":
                return Outcome("temporary", f"{service}: {outcome.said}")
        missing = f"no phone is signed up of {', '.join(without)}" if without else None
        return Outcome("delivered", "push services reached", impaired=missing)

    async def close(self) -> None:
        """Let go of connections."""
        for end in self._ends.values():
            await end.close()
        self._ends.clear()

    async def _look(self) -> None:
        """Read the phones anew."""
        if self._phones is not None:
            try:
                async with asyncio.timeout(STORE_S):
                    await aside(self._phones.look, name=f"phones of {self.name}")
            except Exception as error:  # noqa: BLE001 - what was known goes on being used
                _log.warning("the phones can't be read", channel=self.name, why=type(error).__name__)

    def _payload(self, delivery: Delivery) -> bytes:
        return payload_of(delivery, self._timezone, self._path(delivery))

    def _note(self, ends: Sequence[_End], outcomes: Sequence[Outcome]) -> None:
        """Note what the push services said of each phone; nobody waits for it."""
        if self._phones is None:
            return
        wall = self._clock.now().wall
        for end, outcome in zip(ends, outcomes, strict=True):
            if outcome.verdict == "delivered":
                self._beside(partial(self._phones.took, end.phone.id, wall))
            elif end.is_gone:
                self._ends.pop(end.phone.id, None)
                self._beside(partial(self._phones.remove, end.phone.id), end.close)

    def _ends_of(self, person: str) -> list[_End]:
        if self._phones is None or self._key is None:
            return []
        found = []
        for phone in self._phones.of(person):
            if not is_of(phone.endpoint, self._settings.services):
                continue
            if phone.id not in self._ends or self._ends[phone.id].phone.auth != phone.auth:
                self._ends[phone.id] = _End(phone, self._settings, self._key, self._payload, self._clock)
            found.append(self._ends[phone.id])
        return found

    def _beside(
        self, work: Callable[[], None], then: Callable[[], Coroutine[Any, Any, None]] | None = None
    ) -> None:
        """Write something down that nobody waits for."""

        async def do() -> None:
            if then is not None:
                await then()
            try:
                await aside(work, name=f"phones of {self.name}")
            except Exception as error:  # noqa: BLE001 - a sick disk; memory has it
                _log.warning("a phone can't be written down", channel=self.name, why=type(error).__name__)

        task = asyncio.get_running_loop().create_task(do())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _End(HttpPost):
    """One phone, behind its push service."""

    kind = "push"

    def __init__(
        self,
        phone: Phone,
        settings: PushSettings,
        key: EllipticCurvePrivateKey,
        payload: Callable[[Delivery], bytes],
        clock: Clock,
    ) -> None:
        super().__init__(phone.id, phone.endpoint, (urlsplit(phone.endpoint).path,), settings.timeout_s)
        self.phone = phone
        self.is_gone = False
        self._contact = settings.contact
        self._key = key
        self._payload = payload
        self._clock = clock

    async def _message(self, delivery: Delivery) -> tuple[dict[str, str], bytes] | Outcome:
        parts = urlsplit(self.phone.endpoint)
        said = authorization(
            self._key, f"{parts.scheme}://{parts.netloc}", self._contact, self._clock.now().wall
        )
        own, salt = generate_private_key(SECP256R1()), secrets.token_bytes(16)
        body = encrypted(self._payload(delivery), read(self.phone.point), read(self.phone.auth), own, salt)
        return headers_of(delivery) | {"Authorization": said}, body

    def _judged(self, status: int) -> Verdict:
        self.is_gone = self.is_gone or status in GONE
        return super()._judged(status)


def _together(ends: Sequence[_End], outcomes: Sequence[Outcome]) -> Outcome:
    """Say what came of all of a person's phones: told if one push service took it."""
    took = [one for one in outcomes if one.verdict == "delivered"]
    words = [] if len(took) == len(ends) else [_of(len(took), len(ends), "took it")] if took else []
    for end, outcome in zip(ends, outcomes, strict=True):
        if outcome.verdict != "delivered":
            service = urlsplit(end.phone.endpoint).hostname
            what = "is gone, and must be signed up anew" if end.is_gone else outcome.said
            words.append(f"a phone at {service}: {what}")
    if took:
        return Outcome("delivered", "; ".join(words) or f"{_of(len(took), len(took), 'took it')}")
    again = any(one.verdict == "temporary" for one in outcomes)
    return Outcome("temporary" if again else "permanent", "; ".join(words))


def _of(some: int, all_: int, what: str) -> str:
    return f"{some} of {all_} phones {what}" if all_ > 1 else f"the push service {what}"
