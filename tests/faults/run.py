"""``scripts/faults``: one campaign of all faults; exit code 0 only if nothing was lost."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.faults.campaign import FAULTS, KILLS, Fault, run

SHORT: dict[Fault, int] = {**dict.fromkeys(FAULTS, 4), **dict.fromkeys(KILLS, 12)}
"""About two minutes; under four even on a busy machine."""
WHOLE: dict[Fault, int] = {**dict.fromkeys(FAULTS, 20), **dict.fromkeys(KILLS, 100)}


def main(words: list[str] | None = None) -> int:
    """Run a campaign and print its account."""
    parser = argparse.ArgumentParser(prog="scripts/faults", description=__doc__)
    parser.add_argument("--seed", type=int, required=True, metavar="N", help="the same seed, the same faults")
    parser.add_argument("--short", action="store_true", help="a few of each fault: under four minutes")
    given = parser.parse_args(words)
    folder = Path(tempfile.mkdtemp(prefix="tocsin-faults-"))
    began = time.monotonic()

    def say(text: str) -> None:
        print(f"[{time.monotonic() - began:5.0f} s] {text}", file=sys.stderr, flush=True)

    faults = SHORT if given.short else WHOLE
    say(f"seed {given.seed}: " + ", ".join(f"{count} x {fault}" for fault, count in faults.items()))
    try:
        account = run(folder, given.seed, faults, 0.3 if given.short else 1.0, say)
    except AssertionError as error:
        print(f"stopped: {error}\nwhat it left: {folder}", flush=True)
        return 1
    print(account)
    for wrong in account.wrong:
        print(wrong)
    if account.wrong:
        print(f"{len(account.wrong)} faults; what it left: {folder}", flush=True)
        return 1
    print("nothing was lost, nothing came twice", flush=True)
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
