"""The agent by itself: press to publish, idle cost, memory, start to ready.

    python -m bench.agent [--presses 200] [--idle 30] [--starts 5] [--json FILE]

An agent with mock pins and three zones runs in a process of its own, at a real mosquitto that nobody
else uses. The clock of a press runs from just before the contact closes to the moment at which the
publish has been handed to the socket, less the 40 ms for which a contact must rest: what is left is the
agent's own share. Idle is CPU time and voluntary switches of all its threads while nothing happens, with
its lamp's PWM left out, which lgpio runs. A start is timed from the process's exec to its word to
systemd that it is ready.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

from bench.measure import summary, table
from tests.mosquitto import Mosquitto

SETTLE_S = 0.040
PINS = {"wall": 17, "desk": 27, "door": 22}
AGENT = """
site = "bench"
device = "room-101"
data = "{data}"
pins = "mock"
links = [{{ port = {port} }}]
zones = [
  {{ zone = "wall", kind = "panic", circuit = "pair", pin = 17, nc_pin = 23 }},
  {{ zone = "desk", kind = "panic", circuit = "no", pin = 27 }},
  {{ zone = "door", kind = "door", circuit = "nc", pin = 22 }},
]
[lamp]
pin = 18
[log]
level = "warning"
"""


def main() -> int:
    """Measure, print a table, and write JSON if asked."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--presses", type=int, default=200)
    parser.add_argument("--idle", type=float, default=30.0, metavar="SECONDS")
    parser.add_argument("--starts", type=int, default=5)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--inside", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.inside is not None:
        return inside(options.inside, options.presses, options.idle)
    with tempfile.TemporaryDirectory() as folder, Mosquitto(Path(folder) / "broker") as broker:
        settings = Path(folder) / "agent.toml"
        settings.write_text(AGENT.format(data=Path(folder) / "data", port=broker.port))
        words = ("--presses", str(options.presses), "--idle", str(options.idle), "--inside", str(settings))
        child = subprocess.run(
            [sys.executable, "-m", "bench.agent", *words], stdout=subprocess.PIPE, text=True, check=True
        )
        rows: dict[str, dict[str, float]] = json.loads(child.stdout.splitlines()[-1])
        starts = [start_to_ready(settings, Path(folder)) for _ in range(options.starts)]
        rows["start to ready (ms)"] = summary([seconds * 1000 for seconds in starts])
    print(table(rows))
    if options.json is not None:
        options.json.write_text(json.dumps(rows, indent=1) + "\n")
    return 0


def start_to_ready(settings: Path, folder: Path) -> float:
    """Return the seconds from a process's start to READY=1."""
    address = folder / "notify"
    address.unlink(missing_ok=True)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(address))
        systemd.settimeout(30)
        began = time.monotonic()
        command = [sys.executable, "-m", "device.cli", "run", "--config", str(settings)]
        with subprocess.Popen(command, env={**os.environ, "NOTIFY_SOCKET": str(address)}) as process:
            while b"READY=1" not in systemd.recv(4096):
                pass
            taken = time.monotonic() - began
            process.terminate()
    return taken


# --- the agent's own process -------------------------------------------------------------------------------


def inside(settings_file: Path, presses: int, idle_s: float) -> int:
    """Be the agent, and press its buttons; prints its figures as JSON."""
    from config import logs
    from config.agent_checks import check_agent
    from config.agent_settings import AgentSettings
    from config.settings import load
    from device.link import Link
    from device.loop import Loop
    from device.pins import open_factory

    settings = load(settings_file, AgentSettings, check_agent)
    logs.set_up(settings.log.level, process="agent")
    factory = open_factory("mock")
    factory.pin(22).drive_low()
    published: list[float] = []
    came = threading.Event()
    publish = Link.publish

    def timed(self: Link, message: Any) -> None:
        publish(self, message)
        if message.what == "event" and b'"alarm"' in message.payload:
            published.append(time.monotonic())
            came.set()

    Link.publish = timed  # type: ignore[method-assign]
    loop = Loop(settings, lambda: factory, service=True)
    results: dict[str, dict[str, float]] = {}

    def hand() -> None:
        for pin in (22, 23):  # the door is shut, the pair at rest
            factory.pin(pin).drive_low()
        while not loop._agent.up:
            time.sleep(0.05)
        time.sleep(3.0)
        results["idle"] = idle(idle_s)
        shares: list[float] = []
        for _ in range(presses):
            published.clear()
            came.clear()
            pressed = time.monotonic()
            factory.pin(27).drive_low()
            came.wait(10.0)
            shares.append((published[0] - pressed - SETTLE_S) * 1000)
            factory.pin(27).drive_high()
            time.sleep(0.1)
        results["press to publish, own share (ms)"] = summary(shares)
        loop.stop()

    threading.Thread(target=hand, daemon=True).start()
    loop.run()
    print(json.dumps(results))
    return 0


def idle(seconds: float) -> dict[str, float]:
    """Return CPU in per cent of a core, voluntary switches a second, and resident memory, while it idles."""
    cpu, switches = time.process_time(), woken()
    began = time.monotonic()
    time.sleep(seconds)
    taken = time.monotonic() - began
    status = Path("/proc/self/status").read_text()
    resident = int(status.split("VmRSS:")[1].split()[0]) / 1024
    return {
        "CPU %": round((time.process_time() - cpu) / taken * 100, 2),
        "wake-ups/s": round((woken() - switches) / taken, 1),
        "resident MB": round(resident, 1),
    }


def woken() -> int:
    """Return the voluntary switches of all threads of this process."""
    found = 0
    for status in Path("/proc/self/task").glob("*/status"):
        found += int(status.read_text().split("voluntary_ctxt_switches:")[1].split()[0])
    return found


if __name__ == "__main__":
    sys.exit(main())
