"""The Apprise channel: mail, ntfy, Pushover and the like, one target a delivery.

Apprise weighs 52 MB and 0.5 to 1 s, so it is imported by :meth:`AppriseChannel.warm_up` or on first
use, in a thread.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final

from msgspec.structs import replace

from hub.channels.apprise_targets import AppriseTarget, quiet_url, service, shows_host
from hub.channels.aside import aside
from hub.channels.channel import USUAL_PROBE_S
from hub.channels.masking import mask
from hub.delivery import Delivery, Outcome
from hub.notice import sentence

FEWEST_AT_ONCE: Final = 4
MOST_AT_ONCE: Final = 16
MAIL: Final = frozenset({"mailto", "mailtos"})
"""Services whose far side can be asked: by signing in."""
MOST_LEFT: Final = 3
"""Threads of one target that may go on hanging after their attempts were timed out."""
_SOUNDS: Final = {
    "incident.acknowledged": "info",
    "incident.resolved": "success",
    "trouble.restored": "success",
}
"""Apprise's colour for a notice; everything else is a warning."""
_CAUSES: Final = ("Socket Exception:", "Response Details:")
"""How Apprise's own debug lines begin that hold the cause of the warning before them."""


class AppriseChannel:
    """Tells people by Apprise's URLs. Each target has its own outcome, time-out and thread."""

    kind = "apprise"
    probe_every_s = USUAL_PROBE_S

    def __init__(
        self,
        name: str,
        targets: Sequence[AppriseTarget],
        timeout_s: float,
        timezone: str,
        how: Callable[[Delivery], str | None] = lambda _: None,
    ) -> None:
        """``how`` returns the line that tells how to answer a delivery."""
        self.name = name
        self.targets: tuple[str, ...] = tuple(target.name for target in targets)
        # Two for each target while that is few: one that hangs takes no place from another.
        self.at_once = min(max(2 * len(targets), FEWEST_AT_ONCE), MOST_AT_ONCE)
        self._urls = {target.name: target.url for target in targets}
        self._mail = tuple(target for target in targets if service(target.url) in MAIL)
        self.unasked = tuple(target.name for target in targets if target not in self._mail)
        self._timeout_s = timeout_s
        self._timezone = timezone
        self._how = how
        self._running: Counter[str] = Counter()
        self._lock = threading.Lock()

    async def warm_up(self) -> None:
        """Import Apprise and the modules of this channel's services, in a thread."""
        await aside(self._load, name="apprise import")

    async def deliver(self, delivery: Delivery) -> Outcome:
        """Tell one target, within the time-out."""
        name = delivery.target.name
        url = self._urls.get(name)
        if url is None:
            return Outcome("permanent", f"the settings have no target {name!r} any more")
        title, text = sentence(delivery.body, self._timezone)
        if how := self._how(delivery):
            text += f"\n{how}"
        sound = _SOUNDS.get(delivery.type, "warning")
        if delivery.quiet:
            url, sound = quiet_url(url), "info"
        return await self._bounded(name, lambda: send(url, title, text, sound, self._timeout_s))

    async def probe(self) -> Outcome:
        """Sign in to each mail server, and send nothing; of no other service can that much be asked."""
        for target in self._mail:
            work = partial(sign_in, target.url, self._timeout_s)
            outcome = await self._bounded(f"probe of {target.name}", work)
            if outcome.verdict != "delivered":
                return replace(outcome, said=f"{target.name}: {outcome.said}")
        return Outcome("delivered", "signed in")

    async def close(self) -> None:
        """Nothing is kept open between attempts."""

    async def _bounded(self, name: str, work: Callable[[], Outcome]) -> Outcome:
        """Do what blocks in a thread, within the time-out; few that hang are left behind."""
        if self._running[name] >= MOST_LEFT:
            return Outcome("temporary", f"{MOST_LEFT} earlier attempts still hang")
        with self._lock:
            self._running[name] += 1

        def run() -> Outcome:
            try:
                return work()
            finally:
                with self._lock:
                    self._running[name] -= 1

        try:
            async with asyncio.timeout(self._timeout_s):
                return await aside(run, name=f"apprise {name}")
        except TimeoutError:
            return Outcome("temporary", f"timed out after {self._timeout_s:g} s")

    def _load(self) -> None:
        for url in self._urls.values():
            fault(url)


