"""A real hub that is backed up while presses come, dies with disk and broker, and is restored elsewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.site import ROOT, Site

pytestmark = pytest.mark.broker


def hub(site: Site, command: str, *words: str) -> subprocess.CompletedProcess[str]:
    run = [sys.executable, "-m", "hub.cli", command, *words, "--config", str(site.hub_toml)]
    return subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=False)


def set_up(site: Site) -> Path:
    """Give the site a key, and a folder for its backups; returns the key."""
    key, to = site.folder / "key", site.folder / "backups"
    to.mkdir()
    assert hub(site, "backup-key", "--to", str(key)).returncode == 0
    public = re.search(r"age1\w+", key.read_text())
    assert public
    text = site.hub_toml.read_text()
    lines = f'backup = {{ to = "{to}", recipient = "{public[0]}" }}\n'
    site.hub_toml.write_text(text.replace("walk_tests =", f"{lines}walk_tests =", 1))
    return key


def head(site: Site) -> str:
    return hub(site, "record-head").stdout.strip()


def test_another_box_takes_over(tmp_path: Path) -> None:
    """No press waits for the backup; the restored hub knows what it must, and goes on."""
    with Site(tmp_path, hub=False) as site:
        key = set_up(site)
        site.start_hub()
        site.ask("incidents")  # which makes the token, so that it is in the backup
        first = site.send(site.event())
        site.sink.told(first)
        site.wait_receipt(first)

        stop, waited = threading.Event(), list[float]()

        def press_on() -> None:
            while not stop.is_set():
                began = time.monotonic()
                site.wait_receipt(site.send(site.event("room-102")))
                waited.append(time.monotonic() - began)

        presses = threading.Thread(target=press_on)
        presses.start()
        try:
            done = hub(site, "backup")
        finally:
            stop.set()
            presses.join()
        assert done.returncode == 0, done.stderr
        assert "read back" in done.stdout
        assert len(waited) > 3
        assert max(waited) < 2.0, "a press waited for the backup"
        (file,) = (site.folder / "backups").iterdir()

        lost = site.send(site.event("room-103"))  # which the backup doesn't have
        site.wait_receipt(lost)
        noted = head(site)
        number = max(n for (n,) in site.rows("select number from incidents"))
        before = len(site.sink.posts)

        # The box burns: the hub, its disk, its broker's.
        site.hub.kill()
        site.ear.close()
        site.broker.kill()
        shutil.rmtree(site.hub_data)
        for path in site.broker.folder.glob("*.db*"):
            path.unlink()
        site.broker.start()
        site.ear = type(site.ear)(site.broker, f"tocsin/v1/{site.name}/#").open()

        done = hub(site, "restore", str(file), "--key-file", str(key))
        assert done.returncode == 0, done.stderr
        assert "Restored: epoch 2 of site school" in done.stdout
        site.start_hub()

        # What was open in the backup goes on under its own id: no first notice is said again, and at most
        # the one update that was owed at the backup's moment.
        (incident,) = site.ask("incidents?state=open")["incidents"]
        assert incident["number"] <= number
        again = [post.type for post in site.sink.posts[before:]]
        assert again in ([], ["incident.updated"])
        assert "restored" in site.troubles()
        assert not [m for m in site.ear.messages if m.topic.endswith("/posture") and m.payload]

        # A room sends again what the backup had, and what it hadn't; and presses go on.
        heard = len(site.ear.messages)
        site.send({**site.event(), "id": first})
        site.wait_receipt(first, after=heard)
        pressed = site.send(site.event("room-101", zone="desk"))
        site.sink.told(pressed, after=before)
        site.ask(f"incidents/{incident['id']}/resolve", {"disposition": "real"})
        site.wait_receipt(site.send(site.event("room-101")))
        (new,) = site.ask("incidents?state=open")["incidents"]
        assert new["number"] > number + 1000

        # A person says which posture holds; then rooms are told.
        site.ask("posture", {"posture": "secure"})
        site.ear.wait_for(lambda m: m.topic.endswith("/posture") and m.json["posture"] == "secure", 5.0)

        whole = hub(site, "verify-record")
        assert whole.returncode == 0, whole.stdout
        assert "restored from the backup of" in whole.stdout
        missing = hub(site, "verify-record", "--head", noted)
        assert missing.returncode == 1
        assert "of the head that was noted, is lost: the backup of" in missing.stdout
