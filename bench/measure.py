"""Percentiles and tables."""

from __future__ import annotations

import math
from collections.abc import Sequence


def percentile(sorted_values: Sequence[float], share: float) -> float:
    """Return the nearest-rank percentile of sorted values; ``share`` from 0 to 1."""
    rank = max(math.ceil(share * len(sorted_values)), 1)
    return sorted_values[rank - 1]


def summary(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return p50, p95, p99 and max of latencies in ms, rounded to 0.01."""
    ordered = sorted(milliseconds)
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "max": 1.0}
    return {name: round(percentile(ordered, share), 2) for name, share in shares.items()}


def table(rows: dict[str, dict[str, float]]) -> str:
    """Return rows of figures as a Markdown table."""
    columns = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = ["| what | " + " | ".join(columns) + " |", "| --- |" + " ---: |" * len(columns)]
    lines += [
        f"| {what} | " + " | ".join(str(row.get(column, "")) for column in columns) + " |"
        for what, row in rows.items()
    ]
    return "\n".join(lines)
