"""Kill -9 of agent, hub and broker at seeded moments, under presses all the time: nothing is lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.campaign import KILLS, Fault, run

pytestmark = pytest.mark.broker


def test_nothing_is_lost_over_a_few_kills_of_each(tmp_path: Path) -> None:
    account = run(tmp_path, 1, dict.fromkeys(KILLS, 5), 0.2)
    assert not account.wrong, "\n".join(account.wrong)
    assert account.decided > 20
    assert account.recorded > account.decided


@pytest.mark.long
@pytest.mark.parametrize("fault", KILLS)
def test_nothing_is_lost_over_a_hundred_kills(tmp_path: Path, fault: Fault) -> None:
    account = run(tmp_path, 7, {fault: 100}, 1.0)
    assert not account.wrong, "\n".join(account.wrong)
    assert account.decided > 50
