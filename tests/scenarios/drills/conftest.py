"""A school in which drills are held."""

from __future__ import annotations

import pytest

from tests.scenarios.rig import Make, Rig
from tests.scenarios.school import school


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(school())
