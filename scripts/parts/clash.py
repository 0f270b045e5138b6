"""Whether another distribution brings a top-level package of ours; run by a venv's own Python.

``device``, ``hub`` and ``config`` are plain names (docs/decisions/0010-top-level-packages.md). pip
says nothing when two distributions write the same files: the later one wins, in silence.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from importlib.metadata import packages_distributions

OURS = ("config", "device", "hub")


def clashes(found: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield what is wrong; ``found`` names the distributions that bring each top-level package."""
    for name in OURS:
        owners = sorted({owner.lower() for owner in found.get(name, ())})
        if owners != ["tocsin"]:
            said = " and ".join(owners) or "no distribution"
            yield f"the package {name!r} comes from {said}; allowed: tocsin alone"


if __name__ == "__main__":
    wrong = list(clashes(packages_distributions()))
    for line in wrong:
        print(f"{sys.prefix}: {line}", file=sys.stderr)
    sys.exit(1 if wrong else 0)
