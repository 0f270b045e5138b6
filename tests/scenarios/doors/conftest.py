"""The rig of the scripts of doors."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from config.hub_settings import HubSettings
from tests.scenarios.doors.house import begun, doors_settings
from tests.scenarios.rig import Rig


@pytest.fixture
def rig(make_rig: Callable[[HubSettings], Rig]) -> Rig:
    return begun(make_rig(doors_settings()))
