"""Reading the settings anew: whole or not at all, and nobody waits for it."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.hub_settings import HubSettings, check_hub
from config.settings import SettingsError, load
from hub import alone, reload_word
from hub.asking import Reloaded
from hub.channels.build import build_channels
from hub.channels.channel import Channel
from hub.delivery import Delivery
from hub.inputs import Input, Reload, ReloadRefused
from hub.links import Links
from hub.reloading import STEADY_TRIES, Reloading, steady_text
from tests.site import until

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo="


class World:
    """A hub's settings file, and a recorder that takes what it is handed."""

    def told(self, *_: str) -> tuple[Delivery, ...]:
        return ()

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = folder / "hub.toml"
        self.secret = folder / "secret"
        self.secret.touch(0o600)
        self.secret.write_text(SECRET)
        self.write()
        self.settings = load(self.config, HubSettings, check_hub)
        self.channels: dict[str, Channel] = build_channels(self.settings)
        self.phones = None
        self.links = Links(b"k" * 32, "lincoln")
        self.inputs: list[Input] = []
        self.answers = True
        self.asked = threading.Event()
        self.reloading = Reloading(self.config, self, self.put, self.asked)

    def write(self, more: str = "", rooms: int = 2, hook: str = "https://one.example/") -> None:
        found = "".join(
            f'[[rooms]]\ndevice = "room-{n}"\nroom = "Room {n}"\n' for n in range(101, 101 + rooms)
        )
        self.config.write_text(
            f'site = "lincoln"\nname = "Lincoln"\ndata = "{self.folder}"\n{more}\n'
            f'channels.hook = {{ type = "webhook", url = "{hook}", secret_file = "{self.secret}" }}\n'
            f'audiences.sro = {{ channels = ["hook"] }}\n{found}'
        )

    def retune(self, settings: HubSettings, channels: dict[str, Channel]) -> None:
        self.settings, self.channels = settings, channels

    def put(self, fact: Input) -> None:
        self.inputs.append(fact)
        if isinstance(fact, Reload) and self.answers:
            fact.retune()
            fact.answer(Reloaded(fact.changes))

    def reload(self) -> reload_word.Word:
        """Ask, and wait for the word that is left in the data folder."""
        asked = reload_word.about_to_ask(self.folder)
        self.asked.set()
        return until("the word", lambda: reload_word.read(self.folder, asked))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.reloading.start()
    yield made
    made.reloading.stop(5)


def test_what_changed_is_handed_over_whole(world: World) -> None:
    """The recorder gets settings, directory and channels that are made already."""
    world.write(rooms=3)
    word = world.reload()
    assert (word.state, word.lines) == ("taken", ("rooms: added room-103",))
    [fact] = world.inputs
    assert isinstance(fact, Reload)
    assert list(fact.directory.rooms) == ["room-101", "room-102", "room-103"]
    assert len(world.settings.rooms) == 3


def test_a_channel_that_stays_as_it_is_stays_at_work(world: World) -> None:
    """With its connections; one whose URL, secret or settings differ is another."""
    first = world.channels["hook"]
    world.write(rooms=3)
    world.reload()
    assert world.channels["hook"] is first
    world.write(rooms=3, hook="https://two.example/")
    world.reload()
    second = world.channels["hook"]
    assert second is not first
    world.secret.write_text(SECRET.replace("Mf", "Ng"))
    assert world.reload().lines == ("channels: hook, what its files hold",)
    assert world.channels["hook"] is not second


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ('timezone = "Nowhere"', "timezone:"),
        ("late_after_s = -1", "late_after_s:"),
        ("= 3", "not TOML"),
        ("console = { port = 8081 }", "console.port: differs from what the hub runs with; restart the hub"),
    ],
)
def test_what_is_wrong_changes_nothing(world: World, more: str, key: str) -> None:
    """Each fault with file and key; the recorder hears that they were refused."""
    world.write(more, rooms=3)
    word = world.reload()
    assert word.state == "refused"
    assert key in word.lines[0]
    assert str(world.config) in word.lines[0]
    [fact] = world.inputs
    assert isinstance(fact, ReloadRefused)
    assert fact.faults == word.lines
    assert len(world.settings.rooms) == 2


