"""What ``check`` finds of one thing."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass
class Found:
    """Lines to be shown, doubts, and what keeps the agent from working."""

    lines: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Take what another has, but for its lines, which are shown where they are found."""
        self.warnings += other.warnings
        self.faults += other.faults
