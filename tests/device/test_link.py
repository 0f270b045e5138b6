"""A link between its line's threads and the agent's queue: which answer belongs to which question."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from config.connection import NotConnectedError
from device.actions import Publish
from device.facts import Answered, Fact, LinkUp
from device.link import Link
from tests.device.room import settings


class FakeLine:
    """Takes what is published on one connection; ``meanwhile`` runs before its number is returned."""

    def __init__(self) -> None:
        self.connection: int | None = 1
        self.mid = 0
        self.meanwhile: Callable[[int, int], None] = lambda _, __: None

    def publish(self, topic: str, payload: bytes, **how: object) -> tuple[int, int]:
        if self.connection is None:
            raise NotConnectedError("no connection")
        self.mid += 1
        self.meanwhile(self.connection, self.mid)
        return self.connection, self.mid


class Linked:
    """A link on a fake line, and the facts it put."""

    def __init__(self, data: Path) -> None:
        self.facts: list[Fact] = []
        found = settings(data)
        self.link = Link(found, found.links[0], "boot", self.facts.append)
        self.line = FakeLine()
        self.link._line = self.line  # type: ignore[assignment]  # all of a line that publishing needs

    def publish(self, event: str) -> None:
        self.link.publish(Publish(self.link.name, "event", b"{}", event=event))

    @property
    def answers(self) -> list[tuple[str | None, str | None]]:
        return [(fact.event, fact.refused) for fact in self.facts if isinstance(fact, Answered)]


@pytest.fixture
def linked(tmp_path: Path) -> Linked:
    return Linked(tmp_path)


def test_an_answer_is_told_with_its_event(linked: Linked) -> None:
    linked.publish("a")
    linked.publish("b")
    assert linked.answers == []
    linked.link.on_published(1, 2, "not authorized")
    linked.link.on_published(1, 1, None)
    assert linked.answers == [("b", "not authorized"), ("a", None)]


@pytest.mark.parametrize("refused", [None, "not authorized"])
def test_an_answer_that_beats_its_question_is_told(linked: Linked, refused: str | None) -> None:
    """The broker may answer on the line's thread before publishing has returned the message's number."""
    linked.line.meanwhile = lambda connection, mid: linked.link.on_published(connection, mid, refused)
    linked.publish("a")
    assert linked.answers == [("a", refused)]
    linked.line.meanwhile = lambda _, __: None
    linked.publish("b")
    assert linked.answers == [("a", refused)], "it belongs to one question only"
    linked.link.on_published(1, 2, None)
    assert linked.answers == [("a", refused), ("b", None)]


def test_an_answer_of_an_earlier_connection_answers_nothing(linked: Linked) -> None:
    linked.publish("a")
    linked.link.on_published(1, 7, None)
    linked.link.on_up(2, session_present=True)
    linked.line.connection, linked.line.mid = 2, 0
    linked.link.on_published(1, 1, None)
    linked.publish("b")
    assert linked.answers == []
    linked.link.on_published(2, 1, None)
    assert linked.answers == [("b", None)]
    assert [fact.session_present for fact in linked.facts if isinstance(fact, LinkUp)] == [True]


def test_without_a_connection_nothing_is_asked(linked: Linked) -> None:
    linked.line.connection = None
    linked.publish("a")
    linked.line.connection = 1
    linked.publish("b")
    linked.link.on_published(1, 1, None)
    assert linked.answers == [("b", None)]
