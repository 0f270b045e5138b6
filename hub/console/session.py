"""A sign-in, as a signed cookie: who, since when, and the token that each of their forms carries."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

from itsdangerous import BadSignature, URLSafeSerializer
from msgspec import Struct

from hub.rights import OF_ROLE, Right, Role

MS_AN_HOUR: Final = 3_600_000
FORM_MS: Final = 12 * MS_AN_HOUR
"""How long a sign-in page may lie open before it must be loaded again."""
HALF_MS: Final = 10 * 60_000
"""How long a page that asks for, or sets up, a second factor may."""


class Session(Struct, frozen=True):
    """A person who has signed in on one browser."""

    name: str
    epoch: int
    """The person's at sign-in; a new password raises theirs, and so does ending all sessions."""
    since: int
    """Wall ms of the sign-in."""
    csrf: str
    id: str
    """Of its row in the store."""
    role: Role
    factor_at: int = 0
    """Wall ms of the newest second factor that was shown in it; 0: none was."""
    rights: frozenset[Right] = frozenset()
    """What it may do now; in no cookie."""
    has_factor: bool = False
    """Its person has a second factor set up; in no cookie."""

    def ends(self, hours: float) -> int:
        """Return the wall ms at which this person must sign in again."""
        return self.since + int(hours * MS_AN_HOUR)

    def may(self, right: str) -> bool:
        """Tell whether this person may do something."""
        return right in self.rights


class Half(Struct, frozen=True):
    """A person who has shown a password, and owes a code."""

    name: str
    epoch: int
    csrf: str


class Sealer:
    """Signs and reads the console's cookies; a changed byte makes one void."""

    def __init__(self, key: bytes, site: str) -> None:
        self._session = URLSafeSerializer(key, salt=f"tocsin session {site}")
        self._form = URLSafeSerializer(key, salt=f"tocsin sign-in form {site}")
        self._half = URLSafeSerializer(key, salt=f"tocsin half a sign-in {site}")
        self._secret = URLSafeSerializer(key, salt=f"tocsin new second factor {site}")
        self._known = URLSafeSerializer(key, salt=f"tocsin known browser {site}")
        # Browsers don't keep cookies apart by port, and one machine may serve two sites.
        self.session_cookie = f"tocsin_{site}"
        self.form_cookie = f"tocsin_form_{site}"
        self.half_cookie = f"tocsin_half_{site}"
        self.known_cookie = f"tocsin_known_{site}"

    def seal(self, session: Session) -> str:
        """Return the cookie's value."""
        fields = {"n": session.name, "e": session.epoch, "t": session.since, "c": session.csrf}
        fields |= {"i": session.id, "r": session.role, "f": session.factor_at}
        return _text(self._session.dumps(fields))

    def open(self, value: str | None, wall: int, hours: float) -> Session | None:
        """Return the session of a cookie's value; None when it is none of ours, or is over."""
        fields = _loaded(self._session, value)
        try:
            name, epoch, since = str(fields["n"]), int(fields["e"]), int(fields["t"])
            csrf, its_id, role, factor_at = str(fields["c"]), str(fields["i"]), fields["r"], int(fields["f"])
        except (KeyError, TypeError, ValueError):
            return None
        if role not in OF_ROLE:
            return None
        session = Session(name, epoch, since, csrf, its_id, role, factor_at)
        return None if wall >= session.ends(hours) else session

    def seal_half(self, half: Half, wall: int) -> str:
        """Return the value of the cookie of half a sign-in."""
        return _text(self._half.dumps({"n": half.name, "e": half.epoch, "c": half.csrf, "t": wall}))

    def open_half(self, value: str | None, wall: int) -> Half | None:
        """Return half a sign-in; None when it is none of ours, or too old."""
        fields = _loaded(self._half, value)
        made = fields.get("t")
        if not isinstance(made, int) or not 0 <= wall - made < HALF_MS:
            return None
        return Half(str(fields["n"]), int(fields["e"]), str(fields["c"]))

    def seal_secret(self, secret: str, session: str, wall: int) -> str:
        """Return a new second factor's secret as its form bears it, for this session alone."""
        return _text(self._secret.dumps({"s": secret, "i": session, "t": wall}))

    def open_secret(self, value: str | None, session: str, wall: int) -> str | None:
        """Return the secret of a form; None when it is none of ours, another session's, or too old."""
        fields = _loaded(self._secret, value)
        made = fields.get("t")
        is_ours = fields.get("i") == session and isinstance(made, int) and 0 <= wall - made < HALF_MS
        return str(fields["s"]) if is_ours else None

    def seal_known(self, browser: str, names: tuple[str, ...]) -> str:
        """Return the value of the cookie by which a browser is known: who has signed in on it."""
        return _text(self._known.dumps({"d": browser, "n": list(names)}))

    def open_known(self, value: str | None) -> tuple[str, tuple[str, ...]]:
        """Return a known browser's id and the names of who has signed in on it; of another, nothing."""
        fields = _loaded(self._known, value)
        return str(fields.get("d", "")), tuple(map(str, fields.get("n", ())))

    def new_form(self, wall: int) -> tuple[str, str]:
        """Return a sign-in page's token, and the cookie that must come back with it."""
        token = secrets.token_urlsafe(24)
        return token, _text(self._form.dumps({"c": token, "t": wall}))

    def form_holds(self, value: str | None, token: str, wall: int) -> bool:
        """Tell whether a sign-in page's token and cookie belong together and are not too old."""
        fields = _loaded(self._form, value)
        made = fields.get("t")
        return same(str(fields.get("c", "")), token) and isinstance(made, int) and wall - made < FORM_MS

    def form_since(self, value: str) -> int:
        """Return the wall ms at which a sign-in page that holds was first shown."""
        return int(_loaded(self._form, value)["t"])


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


def allowed(headers: Mapping[str, str], session: Session, fields: Mapping[str, str]) -> bool:
    """Tell whether a form was sent from our own page, by the person whose session it is."""
    return from_our_own_pages(headers) and same(session.csrf, fields.get("csrf", ""))


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
