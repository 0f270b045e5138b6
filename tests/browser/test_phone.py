"""Web Push on a phone: over TLS under a host name, by an authority that this browser alone trusts.

Debian's Chromium reaches no push service here, so no phone is signed up to the end: what a push service would
hand on is handed to the service worker by the browser's own tools, and the subscription it has is made up.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme
from msgspec.structs import replace
from playwright.sync_api import Browser, BrowserContext, Page, Worker, expect

from config.console_settings import ConsoleSettings, HttpsSettings
from hub.console.tls import Certificate
from hub.webpush.message import payload_of
from tests.browser.chromium import ARGS, PHONE, signed_in
from tests.browser.conftest import NAME, PASSWORD
from tests.browser.test_layout import well_made
from tests.hub.channels.making import delivery
from tests.hub.console.busy import can_sign_up, phone_of
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.test_phones import owe
from tests.hub.console.test_tls import Secure
from tests.site import until

pytestmark = pytest.mark.browser
HOST = "tocsin.lincoln.example.org"


@pytest.fixture
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture
def url(desk: FrontDesk, authority: trustme.CA, tmp_path: Path) -> Iterator[str]:
    """The console by TLS, with a certificate for its name."""
    certificate, key = tmp_path / "console.pem", tmp_path / "console.key"
    issued = authority.issue_cert(HOST)
    certificate.write_bytes(issued.cert_chain_pems[0].bytes())
    issued.private_key_pem.write_to_path(key)
    can_sign_up(desk, NAME)
    https = HttpsSettings(cert_file=certificate, key_file=key)
    desk.settings = replace(
        desk.settings, console=ConsoleSettings(https=https, public_url=f"https://{HOST}", session_h=24)
    )
    with Secure(desk, Certificate(desk.settings, desk.tell)) as secure:
        yield f"https://{HOST}:{secure.https.listens_at}"


@pytest.fixture
def phone(browser: Browser, authority: trustme.CA, tmp_path: Path) -> Iterator[BrowserContext]:
    """A browser with a store of trusted authorities of its own."""
    if shutil.which("certutil") is None:
        pytest.skip("no certutil is installed: apt install libnss3-tools")
    store, pem = tmp_path / "home" / ".pki" / "nssdb", tmp_path / "authority.pem"
    store.mkdir(parents=True)
    authority.cert_pem.write_to_path(pem)
    for words in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "school", "-i", str(pem)]):
        subprocess.run(["certutil", "-d", f"sql:{store}", *words], check=True)
    context = browser.browser_type.launch_persistent_context(
        tmp_path / "profile",
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"),
        args=[*ARGS, f"--host-resolver-rules=MAP {HOST} 127.0.0.1"],
        env={**os.environ, "HOME": str(tmp_path / "home")},
        permissions=["notifications"],
        **PHONE,
    )
    try:
        yield context
    finally:
        context.close()


def begun(page: Page, context: BrowserContext) -> Worker:
    """Have the page's service worker begin, as signing up does."""
    page.evaluate("navigator.serviceWorker.register('/static/push_worker.js')")
    until("the service worker", lambda: bool(context.service_workers))
    (worker,) = context.service_workers
    until("an active service worker", lambda: worker.evaluate("self.registration.active !== null"))
    return worker


def shown(worker: Worker) -> list[dict[str, Any]]:
    """Return the notifications that stand on the phone."""
    found: list[dict[str, Any]] = worker.evaluate(
        "async () => (await self.registration.getNotifications())"
        ".map(({ title, body, tag, data, actions }) => ({ title, body, tag, data, actions }))"
    )
    return found


def push(page: Page, url: str, data: str) -> None:
    """Hand the service worker a message, as the browser does that has one from its push service."""
    tools = page.context.new_cdp_session(page)
    ids: list[str] = []
    tools.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: ids.extend(one["registrationId"] for one in event["registrations"]),
    )
    tools.send("ServiceWorker.enable")
    until("the worker's registration", lambda: bool(ids) or page.evaluate("false"))
    tools.send("ServiceWorker.deliverPushMessage", {"origin": url, "registrationId": ids[-1], "data": data})


def test_a_call_stands_on_the_phone_with_its_room(url: str, phone: BrowserContext, desk: FrontDesk) -> None:
    """What is newer takes its place; it opens a page and answers nothing; what can't be read is shown."""
    page = signed_in(phone, url, NAME, PASSWORD)
    worker = begun(page, phone)
    push(page, url, payload_of(delivery(1), "UTC", "/go/x.y").decode())
    until("the notification", lambda: bool(shown(worker)))
    (told,) = shown(worker)
    assert told["title"] == "PANIC Room 101 (desk), Main bldg, floor 1, 02:02:11"
    assert (told["tag"], told["data"]) == ("i-1", {"open": "/go/x.y"})
    assert told["actions"][0]["title"] == "Answer…"
    push(page, url, payload_of(delivery(2, kind="incident.resolved"), "UTC", None).decode())
    until("the resolution", lambda: "resolved" in shown(worker)[0]["title"])
    push(page, url, "no JSON")
    until("what can't be read", lambda: {one["tag"] for one in shown(worker)} == {"i-1", "unread"})


def test_what_was_missed_is_shown_once_the_phone_is_back(
    url: str, phone: BrowserContext, desk: FrontDesk
) -> None:
    """Of calls that nobody has in hand; its link is answered on that phone without a password."""
    made = phone_of(NAME)
    desk.phones.add(made)
    one = desk.press("room-104", "wall")
    owe(desk, one, NAME)
    page = signed_in(phone, url, NAME, PASSWORD)
    worker = begun(page, phone)
    assert shown(worker) == []
    worker.evaluate(
        "({ endpoint, auth }) => { PushManager.prototype.getSubscription = async () => "
        "({ endpoint, getKey: () => new TextEncoder().encode(auth) }); }",
        {"endpoint": made.endpoint, "auth": "sixteen letters."},
    )
    page.goto(f"{url}/account/phone")
    until("what was missed", lambda: bool(shown(worker)) or page.evaluate("false"))
    (told,) = shown(worker)
    assert "PANIC Room 104" in told["title"]
    phone.clear_cookies()
    assert desk.view.incidents[one.id].state == "open"
    page.goto(url + told["data"]["open"])
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_role("alert")).to_contain_text("is in hand")
    found = desk.view.incidents[one.id].acknowledged
    assert found is not None
    assert (found.by, found.via) == (f"Officer {NAME}", "link")


def test_a_phone_asks_its_browser_first(url: str, phone: BrowserContext, desk: FrontDesk) -> None:
    """As far as there is no push service: the page says why not, and the hub keeps nothing."""
    desk.phones.add(phone_of(NAME))
    page = signed_in(phone, url, NAME, PASSWORD)
    page.goto(f"{url}/account/phone")
    assert page.evaluate("window.isSecureContext")
    well_made(page, "/account/phone")
    page.get_by_role("button", name=re.compile("Sign this phone up")).click()
    expect(page.locator("#push-words")).to_contain_text("Not signed up: ", timeout=40_000)
    assert len(desk.phones.of(NAME)) == 1
    page.get_by_role("button", name=re.compile("Sign it off")).click()
    expect(page.locator("#said")).to_contain_text("told no more")
    assert desk.phones.of(NAME) == []
