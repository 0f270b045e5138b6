"""The few SVG shapes that the drawings need, readable on a light page and a dark one."""

from __future__ import annotations

from html import escape

INK, PALE, RULE, PAPER, GLOW = "#1f2933", "#5b6773", "#d3dae1", "#ffffff", "#d97706"
FONT = "font-family='system-ui, Segoe UI, Roboto, Helvetica, Arial, sans-serif'"


def page(width: int, height: int, title: str, shapes: list[str]) -> str:
    """Return a whole picture on paper of its own."""
    head = (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{width}' height='{height}' "
        f"viewBox='0 0 {width} {height}' role='img' {FONT}>"
    )
    paper = f"<rect width='{width}' height='{height}' rx='8' fill='{PAPER}'/>"
    return "\n".join([head, f"<title>{escape(title)}</title>", paper, *shapes, "</svg>"]) + "\n"


def text(x: float, y: float, words: str, *, size: int = 14, bold: bool = False, pale: bool = False,
         anchor: str = "start") -> str:  # fmt: skip
    """Return a line of text; ``y`` is its baseline."""
    weight = " font-weight='600'" if bold else ""
    colour = PALE if pale else INK
    return (
        f"<text x='{x:g}' y='{y:g}' font-size='{size}' text-anchor='{anchor}' fill='{colour}'{weight}>"
        f"{escape(words)}</text>"
    )


def box(
    x: float, y: float, width: float, height: float, *, fill: str, stroke: str = "none", rx: int = 0
) -> str:
    """Return a rectangle."""
    return (
        f"<rect x='{x:.2f}' y='{y:g}' width='{width:.2f}' height='{height:g}' rx='{rx}' "
        f"fill='{fill}' stroke='{stroke}'/>"
    )


def line(x1: float, y1: float, x2: float, y2: float, *, stroke: str = RULE) -> str:
    """Return a straight line."""
    return f"<line x1='{x1:g}' y1='{y1:g}' x2='{x2:g}' y2='{y2:g}' stroke='{stroke}'/>"


def arrow(path: str) -> str:
    """Return a path that ends in an arrow's head; the picture needs :data:`HEAD`."""
    return f"<path d='{path}' fill='none' stroke='{INK}' stroke-width='1.5' marker-end='url(#head)'/>"


HEAD = (
    "<defs><marker id='head' viewBox='0 0 10 10' refX='9' refY='5' markerWidth='8' markerHeight='8' "
    f"orient='auto-start-reverse'><path d='M0 0 10 5 0 10z' fill='{INK}'/></marker></defs>"
)
