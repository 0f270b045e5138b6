"""The operating guides say what the code does: every trouble, every word on a page, every query."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from config.agent_settings import UpsSerial
from config.contract import Event
from device.facts import Machine
from device.health_words import HealthWords
from hub.health_watch import RULES
from hub.own_state import AGREEMENT_RULES
from hub.own_state import RULES as OWN_RULES
from hub.store.engine import open_engine, sqlite_url
from hub.store.migrate import bring_up
from hub.trouble_words import FIELD_FLAW, HEADINGS
from tests.docs.pages import DOCS, ROOT, section

MAINTENANCE = DOCS / "guide-maintenance.md"
SPOKEN = {
    ("hub/presses.py", "what"): {"tamper", "trouble"},
    ("hub/presses.py", "f'flaw-{what}'"): {"flaw-*"},
    ("hub/devices.py", "f'flaw-{fact.what}'"): {"flaw-state", "flaw-health"},
    ("hub/vitals.py", "rule.what"): {rule.what for rule in RULES},
    ("hub/enrolment/identities.py", "f'door-{fact.what}'"): {"door-code", "door-certificate"},
    ("hub/own_state.py", "rule.what"): {
        *(rule.what for rule in OWN_RULES),
        "hub-certificate",
        *(rule.what for rule in AGREEMENT_RULES),
        "backup",
    },
}
"""Troubles whose word is no constant: what it can be there."""


def calls(folder: str, name: str) -> Iterator[tuple[str, ast.Call]]:
    """Yield every call of a function or method of this name under a folder."""
    for file in sorted((ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = (
                    node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                )
                if called == name:
                    yield str(file.relative_to(ROOT)), node


def raised_by_the_hub() -> set[str]:
    """Return the word of every trouble that the hub's code can raise; a flaw's as ``flaw-*``."""
    words: set[str] = set()
    for file, call in calls("hub", "trouble"):
        word = call.args[3]
        if isinstance(word, ast.Constant):
            words.add(str(word.value))
        else:
            words |= SPOKEN[file, ast.unparse(word)]  # KeyError: a new one, to be looked at
    return words


def flaws() -> set[str]:
    """Return every name that a flaw may have: an event's fields, and those that the code names itself."""
    named = {field.encode_name for field in msgspec.structs.fields(Event)}
    for folder in ("hub", "config"):
        named |= {
            str(call.args[0].value)
            for _, call in calls(folder, "Flaw")
            if call.args and isinstance(call.args[0], ast.Constant)
        }
    named |= {
        str(call.args[3].value) for _, call in calls("hub", "_flaw") if isinstance(call.args[3], ast.Constant)
    }
    return named


def listed(heading: str) -> set[str]:
    """Return the names in the first column of the tables under a heading."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(MAINTENANCE, heading), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_trouble_of_the_hub_is_in_the_guide_with_what_to_do() -> None:
    """And the guide lists none that the hub doesn't know."""
    raised = raised_by_the_hub()
    assert {"silent", "offline", "store", "broker", "flaw-*"} <= raised  # the search itself works
    wanted = (raised - {"flaw-*"}) | {f"flaw-{name}" for name in flaws()}
    assert listed("Troubles, and what to do") - listed_by_agents() == wanted


def test_every_trouble_bears_a_page_s_words_and_the_guide_has_them() -> None:
    """No page shows a code; whoever reads a page's words finds them in the guide."""
    named = raised_by_the_hub() - {"flaw-*"}
    assert named <= set(HEADINGS)
    assert {code.removeprefix("flaw-") for code in HEADINGS if code.startswith("flaw-")} <= flaws() | {
        "state",
        "health",
    }
    text = section(MAINTENANCE, "Troubles, and what to do")
    assert [code for code, words in HEADINGS.items() if f"`{code}`: {words}" not in text] == []
    assert FIELD_FLAW in text


def listed_by_agents() -> set[str]:
    """Return the agents' own troubles as the guide lists them, in the same section."""
    text = section(MAINTENANCE, "Troubles, and what to do").partition("An agent tells its own troubles")[2]
    rows = re.findall(r"^\| (`[^|]+) \|", text, re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`([^`]+)`", row)}


def test_every_trouble_of_an_agent_is_in_the_guide() -> None:
    """By its first word where the rest names a link or a topic."""
    told = set(HealthWords(UpsSerial(port=Path("/dev/ttyUSB0"))).judge(Machine(), 0.0))
    for name in ("note", "_note", "once", "fault"):
        for _, call in calls("device", name):
            what = call.args[0]
            if isinstance(what, ast.Constant):
                told.add(str(what.value))
            elif isinstance(what, ast.JoinedStr):
                assert isinstance(what.values[0], ast.Constant)
                told.add(f"{str(what.values[0].value).strip()} …")
    assert {"outbox", "disk", "link …"} <= told
    assert listed_by_agents() == told


@pytest.mark.parametrize("query", re.findall(r"```sql\n(.*?)```", MAINTENANCE.read_text(), re.DOTALL))
def test_a_query_of_the_guide_runs(query: str, tmp_path: Path) -> None:
    """On a database of this version's schema."""
    url = sqlite_url(tmp_path)
    engine = open_engine(url)
    bring_up(engine, url, tmp_path)
    with engine.connect() as connection:
        assert connection.exec_driver_sql(query).fetchall() == []
    engine.dispose()


def shown_by_the_console() -> str:
    """Return all text that the console can show, its templates' tags taken out."""
    console = ROOT / "hub" / "console"
    files = [f for kind in ("*.py", "*.html", "*.js") for f in console.rglob(kind)]
    text = "\n".join(file.read_text(encoding="utf-8") for file in files)
    return " ".join(re.sub(r"\{%.*?%\}|<[^<>]*>", " ", text).split())


@pytest.mark.parametrize("name", ["guide-sro.md", "guide-maintenance.md"])
def test_words_quoted_from_the_board_are_its_words(name: str) -> None:
    """Every quotation, apart from times, numbers and rooms in it, stands in the console's own text."""
    page = " ".join((DOCS / name).read_text(encoding="utf-8").split())
    page = re.sub(r"`[^`]*`|<[^>]*>", "", page)
    shown = shown_by_the_console()
    quotes = [quote for quote in re.findall(r'"([^"]+)"', page) if len(quote) > 5]
    assert quotes
    for quote in quotes:
        parts = [part.strip(" .") for part in re.split(r"\d[\d:]*|Room|…", quote)]
        missing = [part for part in parts if len(part) > 3 and part not in shown]
        assert not missing, quote
