"""Apprise's targets: one a line, ``Name = url`` or a URL alone. Pure."""

from __future__ import annotations

import re
from hashlib import blake2b
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from hub.channels.masking import line

_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_NAME: Final = re.compile(r"[^\x00-\x1f\x7f:/]{1,64}")
_SERVERS: Final = frozenset(
    (
        *("mailto", "mailtos", "json", "jsons", "xml", "xmls", "form", "forms", "apprise", "apprises"),
        *("gotify", "gotifys", "ntfys", "matrix", "matrixs", "mmost", "mmosts", "rocket", "rockets"),
        *("mqtt", "mqtts", "rsyslog", "hassio", "hassios", "nctalk", "nctalks", "signal", "signals"),
    )
)
"""Services whose URLs have a server where others have a token, so that it may be shown."""


_QUIET: Final[dict[str, tuple[str, str]]] = {
    **dict.fromkeys(("ntfy", "ntfys"), ("priority", "low")),
    **dict.fromkeys(("gotify", "gotifys"), ("priority", "moderate")),  # 3: shown; from 4 on it sounds
    "pover": ("priority", "moderate"),  # -1: shown without a sound; -2 isn't shown at all
    "prowl": ("priority", "low"),
    **dict.fromkeys(("spush", "simplepush"), ("priority", "minimal")),
    "tgram": ("silent", "yes"),
    **dict.fromkeys(("nctalk", "nctalks"), ("silent", "yes")),
}
"""What of a service's URL makes its notices show without a sound, as Apprise and the service have it."""


class AppriseTarget(NamedTuple):
    """One end of an Apprise channel."""

    name: str
    url: str
    line: int
    """Where it stands, from 1."""


class LineFault(NamedTuple):
    """A line that is no target; never with the line's own text, which may hold a credential."""

    line: int
    found: str
    cure: str


def read_targets(text: str) -> tuple[tuple[AppriseTarget, ...], tuple[LineFault, ...]]:
    """Read targets, one a line; empty lines and those that begin with ``#`` are passed over.

    A URL alone is named by its service, its server where that is no token, and a short hash. Whether
    Apprise knows the service is for Apprise to say.
    """
    targets: list[AppriseTarget] = []
    faults: list[LineFault] = []
    for number, words in enumerate(text.splitlines(), start=1):
        written = words.strip().lstrip("\ufeff")
        if not written or written.startswith("#"):
            continue
        found = _target(written, number)
        if isinstance(found, AppriseTarget) and any(target.name == found.name for target in targets):
            first = next(target.line for target in targets if target.name == found.name)
            found = LineFault(
                number, f"{found.name!r} stands on line {first} too", "give each a name of its own"
            )
        if isinstance(found, LineFault):
            faults.append(found)
        else:
            targets.append(found)
    return tuple(targets), tuple(faults)


def service(url: str) -> str:
    """Return the part of a URL that names its service, such as ``ntfys``."""
    return url.partition("://")[0].lower()


def shows_host(url: str) -> bool:
    """Whether a URL's host is a server rather than a token."""
    return service(url) in _SERVERS


def quiet_url(url: str) -> str:
    """Return a URL whose notices make no sound; the same where its service knows no such thing."""
    found = _QUIET.get(service(url))
    if found is None:
        return url
    name, value = found
    place, _, query = url.partition("?")
    kept = [part for part in query.split("&") if part and part.partition("=")[0].lower() != name]
    return f"{place}?{'&'.join([*kept, f'{name}={value}'])}"


def _target(written: str, number: int) -> AppriseTarget | LineFault:
    name, url = None, written
    if not _URL.match(written):
        name, equals, url = (part.strip() for part in written.partition("="))
        if not equals or not _URL.match(url):
            return LineFault(number, "no Apprise URL", "write Name = service://…, or the URL alone")
        if not _NAME.fullmatch(name):
            return LineFault(number, "a name that can't be used", "give 1 to 64 letters without : and /")
    try:
        urlsplit(url)
    except ValueError:
        return LineFault(number, "a URL that can't be read", "mend it; quote special characters as %XX")
    return AppriseTarget(name or _name(url), url, number)


def _name(url: str) -> str:
    digest = blake2b(url.encode("utf-8", "replace"), digest_size=3).hexdigest()
    host = urlsplit(url).hostname if shows_host(url) else None
    return f"{service(url)} {line(host, 40)} {digest}" if host else f"{service(url)} {digest}"