def test_a_secret_that_is_gone_is_a_fault(world: World) -> None:
    world.secret.unlink()
    word = world.reload()
    assert word.state == "refused"
    assert "channels.hook.secret" in word.lines[0]


def test_who_asks_while_one_is_read_is_answered_by_another_reading(world: World) -> None:
    """Two at once: the second sees what was written after the first began."""
    world.asked.set()
    until("the first begins", lambda: not world.asked.is_set())
    world.write(rooms=4)
    assert world.reload().state == "taken"
    assert len(world.settings.rooms) == 4


def test_a_recorder_that_says_nothing_is_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """And the next reading goes on as ever."""
    monkeypatch.setattr("hub.reloading.ANSWER_S", 0.05)
    world.answers = False
    assert world.reload().state == "failed"
    world.answers = True
    world.write(rooms=3)
    assert world.reload().state == "taken"


def test_a_fault_of_ours_ends_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("hub.reloading.build_channels", lambda _: 1 / 0)
        assert world.reload().state == "failed"
    assert world.reload().state == "taken"


def test_a_disk_that_takes_no_word_stops_no_reload(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def sick(*_: object) -> None:
        raise OSError("Input/output error")

    with monkeypatch.context() as patch:
        patch.setattr("hub.reloading.write", sick)
        world.write(rooms=3)
        world.asked.set()
        until("it is taken", lambda: len(world.settings.rooms) == 3)
    assert world.reload().state == "taken"


def test_half_a_file_is_not_read(tmp_path: Path) -> None:
    """An editor writes it in pieces, each of which might be right: it is waited for."""
    file = tmp_path / "hub.toml"
    file.write_text("one")
    pieces = iter(["one two", "one two three"])

    def pause(_: float) -> None:
        if (more := next(pieces, None)) is not None:
            file.write_text(more)

    assert steady_text(file, pause) == "one two three"


def test_a_file_that_is_written_all_the_time_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "hub.toml"
    file.write_text("")
    pauses = []

    def pause(seconds: float) -> None:
        pauses.append(seconds)
        file.write_text(str(len(pauses)))

    with pytest.raises(SettingsError, match="is being written all the time"):
        steady_text(file, pause)
    assert len(pauses) == STEADY_TRIES


def test_a_word_of_an_earlier_reading_is_none(tmp_path: Path) -> None:
    """Nor one of another start of the machine, whose clock was another and may have been further."""
    now = reload_word.now_mono()
    reload_word.write(tmp_path, reload_word.Word(now + 1e6, "refused", ()))
    asked = reload_word.about_to_ask(tmp_path)
    assert reload_word.read(tmp_path, asked) is None
    reload_word.write(tmp_path, reload_word.Word(now - 1, "refused", ()))
    assert reload_word.read(tmp_path, asked) is None
    reload_word.write(tmp_path, reload_word.Word(asked.mono, "taken", ()))
    found = reload_word.read(tmp_path, asked)
    assert found is not None
    assert found.state == "taken"


def test_it_stops_while_it_waits_for_the_recorder(tmp_path: Path) -> None:
    """A stop does not wait for an answer that never comes longer than it is told to."""
    world = World(tmp_path)
    world.answers = False
    world.reloading.start()
    world.asked.set()
    until("it is handed over", lambda: world.inputs)
    began = time.monotonic()
    world.reloading.stop(0.1)
    assert time.monotonic() - began < 2
    [fact] = world.inputs
    assert isinstance(fact, Reload)
    fact.answer(Reloaded(fact.changes))  # or its thread would wait on, into other tests
    world.reloading.stop(5)
    assert not [each for each in threading.enumerate() if each.name == "reloading"]


def test_only_a_hub_is_asked(tmp_path: Path) -> None:
    """Whoever else holds the folder (a restore) would be ended by the signal."""
    with alone.take(tmp_path, heeds_hangups=True):
        assert alone.holder(tmp_path) == os.getpid()
    assert alone.holder(tmp_path) is None
    with alone.take(tmp_path):
        assert alone.holder(tmp_path) is None
        with pytest.raises(alone.AlreadyRunningError):
            alone.take(tmp_path)
    assert alone.holder(tmp_path / "nowhere") is None
