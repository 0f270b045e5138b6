"""A rig with a record of its own, migrated as a hub's is."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.hub_settings import HubSettings
from hub.store.engine import open_engine, sqlite_url
from hub.store.migrate import bring_up
from tests.scenarios.maintained import school_with
from tests.scenarios.rig import Make, Rig


@pytest.fixture(scope="session")
def empty_record(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty record at the newest schema: migrating takes a second, copying does not."""
    folder = tmp_path_factory.mktemp("record")
    url = sqlite_url(folder)
    engine = open_engine(url)
    bring_up(engine, url, folder)
    engine.dispose()
    return folder / "tocsin.db"


@pytest.fixture
def make_rig(empty_record: Path, tmp_path: Path) -> Make:
    """Make a rig with settings of the test's own, and kinds of its channels."""

    def make(settings: HubSettings, kinds: Mapping[str, str] | None = None) -> Rig:
        shutil.copy(empty_record, tmp_path / "tocsin.db")
        return Rig(tmp_path, settings, kinds)

    return make


@pytest.fixture
def rig(empty_record: Path, tmp_path: Path) -> Rig:
    """A school of 60 rooms: the officer at once, the principal at 30 s, dispatch at 60 s."""
    shutil.copy(empty_record, tmp_path / "tocsin.db")
    return Rig(tmp_path)


@pytest.fixture
def school(make_rig: Make) -> Rig:
    """Two rooms, each heard, with somebody for maintenance."""
    return school_with(make_rig)
