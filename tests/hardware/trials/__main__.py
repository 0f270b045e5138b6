"""Takes orders over the second serial line: a trial's name and arguments, as one line of JSON."""

from __future__ import annotations

import contextlib
import importlib
import json
import traceback
import tty
from pathlib import Path
from typing import Any

from trials import room

HOST = Path("/mnt/host")


def run(trial: str, given: dict[str, Any]) -> dict[str, Any]:
    """Run one trial; a fault is reported with what the agent said."""
    module, _, function = trial.partition(".")
    try:
        return {"report": getattr(importlib.import_module(f"trials.{module}"), function)(**given)}
    except Exception:
        return {"fault": f"{traceback.format_exc()}\nThe agent's journal:\n{room.journal(last=80)}"}


def main() -> None:
    """Say ``here``, and ``done`` after each trial, whose answer then lies in the shared folder."""
    with Path("/dev/ttyS1").open("r+b", buffering=0) as orders:
        tty.setraw(orders)
        orders.write(b"here\n")
        for line in iter(orders.readline, b""):
            trial, given = json.loads(line)
            with (HOST / "log").open("a") as log, contextlib.redirect_stdout(log):
                print(f"--- {trial} {given}", flush=True)
                answer = run(trial, given)
            (HOST / "answer.json").write_text(json.dumps(answer))
            orders.write(b"done\n")


main()
