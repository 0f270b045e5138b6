"""``scripts/faults fuzz``: hostile messages through all that decides; exit code 0 if each left its trace."""

from __future__ import annotations

import argparse
import sys
import time
from random import Random

from tests.faults.hostile import Attacker
from tests.faults.judge import Judge

MANY = 1_000_000
SITE_FOR = 100_000
"""Messages that one site takes before another begins."""


def main(words: list[str] | None = None) -> int:
    """Send them, and print what became of them."""
    parser = argparse.ArgumentParser(prog="scripts/faults fuzz", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="the same seed, the same messages")
    parser.add_argument("--messages", type=int, default=MANY)
    given = parser.parse_args(words)
    began = time.monotonic()
    became: dict[str, int] = {}
    attacker, pick = Attacker(given.seed), Random(given.seed)
    judge = Judge()
    for n in range(1, given.messages + 1):
        message = attacker.next()
        try:
            judge.take(message)
            if pick.random() < 0.01:
                judge.wait(pick.expovariate(0.2))
            if pick.random() < 0.0005:
                judge.people_end_all()
        except Exception as error:
            print(f"message {n} of seed {given.seed}: {error!r}\n{message}", flush=True)
            return 1
        if n % SITE_FOR == 0 or n == given.messages:
            for what, count in judge.became.items():
                became[what] = became.get(what, 0) + count
            print(f"[{time.monotonic() - began:5.0f} s] {n} messages", file=sys.stderr, flush=True)
            judge = Judge()
    for what in sorted(became):
        print(f"{became[what]:>9} {what}")
    print(f"{sum(became.values()):>9} messages, no crash, none without a trace")
    return 0


if __name__ == "__main__":
    sys.exit(main())
