"""A desk, a served console, and a client that speaks to it as programs and browsers do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hub.console.caller import Caller
from tests.hub.console.front_desk import FrontDesk
from tests.hub.console.served import Served


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[FrontDesk]:
    """A site of six rooms, ready, with nothing heard yet."""
    made = FrontDesk(tmp_path)
    yield made
    made.close()


@pytest.fixture
def served(desk: FrontDesk) -> Iterator[Served]:
    """Its console, served at a free port."""
    with Served(desk) as running:
        yield running


@pytest.fixture
def api(desk: FrontDesk, served: Served) -> Caller:
    """A caller with a token that may do everything."""
    return Caller(served.port, desk.office.add_token("radio", frozenset({"all"})))


@pytest.fixture
def lee(desk: FrontDesk, served: Served) -> Caller:
    """A signed-in person."""
    if desk.people.person("lee") is None:
        desk.office.add("lee", "correct horse")
    caller = Caller(served.port)
    assert caller.sign_in("lee", "correct horse").status == 303
    return caller
