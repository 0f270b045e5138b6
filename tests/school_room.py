"""One simulated room of a school as a process of its own: ``python -m tests.school_room``.

Its first argument says which, in JSON; each line that it reads taps that zone; it writes what it shows
whenever that changes, in JSON.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

from config import logs
from config.agent_settings import LinkSettings
from config.rooms import numbered_rooms
from config.shared_settings import Tls
from device.simulated_room import SimulatedRoom


def main() -> None:
    logs.set_up("info", process="agent")
    given = json.loads(sys.argv[1])
    tls = Tls(**{name: Path(file) for name, file in given["tls"].items()})
    link = LinkSettings(host=given["host"], port=given["port"], tls=tls, tls_name=given["tls_name"])
    changed = threading.Event()
    info = next(room for room in numbered_rooms(20) if room.device == given["device"])
    room = SimulatedRoom(info, given["site"], link, Path(given["data"]), changed.set)

    def tell() -> None:
        while True:
            changed.wait()
            changed.clear()
            print(json.dumps(room.look()), flush=True)

    room.plug()
    threading.Thread(target=tell, daemon=True).start()
    for line in sys.stdin:
        room.tap(line.strip())
    room.stop()


if __name__ == "__main__":
    main()