def fault(url: str) -> str | None:
    """Return what is wrong with a URL by Apprise's own reckoning; None if it can be used. Slow at first."""
    if _plugin(url, 1.0) is None:
        return f"Apprise can't use this {service(url)}:// URL (unknown service, or a part is missing)"
    return None


def send(url: str, title: str, text: str, sound: str, timeout_s: float) -> Outcome:
    """Tell the one end of a URL; blocks for about ``timeout_s`` at most."""
    shown = mask(url, host=not shows_host(url))
    try:
        import apprise

        plugin = _plugin(url, timeout_s)
        if plugin is None:
            return Outcome("permanent", fault(url) or "")
        messenger = apprise.Apprise()
        messenger.add(plugin)
        result = messenger.notify(
            body=text,
            # A service without titles would say the first line twice.
            title=title if plugin.title_maxlen > 0 else "",
            notify_type=sound,
            body_format="text",
            log_level=logging.DEBUG,
        )
        return Outcome("delivered", "accepted") if result else Outcome("temporary", _words(result, shown))
    except Exception as error:  # noqa: BLE001 - any of 174 services' own faults; what it says is the outcome
        return Outcome("temporary", shown(f"{type(error).__name__}: {error}"))


def sign_in(url: str, timeout_s: float) -> Outcome:
    """Sign in to the server of a mail URL, and out; blocks for about ``timeout_s`` at each step."""
    shown = mask(url, host=False)
    try:
        from apprise.plugins.email.smtp import AppriseSMTPController

        plugin = _plugin(url, timeout_s)
        if plugin is None:
            return Outcome("permanent", fault(url) or "")
        with AppriseSMTPController(
            host=plugin.smtp_host,
            port=plugin.port,
            secure_mode=plugin.secure_mode,
            user=plugin.user,
            password=plugin.password,
            verify_certificate=plugin.verify_certificate,
            socket_connect_timeout=plugin.socket_connect_timeout,
        ):
            return Outcome("delivered", "signed in")
    except Exception as error:  # noqa: BLE001 - what a mail server or its library says is the outcome
        return Outcome("temporary", shown(f"{type(error).__name__}: {error}"))


def _plugin(url: str, timeout_s: float) -> Any:
    """Return Apprise's object of one URL, or None where it has none."""
    import apprise

    # Its own log would repeat URLs on our standard error; what it says is in each result.
    logger = logging.getLogger("apprise")
    logger.propagate = False
    logger.setLevel(logging.DEBUG)
    asset = apprise.AppriseAsset(
        app_id="Tocsin",
        app_desc="Tocsin",
        async_mode=False,
        secure_logging=True,
        storage_mode="memory",
        # Else each call goes through a pool that all targets share, and hung ones fill it.
        service_timeout=0,
    )
    return apprise.Apprise.instantiate(_timed(url, timeout_s), asset=asset)


def _timed(url: str, timeout_s: float) -> str:
    """Return a URL with our time-outs for connecting and reading, where it sets none of its own."""
    query = url.partition("?")[2]
    given = {part.partition("=")[0].lower() for part in query.split("&")}
    added = [f"{name}={timeout_s:g}" for name in ("cto", "rto") if name not in given]
    if not added:
        return url
    return url + ("&" if "?" in url else "?") + "&".join(added)


def _words(result: Any, shown: Callable[[str], str]) -> str:
    """Return what Apprise logged of a failure: its warnings, and what the far side or socket said."""
    said: list[str] = []
    for entry in result.logs():
        if entry.level in ("WARNING", "ERROR", "CRITICAL"):
            said.append(entry.message.rstrip("."))
        elif entry.message.startswith(_CAUSES):
            said.append(entry.message.partition(":")[2].rpartition("(Caused by ")[2].strip())
    return shown("; ".join(said)) or "not accepted"
