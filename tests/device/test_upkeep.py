"""What is said of an outbox that begins without its file, and when that is over."""

from __future__ import annotations

import pytest

from config.agent_settings import UpsPins
from device.facts import OutboxSetAside
from device.health_words import HealthWords
from device.upkeep import Upkeep


@pytest.fixture
def upkeep() -> Upkeep:
    no_ups: UpsPins | None = None
    return Upkeep(HealthWords(no_ups), 0.0)


def test_what_was_set_aside_after_crashes_is_over_once_it_is_read(upkeep: Upkeep) -> None:
    upkeep.outbox_set_aside(OutboxSetAside(mono=1.0, path="outbox.set-aside", saved=None, at_most=3))
    assert "after crashes; it may hold up to 3 events" in upkeep.troubles.words()[0]
    assert upkeep.outbox_taken_back()
    assert upkeep.troubles.words() == ()


def test_a_damaged_file_stays_a_trouble_though_another_is_read(upkeep: Upkeep) -> None:
    """What could not be saved of it is still gone."""
    upkeep.outbox_set_aside(OutboxSetAside(mono=1.0, path="outbox.damaged", saved=2, at_most=None))
    assert upkeep.outbox_taken_back() == []
    assert upkeep.troubles.words() == (
        "outbox file: the file was corrupt; kept as outbox.damaged, 2 events saved",
    )
