"""An agent whose settings are refused is started for ever, ever more slowly, and at once when they change."""

from __future__ import annotations

from pathlib import Path

import pytest

from device import refusal
from device.cli import main


class Slept(list[float]):
    """How long was waited."""

    def __call__(self, seconds: float) -> None:
        self.append(seconds)


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "run"
    folder.mkdir()
    monkeypatch.setenv("RUNTIME_DIRECTORY", f"{folder}:/run/other")
    return folder


def waited(settings: Path) -> float:
    slept = Slept()
    refusal.wait(settings, slept)
    return sum(slept)


@pytest.mark.usefixtures("runtime")
def test_the_pause_grows_to_ten_seconds_with_the_two_of_systemd(tmp_path: Path) -> None:
    settings = tmp_path / "agent.toml"
    assert [2 + waited(settings) for _ in range(7)] == [2, 4, 6, 8, 10, 10, 10]


@pytest.mark.usefixtures("runtime")
def test_settings_that_are_taken_make_the_next_refusal_the_first(tmp_path: Path) -> None:
    settings = tmp_path / "agent.toml"
    assert [waited(settings) for _ in range(3)] == [0, 2, 4]
    refusal.over()
    refusal.over()
    assert waited(settings) == 0


@pytest.mark.usefixtures("runtime")
def test_a_file_that_is_mended_ends_the_wait(tmp_path: Path) -> None:
    settings = tmp_path / "agent.toml"
    for _ in range(4):
        waited(settings)
    slept = Slept()

    def mend(seconds: float) -> None:
        slept(seconds)
        if len(slept) == 3:
            settings.write_text("mended", encoding="utf-8")

    refusal.wait(settings, mend)
    assert slept == [refusal.LOOK_S] * 3


def test_what_stands_in_the_folder_may_be_anything(tmp_path: Path, runtime: Path) -> None:
    (runtime / refusal.FILE).write_text("-3x", encoding="utf-8")
    assert waited(tmp_path) == 0
    (runtime / refusal.FILE).write_text("99", encoding="utf-8")
    assert waited(tmp_path) == 8
    (runtime / refusal.FILE).unlink()
    (runtime / refusal.FILE).mkdir()
    assert waited(tmp_path) == 0


def test_a_person_at_a_terminal_waits_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("RUNTIME_DIRECTORY", raising=False)
    assert [waited(tmp_path) for _ in range(5)] == [0] * 5


def test_run_says_what_is_wrong_before_it_waits(
    tmp_path: Path, runtime: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(refusal, "wait", lambda _: said.append(capsys.readouterr().err))
    assert main(["run", "--config", str(tmp_path / "none.toml")]) == 2
    assert "none.toml" in said[0]
    assert main(["check", "--config", str(tmp_path / "none.toml")]) == 2
    assert len(said) == 1
    assert not list(runtime.iterdir())
