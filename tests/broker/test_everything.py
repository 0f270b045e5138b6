"""One press with every far side real: webhook, texts, a phone, mail, CAP, an alarm receiver not ours."""

from __future__ import annotations

import os
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import trustme
from pysiaalarm import CommunicationsProtocol, SIAAccount, SIAClient, SIAEvent

from hub.cap.document import NAMESPACE
from hub.store.engine import open_engine, sqlite_url
from hub.store.migrate import bring_up
from hub.store.phones import Phones
from tests.broker.test_station import AGREED
from tests.hub.channels.receiver import Answer, Receiver
from tests.hub.channels.test_apprise import Mailbox
from tests.hub.channels.test_web_push import Browser
from tests.hub.console.caller import Caller
from tests.modem import PtyModem
from tests.mosquitto import HOST, free_port
from tests.site import Site, until

pytestmark = pytest.mark.broker
SMITH = "+15550100001"


def settings(text: str, modem: PtyModem, mails: Path, station: int, county: str) -> str:
    """Return a site's settings with everybody in them."""
    channels = (
        f'channels.sms = {{ type = "modem", device = "{modem.path}", numbers = {{ smith = "{SMITH}" }} }}\n'
        f'channels.mail = {{ type = "apprise", targets_file = "{mails}" }}\n'
        f'channels.station = {{ type = "dc-09", address = "{HOST}:{station}", account = "12AB" }}\n'
        f'channels.county = {{ type = "cap", url = "{county}", sender = "hub@a.example.org", area = "A" }}\n'
        'channels.push = { type = "push", contact = "mailto:it@a.example.org", services = ["localhost"] }\n'
        'people.smith = { name = "Officer Smith", reach = ["sms/smith"] }\n'
        'people.reyes = { name = "Officer Reyes", reach = ["push/reyes"] }\n'
    )
    text = text.replace('channels = ["hook"] }', 'channels = ["hook"], members = ["smith", "reyes"] }')
    text = text.replace("console = {", 'console = { public_url = "https://a.example.org",')
    text = text.replace("walk_tests =", f"{AGREED}{channels}walk_tests =")
    audiences = 'audiences.dispatch = { channels = ["station", "county"] }\n'
    audiences += 'audiences.administration = { channels = ["mail"] }\n'
    text = text.replace("audiences.sro", f"{audiences}audiences.sro")
    return text.replace('notify = ["sro"]', 'notify = ["sro", "administration", "dispatch"]')


def signed_up(data: Path, browser: Browser, port: int) -> None:
    """Have a store in which a phone of Officer Reyes has signed up."""
    data.mkdir(mode=0o700, parents=True)
    url = sqlite_url(data)
    engine = open_engine(url)
    bring_up(engine, url, data)
    Phones(engine, Site.name).add(browser.phone(port))
    engine.dispose()


def test_a_press_reaches_everybody_and_a_text_acknowledges_for_all(tmp_path: Path) -> None:
    """Each is told, hears who has it in hand and how it ended; dispatch gets its restoral only then."""
    events: list[SIAEvent] = []
    port = free_port()
    client = SIAClient(HOST, port, [SIAAccount("12AB")], events.append, CommunicationsProtocol.TCP)
    mails = tmp_path / "mail"
    authority, browser, pem = trustme.CA(), Browser(), tmp_path / "push.pem"
    authority.issue_cert("localhost").private_key_and_cert_chain_pem.write_to_path(pem)
    authority.cert_pem.write_to_path(tmp_path / "authority.pem")
    with (
        Mailbox() as mailbox,
        Receiver() as county,
        client,
        PtyModem(tmp_path / "modem") as modem,
        Receiver([Answer(201)], tls=True, certificate=pem) as push,
    ):
        mails.touch(0o600)
        mails.write_text(f"Okafor = {mailbox.url('okafor')}\n")
        with Site(tmp_path / "site", rooms=2, hub=False) as site:
            site.hub_toml.write_text(settings(site.hub_toml.read_text(), modem, mails, port, county.url))
            signed_up(site.hub_data, browser, push.port)
            site.hub.environment = {**os.environ, "SSL_CERT_FILE": str(tmp_path / "authority.pem")}
            site.start_hub()
            site.send(press := site.event("room-101", "desk", label="desk"))

            def text(begins: str) -> str:
                seen = lambda: [one.text for one in modem.modem.seen]  # noqa: E731
                return until(
                    f"a text: {begins}", lambda: next((s for s in seen() if s.startswith(begins)), None), 30
                )

            def mail(begins: str) -> str:
                said = lambda: [str(one["subject"]) for one in mailbox.mails]  # noqa: E731
                return until(
                    f"a mail: {begins}", lambda: next((s for s in said() if s.startswith(begins)), None), 30
                )

            def phone(begins: str) -> dict[str, object]:
                said = lambda: [browser.reads(one) for one in push.requests]  # noqa: E731
                return until(
                    f"a phone: {begins}",
                    lambda: next((s for s in said() if str(s["title"]).startswith(begins)), None),
                )

            def cap() -> list[str | None]:
                found = [ET.fromstring(request.body) for request in county.requests]
                return [one.findtext(f"{{{NAMESPACE}}}msgType") for one in found]

            def codes() -> list[str | None]:
                return [event.code for event in events if event.code in ("PA", "OC", "PH")]

            assert site.sink.told(press["id"]).type == "incident.opened"
            reply = text("PANIC Room 101").partition("Reply ")[2]
            mail("PANIC Room 101 (desk)")
            page = Caller(site.console_port).get(str(phone("PANIC Room 101 (desk)")["open"]))
            assert "as Officer Reyes" in page.text
            until("the station has it", lambda: codes() == ["PA"])
            until("the county has it", lambda: cap() == ["Alert"])

            modem.receive(SMITH, reply)
            [one] = until(
                "it is acknowledged",
                lambda: [one for one in site.ask("incidents")["incidents"] if one["acknowledged"]],
            )
            assert (one["acknowledged"]["by"], one["acknowledged"]["via"]) == ("Officer Smith", "text")
            text("PANIC acknowledged")
            mail("PANIC acknowledged")
            phone("PANIC acknowledged")
            until("the webhook hears it", lambda: site.sink.posts[-1].type == "incident.acknowledged")
            until("the county hears it", lambda: cap() == ["Alert", "Update"])
            assert codes() == ["PA"]  # no restoral for an answer

            site.ask(f"incidents/{one['id']}/resolve", {"disposition": "real"})
            assert "Resolved" in text("PANIC resolved") or "real" in text("PANIC resolved")
            mail("PANIC resolved")
            assert phone("PANIC resolved")["over"]
            until("the webhook hears the end", lambda: site.sink.posts[-1].type == "incident.resolved")
            until("the county hears the end", lambda: cap() == ["Alert", "Update", "Update"])
            until("the station has its restoral", lambda: codes() == ["PA", "PH"])
