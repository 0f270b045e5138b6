"""The lamp's patterns as a picture and a table, from the very data that the lamp plays."""

from __future__ import annotations

from collections.abc import Iterator

from device.lamp import PATTERNS, Pattern
from docs.drawing import svg

SECONDS = 16
LEFT, SCALE = 350, 32
ROW = 56
SMALL, LINE = 12, 14


def lit(pattern: Pattern, until: float) -> Iterator[tuple[float, float]]:
    """Return when the light is on, as (from, to) in seconds, up to ``until``."""
    at = 0.0
    while at < until:
        for step in pattern.steps:
            is_last = step is pattern.steps[-1]
            end = until if is_last and not pattern.repeats else at + step.seconds
            if step.level > 0 and end > at:
                yield at, min(end, until)
            at = end
            if at >= until:
                return


def picture() -> str:
    """Return the SVG: a row a pattern, light over time."""
    width, height = LEFT + SECONDS * SCALE + 30, 50 + ROW * len(PATTERNS) + 34
    shapes = []
    bottom = 42 + ROW * len(PATTERNS)
    for second in range(0, SECONDS + 1, 2):
        x = LEFT + second * SCALE
        shapes += [
            svg.line(x, 34, x, bottom),
            svg.text(x, 24, f"{second} s", size=12, pale=True, anchor="middle"),
        ]
    for i, pattern in enumerate(PATTERNS.values()):
        top = 44 + i * ROW
        name, _, rest = pattern.words.partition(": ")
        shapes.append(svg.text(16, top + 16, name, bold=True))
        sentences = rest.replace(". ", ".\n").splitlines()
        for n, sentence in enumerate(sentences):
            shapes.append(svg.text(16, top + 31 + LINE * n, sentence, size=SMALL, pale=True))
        shapes.append(svg.box(LEFT, top + 8, SECONDS * SCALE, 20, fill="#eef1f4"))
        shapes += [
            svg.box(LEFT + start * SCALE, top + 4, (end - start) * SCALE, 28, fill=svg.GLOW, rx=2)
            for start, end in lit(pattern, SECONDS)
        ]
        if pattern.repeats or pattern.steps[-1].level > 0:
            shapes.append(svg.text(LEFT + SECONDS * SCALE + 8, top + 23, "…", pale=True))
    note = "Orange: lit, dimly. Time runs to the right, from the moment the lamp begins to say it; … goes on."
    shapes.append(svg.text(16, bottom + 26, note, size=12, pale=True))
    return svg.page(width, height, "What the lamp shows", shapes)


def table() -> str:
    """Return the patterns as a Markdown table, for readers without pictures."""
    lines = ["| the lamp | it says |", "| --- | --- |"]
    return "\n".join(lines + [f"| {_rhythm(p)} | {p.words} |" for p in PATTERNS.values()])


def _rhythm(pattern: Pattern) -> str:
    lights = [step for step in pattern.steps if step.level > 0]
    if len(pattern.steps) == 1:
        return "steady, dim"
    whole = sum(step.seconds for step in pattern.steps)
    if pattern.repeats and whole <= 1:
        return "blinks on and on"
    if pattern.repeats:
        first = lights[0].seconds
        flash = "a short flash" if len(lights) == 1 else "two short flashes"
        return f"{flash if first < 0.5 else f'lit for {first:g} s'} every {whole:g} s"
    if lights[0].seconds > 0.5:
        return "one long blink, then dark"
    count = {1: "one short blink", 2: "two short blinks", 3: "three short blinks"}[len(lights)]
    return f"{count}, then dark"
