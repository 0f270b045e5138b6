"""What each route needs: the one table by which the console and the API let somebody do something.

A route without a row can't be made, and a test walks all of them.
"""

from __future__ import annotations

from typing import Final, Literal

from hub.rights import Right

Need = Right | Literal["anyone", "signed-in"]
"""A right; ``signed-in``: whoever is known, for what is their own; ``anyone``: nobody is asked for."""

API: Final = "/api/v1/"

NEEDS: Final[dict[tuple[str, str], Need]] = {
    # --- pages ---
    ("GET", "/"): "read",
    ("GET", "/board/stream"): "read",
    ("GET", "/doors"): "read",
    ("GET", "/doors/weeks/{week}"): "read",
    ("POST", "/doors/weeks/{week}/sign"): "maintain",
    ("GET", "/devices"): "read",
    ("POST", "/devices/{device}/walk-test"): "maintain",
    ("POST", "/devices/{device}/walk-test/end"): "maintain",
    ("POST", "/devices/{device}/bypass"): "maintain",
    ("POST", "/devices/{device}/bypass/end"): "maintain",
    ("GET", "/identities"): "read",
    ("POST", "/identities/{device}/assign"): "maintain",
    ("POST", "/identities/{device}/revoke"): "administer",
    ("POST", "/upgrade"): "maintain",
    ("GET", "/posture"): "read",
    ("POST", "/posture"): "posture",
    ("GET", "/drills"): "read",
    ("POST", "/drills"): "drill",
    ("GET", "/drills/{id}"): "read",
    ("POST", "/drills/{id}/start"): "drill",
    ("POST", "/drills/{id}/end"): "drill",
    ("POST", "/drills/{id}/cancel"): "drill",
    ("POST", "/drills/{id}/real"): "acknowledge",
    ("POST", "/drills/{id}/part-of-drill"): "acknowledge",
    ("GET", "/channels"): "read",
    ("POST", "/channels/{name}/test"): "maintain",
    ("GET", "/troubles"): "read",
    ("POST", "/troubles/clear"): "maintain",
    ("GET", "/incidents"): "read",
    ("GET", "/incidents/{id}"): "read",
    ("POST", "/incidents/{id}/acknowledge"): "acknowledge",
    ("POST", "/incidents/{id}/notes"): "acknowledge",
    ("POST", "/incidents/{id}/confirm"): "acknowledge",
    ("POST", "/incidents/{id}/resolve"): "resolve",
    # --- accounts ---
    ("GET", "/account"): "signed-in",
    ("POST", "/account/sessions/end"): "signed-in",
    ("POST", "/account/sessions/end-others"): "signed-in",
    ("GET", "/account/second-factor"): "signed-in",
    ("POST", "/account/second-factor"): "signed-in",
    ("POST", "/account/second-factor/remove"): "signed-in",
    ("GET", "/account/phone"): "signed-in",
    ("POST", "/account/phone"): "signed-in",
    ("POST", "/account/phone/remove"): "signed-in",
    ("GET", "/account/code"): "signed-in",
    ("POST", "/account/code"): "signed-in",
    ("GET", "/accounts"): "administer",
    ("POST", "/accounts/role"): "administer",
    ("POST", "/accounts/remove"): "administer",
    ("POST", "/accounts/second-factor/remove"): "administer",
    ("POST", "/accounts/sessions/end"): "administer",
    ("POST", "/accounts/tokens/remove"): "administer",
    # --- signing in and out ---
    ("GET", "/sign-in"): "anyone",
    ("POST", "/sign-in"): "anyone",
    ("POST", "/sign-in/code"): "anyone",
    ("POST", "/sign-out"): "anyone",
    # --- what a message's link opens: its token says who, and of which incident ---
    ("GET", "/go/{token}"): "anyone",
    ("POST", "/go/{token}"): "anyone",
    # --- what a signed-up phone asks for: its own secret says who ---
    ("POST", "/push/missed"): "anyone",
    # --- for machines that watch the hub ---
    ("GET", "/healthz"): "anyone",
    ("GET", "/metrics"): "anyone",
    # --- the API ---
    ("GET", API + "incidents"): "read",
    ("GET", API + "incidents/{id}"): "read",
    ("POST", API + "incidents/{id}/acknowledge"): "acknowledge",
    ("POST", API + "incidents/{id}/notes"): "acknowledge",
    ("POST", API + "incidents/{id}/confirm"): "acknowledge",
    ("POST", API + "incidents/{id}/resolve"): "resolve",
    ("POST", API + "devices/{device}/zones/{zone}/bypass"): "maintain",
    ("DELETE", API + "devices/{device}/zones/{zone}/bypass"): "maintain",
    ("GET", API + "devices"): "read",
    ("POST", API + "devices/{device}/walk-test"): "maintain",
    ("DELETE", API + "devices/{device}/walk-test"): "maintain",
    ("GET", API + "identities"): "read",
    ("POST", API + "identities/{device}/assign"): "maintain",
    ("POST", API + "identities/{device}/revoke"): "administer",
    ("GET", API + "upgrade"): "read",
    ("POST", API + "upgrade"): "maintain",
    ("DELETE", API + "upgrade"): "maintain",
    ("GET", API + "posture"): "read",
    ("POST", API + "posture"): "posture",
    ("GET", API + "doors"): "read",
    ("GET", API + "doors/weeks"): "read",
    ("POST", API + "doors/weeks/{week}/sign"): "maintain",
    ("GET", API + "drills"): "read",
    ("GET", API + "drills/{id}"): "read",
    ("POST", API + "drills"): "drill",
    ("POST", API + "drills/{id}/start"): "drill",
    ("POST", API + "drills/{id}/end"): "drill",
    ("POST", API + "drills/{id}/cancel"): "drill",
    ("POST", API + "drills/{id}/real"): "acknowledge",
    ("POST", API + "drills/{id}/part-of-drill"): "acknowledge",
    ("GET", API + "cap"): "read",
    ("GET", API + "cap/{id}"): "read",
    ("GET", API + "channels"): "read",
    ("POST", API + "channels/{name}/test"): "maintain",
    ("GET", API + "troubles"): "read",
    ("POST", API + "troubles/clear"): "maintain",
    ("POST", API + "record/forget"): "forget",
    ("GET", API + "record/head"): "read",
    ("GET", API + "stream"): "read",
    ("GET", API + "accounts"): "administer",
    ("GET", API + "sessions"): "administer",
    ("DELETE", API + "sessions/{id}"): "administer",
    ("GET", API + "openapi.json"): "signed-in",
}

