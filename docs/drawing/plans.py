"""The default plans as a table to read."""

from __future__ import annotations

from config.plan_settings import DEFAULT_PLANS, StepSettings


def table() -> str:
    """Return the plans of a school that sets none."""
    lines = ["| kinds | who is told, and when |", "| --- | --- |"]
    for plan in DEFAULT_PLANS.values():
        steps = "; ".join(_words(step) for step in plan.steps)
        doors = f" ({', '.join(plan.doors)})" if plan.doors else ""
        lines.append(f"| {', '.join(plan.kinds)}{doors} | {steps} |")
    return "\n".join(lines)


def _words(step: StepSettings) -> str:
    again = f", again every {step.repeat_s:g} s" if step.repeat_s else ""
    return f"at {step.after_s:g} s {' and '.join(f'`{audience}`' for audience in step.notify)}{again}"
