"""From a press over a real broker and hub to pysiaalarm, an alarm receiver that is not ours."""

from __future__ import annotations

from pathlib import Path

import pytest
from pysiaalarm import CommunicationsProtocol, SIAAccount, SIAClient, SIAEvent

from tests.hub.dc09.judge import KEYS
from tests.mosquitto import HOST, free_port
from tests.site import Site, until

pytestmark = pytest.mark.broker

AGREED = (
    'mou = { agency = "County", consented_by = "Sheriff Moss", permit = "A-1", review = 2100-01-01,'
    ' kinds = ["panic", "duress"], contacts = ['
    + ", ".join(f'{{ name = "{name}", phone = "555 010 0199" }}' for name in ("Lee", "Ortiz", "Okafor"))
    + "] }\n"
)


def test_a_press_its_cancel_and_restoral_reach_a_station_over_a_kill(tmp_path: Path) -> None:
    """Enciphered: the alarm with its room, after a kill the cancel with who said so, and the restoral."""
    events: list[SIAEvent] = []
    port = free_port()
    key = tmp_path / "key"
    key.touch(0o600)
    key.write_text(KEYS[256].encode().hex())
    station = (
        f'channels.station = {{ type = "dc-09", address = "{HOST}:{port}", account = "12AB",'
        f' key_file = "{key}", test_every_h = 24 }}\n'
    )
    account = SIAAccount("12AB", KEYS[256])
    client = SIAClient(HOST, port, [account], events.append, CommunicationsProtocol.TCP)

    def heard(code: str) -> SIAEvent:
        return until(code, lambda: next((one for one in events if one.code == code), None))

    with Site(tmp_path, rooms=2, hub=False) as site, client:
        text = site.hub_toml.read_text().replace('["hook"]', '["hook", "station"]')
        site.hub_toml.write_text(text.replace("audiences.sro", f"{AGREED}{station}audiences.sro"))
        site.start_hub()
        assert heard("RP").account == "12AB"  # a NULL, or the periodic test
        press = site.event("room-102", "desk", label="desk")
        site.send(press)
        alarm = heard("PA")
        assert alarm.message == "5^Room 102 (desk), Main bldg, floor 1^"
        assert alarm.encrypted
        site.hub.kill()
        site.start_hub()
        [incident] = site.ask("incidents")["incidents"]
        site.ask(f"incidents/{incident['id']}/resolve", {"disposition": "false-alarm"})
        cancel, restoral = heard("OC"), heard("PH")
        assert cancel.message is not None
        assert cancel.message.startswith("0^False alarm, says ")
        assert restoral.message == "5^Room 102 (desk), Main bldg, floor 1^"
        assert int(cancel.sequence or 0) > int(alarm.sequence or 0)
        assert [one.code for one in events if one.code in ("PA", "OC", "PH")] == ["PA", "OC", "PH"]
        timeline = site.ask(f"incidents/{incident['id']}")["timeline"]
        said = [row["reason"] for row in timeline if row["what"] == "delivered" and "ACK" in row["reason"]]
        assert any(words.startswith("E120 zone 5: ACK") for words in said)
        assert any(words.startswith("E406, R120 zone 5: ACK") for words in said)