WITH_FACTOR: Final = frozenset(
    {
        # What is for every room at once.
        ("POST", "/posture"),
        ("POST", "/drills"),
        ("POST", "/drills/{id}/start"),
        ("POST", "/upgrade"),
        ("POST", API + "upgrade"),
        ("POST", API + "posture"),
        ("POST", API + "drills"),
        ("POST", API + "drills/{id}/start"),
        # What silences a room, or gives its place away.
        ("POST", "/devices/{device}/walk-test"),
        ("POST", "/devices/{device}/bypass"),
        ("POST", "/identities/{device}/assign"),
        ("POST", "/identities/{device}/revoke"),
        ("POST", API + "devices/{device}/walk-test"),
        ("POST", API + "devices/{device}/zones/{zone}/bypass"),
        ("POST", API + "identities/{device}/assign"),
        ("POST", API + "identities/{device}/revoke"),
        # What takes from people that they can come in, or lets others.
        ("POST", "/accounts/role"),
        ("POST", "/accounts/remove"),
        ("POST", "/accounts/second-factor/remove"),
        ("POST", "/accounts/sessions/end"),
        ("POST", "/accounts/tokens/remove"),
        ("DELETE", API + "sessions/{id}"),
    }
)
"""What needs a fresh second factor from outside the school's network; nothing that answers an alarm does."""


def need_of(method: str, path: str) -> Need:
    """Return what a route needs; raises ``LookupError`` for one that has no row."""
    try:
        return NEEDS[method, path]
    except KeyError:
        raise LookupError(f"{method} {path} has no row in hub.console.needs: who may do it?") from None
