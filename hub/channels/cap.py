"""The CAP channel: each notice of an incident as a CAP 1.2 message, posted to one URL."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Final

import msgspec

from config.channel_settings import CapSettings
from hub.cap.document import Reference, document, time_of
from hub.channels.aside import aside
from hub.channels.build import Told
from hub.channels.http_post import HttpPost
from hub.delivery import Delivery, Outcome

RECORD_S: Final = 1.0
"""For the record to say what was sent before."""


class CapChannel(HttpPost):
    """Posts CAP; which messages were sent before it, the record says, also after a restart."""

    kind = "cap"

    def __init__(
        self,
        name: str,
        url: str,
        token: str | None,
        settings: CapSettings,
        place: tuple[str, str],
        told: Told,
    ) -> None:
        """``place`` is the school's name and time zone. Raises ``ValueError`` for a bad URL."""
        super().__init__(name, url, () if token is None else (token,), settings.timeout_s)
        self._token = token
        self._settings = settings
        self._place = place
        self._told = told

    async def _message(self, delivery: Delivery) -> tuple[dict[str, str], bytes] | Outcome:
        notice = msgspec.json.decode(delivery.body)
        if "incident" not in notice:
            return Outcome("permanent", "CAP tells of incidents alone")
        references = await self._references(delivery)
        if delivery.type == "incident.resolved" and not references:
            if references is None:
                return Outcome("temporary", "the record does not say what was told of it before")
            return Outcome("delivered", "nothing to end: it was never told")
        headers = {"content-type": "application/cap+xml"}
        if self._token is not None:
            headers["authorization"] = f"Bearer {self._token}"
        return headers, document(notice, delivery.id, references or (), self._settings, *self._place)

    async def _references(self, delivery: Delivery) -> list[Reference] | None:
        """Return what was sent before; None where a sick disk doesn't say: a call waits for none."""
        try:
            async with asyncio.timeout(RECORD_S):
                before = await aside(
                    partial(self._told, self.name, delivery.incident), name=f"references of {self.name}"
                )
        except Exception:  # noqa: BLE001 - whatever the store's fault is
            return None
        return [reference(one) for one in before if one.id != delivery.id]


def reference(delivery: Delivery) -> Reference:
    """Return how a later message names what was delivered."""
    return Reference(delivery.id, time_of(msgspec.json.decode(delivery.body)["at"]))
