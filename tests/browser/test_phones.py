"""The page of simulated phones, as it is seen and touched."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from hub.modem.simulated import Seen, SimulatedModem
from hub.phones.line import ModemLine
from hub.phones.simulate import Page as Server
from hub.phones.simulate import Phones
from hub.sms.pdu import Deliver, read
from tests.browser.chromium import DESK, PHONE
from tests.site import until

pytestmark = pytest.mark.browser
OFFICER, PRINCIPAL = "+15550100001", "+15550100002"


@pytest.fixture
def line(tmp_path: Path) -> Iterator[ModemLine]:
    with ModemLine(tmp_path / "modem", SimulatedModem()) as line:
        yield line


@pytest.fixture(params=["phone", "desk"])
def page(browser: Browser, line: ModemLine, request: pytest.FixtureRequest) -> Iterator[Page]:
    phones = Phones(line, {"officer": OFFICER, "principal": PRINCIPAL})
    server = Server(0, phones)
    for what in (server.serve_forever, phones.run):
        threading.Thread(target=what, daemon=True).start()
    context = browser.new_context(**(PHONE if request.param == "phone" else DESK))  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(f"http://127.0.0.1:{server.server_address[1]}/")
    yield page
    context.close()
    phones.end()
    server.shutdown()
    server.server_close()


def test_a_text_is_read_and_answered(page: Page, line: ModemLine) -> None:
    """Whatever stands in it is text."""
    line.modem.seen.append(Seen(OFFICER, "<b>PANIC</b> Room 101. Reply ACK 41 73", (1,)))
    expect(page.get_by_text("<b>PANIC</b> Room 101. Reply ACK 41 73")).to_be_visible()
    page.get_by_label("Reply from officer's phone").fill("ACK 41 73")
    page.get_by_role("region", name="officer").get_by_role("button", name="Send").click()
    until("it comes to the modem", lambda: line.modem.held)
    came = read(bytes.fromhex(line.modem.held[1]))
    assert isinstance(came, Deliver)
    assert (came.sender, came.part.text) == (OFFICER, "ACK 41 73")


def test_a_phone_rings_and_a_key_is_pressed(page: Page, line: ModemLine) -> None:
    """One thing to do at a time; nothing is wider than the screen, and a reader finds its way."""
    line.modem.call = (PRINCIPAL, 3)
    phone = page.get_by_role("region", name="principal")
    expect(phone.get_by_text("The school's number rings.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    found = Axe().run(page).response["violations"]
    assert found == [], [fault["id"] for fault in found]
    expect(phone.get_by_role("button", name="Press 1")).to_be_hidden()
    phone.get_by_role("button", name="Answer").click()
    phone.get_by_role("button", name="Press 1").click()
    phone.get_by_role("button", name="Hang up").click()
    until("it is over", lambda: line.modem.call is None)
    expect(phone.get_by_text("The school's number")).to_be_hidden()
