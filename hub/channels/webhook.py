"""The webhook channel: CONTRACT's signed JSON, posted to one URL."""

from __future__ import annotations

from config.clock import Clock
from hub.channels.http_post import HttpPost
from hub.channels.signature import signature, signing_key
from hub.delivery import Delivery, Outcome


class Webhook(HttpPost):
    """Posts each notice to a URL. Bodies go out as they are kept, to the byte."""

    kind = "webhook"

    def __init__(self, name: str, url: str, secret: str, timeout_s: float, clock: Clock) -> None:
        """Raises ``ValueError``, without the secret in it, for a secret or URL that can't be used."""
        super().__init__(name, url, (secret, secret.removeprefix("whsec_")), timeout_s)
        self._key = signing_key(secret)
        self._clock = clock

    async def _message(self, delivery: Delivery) -> tuple[dict[str, str], bytes] | Outcome:
        seconds = self._clock.now().wall // 1000
        headers = {
            "content-type": "application/json",
            "webhook-id": delivery.id,
            "webhook-timestamp": str(seconds),
            "webhook-signature": signature(self._key, delivery.id, seconds, delivery.body),
        }
        return headers, delivery.body
