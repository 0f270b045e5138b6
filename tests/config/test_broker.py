"""The broker's settings, judged by a real mosquitto."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import broker
from config.broker import Place
from tests.mosquitto import Mosquitto, Wire, free_port

TOPIC = "tocsin/v1/site/room-101/event"


@pytest.mark.broker
@pytest.mark.parametrize("place", ["demo", "front-desk"])
def test_mosquitto_takes_the_settings_of_each_place(tmp_path: Path, place: Place) -> None:
    """Both templates start a broker that takes an anonymous client on loopback, with a blank in its path."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    port = free_port()
    conf = broker.settings(place, port=port, folder=folder, user=broker.own_user())
    with Mosquitto(folder, port=port, conf=conf) as running, Wire(running) as wire:
        wire.publish(TOPIC, b"{}")
        wire.wait_for(lambda message: message.topic == TOPIC)
    assert (folder / "mosquitto.db").exists()
    assert "Unknown" not in running.words()
    assert "Error" not in running.words()


@pytest.mark.broker
def test_a_misspelt_option_refuses_to_start(tmp_path: Path) -> None:
    """A typo in a template can't pass silently: mosquitto names it and ends."""
    port = free_port()
    conf = broker.settings("demo", port=port, folder=tmp_path, user=broker.own_user())
    wrong = conf.replace("max_queued_messages", "max_queue_messages")
    assert wrong != conf
    with pytest.raises(AssertionError, match="Unknown configuration variable"):
        Mosquitto(tmp_path, port=port, conf=wrong).start()


@pytest.mark.broker
def test_messages_for_a_hub_that_is_away_are_not_dropped(tmp_path: Path) -> None:
    """1,500 events wait for a session that is away, as does a kill of the broker (its default drops 500)."""
    with Mosquitto(tmp_path) as running:
        with Wire(running, "tocsin/v1/site/+/event", client_id="tocsin-hub-site", clean=False):
            pass
        with Wire(running, "nothing") as sender:
            for i in range(1500):
                sender.publish(TOPIC, b"%d" % i, wait=i % 100 == 99)
            sender.publish(TOPIC, b"last")
        running.wait_stored()
        running.kill()
        running.start()
        with Wire(running, "tocsin/v1/site/+/event", client_id="tocsin-hub-site", clean=False) as hub:
            assert hub.session_present
            hub.wait_for(lambda message: message.payload == b"last")
            assert [m.payload for m in hub.messages] == [b"%d" % i for i in range(1500)] + [b"last"]


@pytest.mark.broker
def test_the_count_of_dropped_messages_can_be_read(broker: Mosquitto) -> None:
    """$SYS tells how many messages the broker dropped, which the hub turns into a trouble."""
    with Wire(broker, "$SYS/broker/publish/messages/dropped") as wire:
        assert wire.wait_for(lambda _: True, 15).payload == b"0"


@pytest.mark.broker
def test_nothing_outside_this_machine_can_connect(broker: Mosquitto) -> None:
    """It listens on loopback alone."""
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    listening = [row[1] for row in rows if row[3] == "0A" and row[1].endswith(f":{broker.port:04X}")]
    assert listening == [f"0100007F:{broker.port:04X}"]
    assert f":{broker.port:04X} " not in Path("/proc/net/tcp6").read_text()


@pytest.mark.parametrize(
    ("port", "folder", "user"),
    [
        (0, "/srv", None),
        (65536, "/srv", None),
        (1883, "relative", None),
        (1883, "/srv/x\nuser root", None),
        (1883, "/srv", "root\nallow_anonymous true"),
        (1883, "/srv", ""),
    ],
)
def test_a_value_that_a_line_cannot_hold_is_refused(port: int, folder: str, user: str | None) -> None:
    """No setting can smuggle another line in."""
    with pytest.raises(ValueError, match="allowed: "):
        broker.settings("demo", port=port, folder=Path(folder), user=user)
