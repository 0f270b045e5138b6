"""A person's phone: the second factor as it is set up and shown, on a clock that a test moves on."""

from __future__ import annotations

import re
from html import unescape

import pyotp

from config.clock import Now, SystemClock
from tests.hub.console.caller import Caller, Reply

PASSWORD = "correct horse"


class Ahead(SystemClock):
    """The machine's clocks, moved on by hand: a code is good for 30 s."""

    ahead_s = 0

    def now(self) -> Now:
        now = super().now()
        return Now(now.mono + self.ahead_s, now.wall + self.ahead_s * 1000)


def text(reply: Reply) -> str:
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", reply.text)).split())


def offered(page: Reply) -> pyotp.TOTP:
    """Return a phone that has read the picture of a page."""
    found = re.search(r'class="letters">([A-Z2-7 ]+)<', page.text)
    assert found, page.text
    return pyotp.TOTP(found[1].replace(" ", ""))


def set_up(caller: Caller, clock: Ahead, **more: str) -> tuple[pyotp.TOTP, list[str]]:
    """Set up a second factor as the page asks; returns what the phone then has, and the paper."""
    page = caller.get("/account/second-factor", **more)
    phone = offered(page)
    fields = {"csrf": page.field("csrf"), "secret": page.field("secret"), "password": PASSWORD}
    done = caller.form("/account/second-factor", {**fields, "code": code_of(phone, clock)}, **more)
    assert done.status == 200, text(done)
    codes = re.findall(r"<li><code>([^<]+)</code>", done.text)
    assert len(codes) == 8
    clock.ahead_s += 30  # the code that set it up is taken
    return phone, codes


def code_of(phone: pyotp.TOTP, clock: Ahead) -> str:
    return phone.at(clock.now().wall // 1000)


def show_code(caller: Caller, page: Reply, code: str, **more: str) -> Reply:
    """Answer the page that asks for a code."""
    fields = {"csrf": page.field("csrf"), "code": code, "next": "/troubles"}
    return caller.form("/sign-in/code", fields, **more)
