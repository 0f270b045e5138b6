"""Rooms as a table that a spreadsheet writes: a line for each, with ``device,room,building,floor,profile``.

They are read as if they stood in ``[[rooms]]`` of ``hub.toml``, and checked there; what is wrong with one is
named by its line.
"""

from __future__ import annotations

import csv
import re
import tomllib
from pathlib import Path
from typing import Any, Final

from config.hub_settings import HubSettings, RoomSettings, check_hub
from config.settings import Fault, SettingsError, read, text_of

COLUMNS: Final = ("device", "room", "building", "floor", "profile")
NEEDED: Final = ("device", "room")
_OF_A_ROOM: Final = re.compile(r"rooms\[(\d+)\]\.?(.*)", re.DOTALL)


def load_hub(path: Path) -> HubSettings:
    """Read a hub's settings whole, with the rooms of its ``rooms_file``.

    Raises :class:`config.settings.SettingsError` with all faults.
    """
    return parsed_hub(text_of(path), str(path))


def parsed_hub(text: str, file: str) -> HubSettings:
    """Turn the text of a ``hub.toml`` into settings; see :func:`load_hub`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((Fault(file, "", f"not TOML: {error}", "mend the line named"),)) from None
    named = table.get("rooms_file")
    own = table.get("rooms", [])
    if not isinstance(named, str) or not isinstance(own, list):
        return read(table, HubSettings, check_hub, file)
    rows = read_table(Path(named))
    table["rooms"] = [*own, *(row for _, row in rows)]
    lines = {len(own) + i: line for i, (line, _) in enumerate(rows)}
    try:
        return read(table, HubSettings, check_hub, file)
    except SettingsError as error:
        raise SettingsError(tuple(_placed(fault, named, lines) for fault in error.faults)) from None


def read_rooms(path: Path) -> tuple[RoomSettings, ...]:
    """Read the rooms of a table alone; raises :class:`config.settings.SettingsError`."""
    return tuple(RoomSettings(**row) for _, row in read_table(path))


def read_table(path: Path) -> list[tuple[int, dict[str, Any]]]:
    """Return each room with the number of its line; raises :class:`config.settings.SettingsError`."""
    text = text_of(path).removeprefix("\ufeff")  # some spreadsheets put a mark of byte order first
    lines = text.splitlines()
    head = lines[0] if lines else ""
    reader = csv.reader(lines, delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    faults: list[Fault] = []
    rows: list[tuple[int, dict[str, Any]]] = []
    columns: list[str] | None = None
    try:
        for cells in reader:
            line, row = reader.line_num, [cell.strip() for cell in cells]
            if not any(row) or row[0].startswith("#"):
                continue
            if columns is None:
                columns = [cell.lower() for cell in row]
                faults += _of_head(path, line, columns)
                continue
            if len(row) > len(columns):
                cure = f"at most {len(columns)}, as the first line has; put a name with a comma in quotes"
                faults.append(Fault(str(path), f"line {line}", f"{len(row)} columns", cure))
                continue
            found = {name: cell for name, cell in zip(columns, row, strict=False) if cell and name in COLUMNS}
            missing = [name for name in NEEDED if name not in found]
            faults += [Fault(str(path), f"line {line}", f"{name} is empty", "name it") for name in missing]
            rows.append((line, found))
    except csv.Error as error:
        faults.append(Fault(str(path), f"line {reader.line_num}", str(error), "save it as CSV"))
    if columns is None:
        faults.append(Fault(str(path), "", "is empty", f"the first line is {','.join(COLUMNS)}"))
    if faults:
        raise SettingsError(tuple(faults))
    return rows


def _of_head(path: Path, line: int, columns: list[str]) -> list[Fault]:
    where = f"line {line}"
    found = [
        Fault(str(path), where, f"no such column: {name!r}", f"allowed: {', '.join(COLUMNS)}")
        for name in columns
        if name not in COLUMNS
    ]
    found += [
        Fault(str(path), where, f"the column {name!r} is missing", f"the first line is {','.join(COLUMNS)}")
        for name in NEEDED
        if name not in columns
    ]
    return found


def _placed(fault: Fault, file: str, lines: dict[int, int]) -> Fault:
    """Return a fault with the line of the table that it is in, where it is in one."""
    found = _OF_A_ROOM.fullmatch(fault.key)
    if found is None or int(found[1]) not in lines:
        return fault
    key = " ".join(part for part in (f"line {lines[int(found[1])]}", found[2]) if part)
    return fault._replace(file=file, key=key)
