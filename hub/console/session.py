"""A sign-in, as a signed cookie: who, since when, and the token that each of their forms carries."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from msgspec import Struct

MS_AN_HOUR: Final = 3_600_000
FORM_MS: Final = 12 * MS_AN_HOUR
"""How long a sign-in page may lie open before it must be loaded again."""


class Session(Struct, frozen=True):
    """A person who has signed in on one browser."""

    name: str
    epoch: int
    """The person's epoch at sign-in; a new password raises it and ends the session."""
    since: int
    """Wall ms of the sign-in."""
    csrf: str

    def ends(self, hours: float) -> int:
        """Return the wall ms at which this person must sign in again."""
        return self.since + int(hours * MS_AN_HOUR)


class Sealer:
    """Signs and reads the console's two cookies; a changed byte makes one void."""

    def __init__(self, key: bytes, site: str) -> None:
        self._session = URLSafeSerializer(key, salt=f"tocsin session {site}")
        self._form = URLSafeSerializer(key, salt=f"tocsin sign-in form {site}")
        # Browsers don't keep cookies apart by port, and one machine may serve two sites.
        self.session_cookie = f"tocsin_{site}"
        self.form_cookie = f"tocsin_form_{site}"

    def seal(self, session: Session) -> str:
        """Return the cookie's value."""
        return _text(
            self._session.dumps(
                {"n": session.name, "e": session.epoch, "t": session.since, "c": session.csrf}
            )
        )

    def open(self, value: str | None, wall: int, hours: float) -> Session | None:
        """Return the session of a cookie's value; None when it is none of ours, or is over."""
        fields = _loaded(self._session, value)
        try:
            session = Session(str(fields["n"]), int(fields["e"]), int(fields["t"]), str(fields["c"]))
        except (KeyError, TypeError, ValueError):
            return None
        return None if wall >= session.ends(hours) else session

    def new_form(self, wall: int) -> tuple[str, str]:
        """Return a sign-in page's token, and the cookie that must come back with it."""
        token = secrets.token_urlsafe(24)
        return token, _text(self._form.dumps({"c": token, "t": wall}))

    def form_holds(self, value: str | None, token: str, wall: int) -> bool:
        """Tell whether a sign-in page's token and cookie belong together and are not too old."""
        fields = _loaded(self._form, value)
        made = fields.get("t")
        return same(str(fields.get("c", "")), token) and isinstance(made, int) and wall - made < FORM_MS


def same(one: str, other: str) -> bool:
    """Compare secrets in constant time; two empty ones are not the same."""
    return bool(one) and hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))


def from_our_own_pages(headers: Mapping[str, str]) -> bool:
    """Tell whether a browser's POST came from a page of this very origin.

    Browsers send ``Sec-Fetch-Site`` to https and localhost only, so over plain http on a school's
    network ``Origin`` decides. What has neither is no browser's form; the form's token still decides.
    """
    site = headers.get("sec-fetch-site")
    if site is not None and site not in ("same-origin", "none"):
        return False
    origin = headers.get("origin")
    return origin is None or urlsplit(origin).netloc.lower() == headers.get("host", "").lower()


def local_path(wanted: str | None) -> str:
    """Return where to go after signing in: a path of ours, whatever was asked for."""
    path = wanted or "/"
    plain = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if plain and not path.startswith(("/sign-in", "/sign-out")) else "/"


def _loaded(serializer: URLSafeSerializer, value: str | None) -> dict[str, Any]:
    if not value:
        return {}
    try:
        fields = serializer.loads(value)
    except BadSignature:
        return {}
    return fields if isinstance(fields, dict) else {}


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("ascii")
