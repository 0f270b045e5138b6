"""Links by which one person answers one incident, without a password. Pure.

Nothing of them is kept: each says whom it is for, of which incident and until when, and is signed with the
key of this site's sessions.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, Final

import msgspec
from itsdangerous import BadData, URLSafeSerializer
from msgspec import Struct

from config.hub_settings import HubSettings
from hub.delivery import Delivery

GOOD_MS: Final = 24 * 3_600_000
"""How long a link is good, from when its notice was owed; the end of its incident ends it, too."""
FORM_MS: Final = 12 * 3_600_000
"""How long its page may lie open before it must be loaded again."""
PATH: Final = "/go/"


class Link(Struct, frozen=True):
    """What a link lets somebody do: answer this incident."""

    person: str
    """The key in the settings."""
    incident: str
    ends: int
    """Wall ms."""


class Links:
    """Signs links and the forms of their pages, and reads them."""

    def __init__(self, key: bytes, site: str) -> None:
        self._links = URLSafeSerializer(key, salt=f"tocsin link {site}")
        self._forms = URLSafeSerializer(key, salt=f"tocsin form of a link {site}")

    def seal(self, link: Link) -> str:
        """Return a link's token: letters that a URL takes as they are."""
        return _text(self._links.dumps([link.person, link.incident, link.ends]))

    def open(self, token: str) -> Link | None:
        """Return the link of a token, over or not; None for one that is none of ours."""
        match _loaded(self._links, token):
            case [str(person), str(incident), int(ends)]:
                return Link(person, incident, ends)
        return None

    def seal_form(self, token: str, revision: int, wall: int) -> str:
        """Return what the form of a link's page bears: that this revision was shown there."""
        return _text(self._forms.dumps([_digest(token), revision, wall]))

    def shown(self, form: str, token: str, wall: int) -> int | None:
        """Return the revision that a form's page showed; None for another link's, or one too old."""
        match _loaded(self._forms, form):
            case [str(digest), int(revision), int(made)] if digest == _digest(token):
                return revision if 0 <= wall - made < FORM_MS else None
        return None


class Invitations:
    """The links that go out with notices: to an end of one person alone, of what waits for an answer."""

    def __init__(self, links: Links | None, settings: HubSettings) -> None:
        """Without ``links``, or where the settings name no address of the console, there is none."""
        self._links = links
        self._url = settings.console.public_url
        self._people = settings.people

    def path(self, delivery: Delivery) -> str | None:
        """Return the path of a delivery's link; the same at every try."""
        person = self._whose(delivery.target.channel, delivery.target.name)
        if self._links is None or self._url is None or person is None or not asks(delivery):
            return None
        return PATH + self._links.seal(Link(person, delivery.incident, delivery.owed_at + GOOD_MS))

    def line(self, delivery: Delivery) -> str | None:
        """Return the line that tells how to answer a delivery; None where nothing is to be answered."""
        if not asks(delivery):
            return None
        path = self.path(delivery)
        if path is None or self._url is None:
            return "Take it in hand on the board."
        return f"Take it in hand: {self._url.rstrip('/')}{path}"

    def made_of(self, channel: str) -> str:
        """Return all by which the links of a channel differ."""
        ends = [(key, one.reach) for key, one in self._people.items() if _has(one.reach, channel)]
        return repr((self._url, sorted(ends)))

    def _whose(self, channel: str, name: str) -> str | None:
        """Return the key of whose end this is; None where it is nobody's, or several people's."""
        ends = {channel, f"{channel}/{name}"}
        found = [key for key, person in self._people.items() if not ends.isdisjoint(person.reach)]
        return found[0] if len(found) == 1 else None


def asks(delivery: Delivery) -> bool:
    """Tell whether a delivery tells of an incident that nobody has in hand."""
    if not delivery.incident:
        return False
    incident = msgspec.json.decode(delivery.body).get("incident")
    return incident is not None and incident["state"] == "open"


def _has(reach: tuple[str, ...], channel: str) -> bool:
    return any(end.partition("/")[0] == channel for end in reach)


def _digest(token: str) -> str:
    return blake2b(token.encode("utf-8", "replace"), digest_size=12).hexdigest()


def _loaded(serializer: URLSafeSerializer, value: str) -> Any:
    try:
        return serializer.loads(value)
    except BadData:
        return None


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")
