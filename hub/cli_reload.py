"""``tocsin-hub reload``: checks the settings whole, has the running hub take them, and prints its word."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from config.hub_settings import HubSettings
from config.settings import SettingsError
from hub import alone
from hub.channels.build import check_channels
from hub.reload_word import Asked, Word, about_to_ask, now_mono, read

PATIENCE_S: Final = 60.0
"""Seconds within which the hub answers: it waits for a file that is being written, and checks it whole."""
LOOK_S: Final = 0.05


def reload(settings: HubSettings, config: Path) -> int:
    """Ask the running hub to read its settings anew; returns the exit code.

    0: taken; 2: refused, or raises :class:`SettingsError`; 1: there is no hub, or no word of it.
    """
    if faults := check_channels(settings):
        raise SettingsError(faults)
    try:
        pid = alone.holder(settings.data)
        if pid is None:
            return _failed(f"no hub runs on {settings.data}; settings are read when it starts")
        asked = about_to_ask(settings.data)
        os.kill(pid, signal.SIGHUP)
        word = _word(settings.data, asked)
    except PermissionError:
        return _failed("only root, or the user that the hub runs as, may do this")
    except ProcessLookupError:
        return _failed("the hub ended meanwhile")
    if word is None:
        return _failed(f"the hub said nothing for {PATIENCE_S:g} s; see its log")
    return _say(word, config)


def _word(data: Path, asked: Asked) -> Word | None:
    end = now_mono() + PATIENCE_S
    while now_mono() < end:
        if (word := read(data, asked)) is not None:
            return word
        time.sleep(LOOK_S)
    return None


def _say(word: Word, config: Path) -> int:
    if word.state == "taken":
        print(f"{config}: taken; " + ("this has changed:" if word.lines else "nothing has changed."))
        for line in word.lines:
            print(f"  {line}")
        if not word.recorded:
            print("  note: the disk has not confirmed it yet")
        return 0
    for line in word.lines:
        print(line, file=sys.stderr)
    print("refused: the hub goes on with the settings that it had", file=sys.stderr)
    return 2 if word.state == "refused" else 1


def _failed(why: str) -> int:
    print(f"tocsin-hub: {why}", file=sys.stderr)
    return 1
