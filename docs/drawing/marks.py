"""The part of a page that is drawn from the code: between ``<!-- drawn: NAME -->`` and ``<!-- end -->``."""

from __future__ import annotations

import re


def replaced(text: str, name: str, drawn: str) -> str:
    """Return the page with what stands between the marks replaced; raises ``LookupError`` without them."""
    pattern = re.compile(rf"(<!-- drawn: {re.escape(name)}[^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
    if len(pattern.findall(text)) != 1:
        raise LookupError(f"no one place for {name!r} in the page")
    return pattern.sub(lambda found: f"{found[1]}{drawn.rstrip()}\n{found[2]}", text)
