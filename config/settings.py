"""Settings: TOML into typed, frozen structs, with every fault reported at once.

``read`` walks the struct field by field, so that seven planted faults come back as seven, each with
its file, key, what was found and what is allowed. What lies between keys is checked in the same pass:
what has a fault of its own isn't known there (:mod:`config.not_known`), and what depends on it isn't judged.
Libraries that check a whole file at once either stop at the first fault or weigh more than the agent
may (docs/decisions/0001-settings.md).
"""

from __future__ import annotations

import difflib
import os
import re
import tomllib
import types
from collections.abc import Callable
from datetime import date
from datetime import time as clock_time
from pathlib import Path
from typing import Annotated, Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Struct

from config import credentials
from config.hidden import learn
from config.not_known import UNKNOWN, where_known
from config.this_user import cure_of_reading, this_user

T = TypeVar("T", bound=Struct)
SecretFile = Annotated[
    Path, msgspec.Meta(description="an absolute path, or credential:NAME", extra={"credential": True})
]
"""A file that holds a secret: by its path, or as a credential that systemd gives the service."""


class Fault(NamedTuple):
    """One thing wrong with the settings, in words a technician can act on."""

    file: str
    key: str
    """Dotted, such as ``plans.panic.steps[0].after_s``; empty for the file itself."""
    found: str
    cure: str
    """What is allowed, or what to do."""

    def __str__(self) -> str:
        key = f" {self.key}:" if self.key else ""
        return f"{self.file}:{key} {self.found}; {self.cure}"


class SettingsError(ValueError):
    """Settings that can't be used; ``faults`` holds all that is wrong with them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = faults


Report = Callable[[str, str, str], None]
"""How a check of our own reports a fault: key, found, cure."""


def load(path: Path, kind: type[T], check: Callable[[T, Report], None]) -> T:
    """Read one settings file whole.

    ``check`` adds the faults that lie between keys, each part of it within ``where_known``.
    Raises :class:`SettingsError` with all faults.
    """
    return parsed(text_of(path), kind, check, str(path))


def text_of(path: Path) -> str:
    """Read a settings file's text; raises :class:`SettingsError` where it can't be."""
    name = str(path)
    try:
        return path.read_text(encoding="utf-8")
    except PermissionError:
        user = this_user()
        fault = Fault(name, "", f"may not be read by user {user}", cure_of_reading(path, user))
    except OSError as error:
        fault = Fault(name, "", f"can't be read ({error.strerror})", "name a file that this user may read")
    except UnicodeDecodeError as error:
        fault = Fault(name, "", f"byte {error.start} is not UTF-8", "save the file as UTF-8")
    raise SettingsError((fault,))


def parsed(text: str, kind: type[T], check: Callable[[T, Report], None], file: str) -> T:
    """Turn a settings file's text into ``kind``; see :func:`load`."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError((Fault(file, "", f"not TOML: {error}", "mend the line named"),)) from None
    return read(table, kind, check, file)


def read(
    table: dict[str, Any], kind: type[T], check: Callable[[T, Report], None], file: str = "settings"
) -> T:
    """Turn a table of settings into ``kind``; see :func:`load`."""
    faults: list[Fault] = []

    def report(key: str, found: str, cure: str) -> None:
        faults.append(Fault(file, key, found, cure))

    settings = _read_struct(table, kind, "", report)
    with where_known:
        check(settings, report)
    if faults:
        raise SettingsError(tuple(faults))
    assert isinstance(settings, kind)  # noqa: S101 - what is not known has been reported
    return settings


_SECRET = re.compile(r"whsec_[^\s'\"]*|(?<=:/)[^\s'\"]+")


def masked(text: str) -> str:
    """Return what was found without what may be a secret put in the wrong place: a key, a URL's inside."""
    return _SECRET.sub("…", text)


def secret(key: str, file: Path | None, env: str | None, text: str | None = None) -> str:
    """Return a secret from the file or the environment variable that the settings name.

    Raises ``LookupError`` with what is wrong; the message never holds the secret.
    """
    if text is not None:
        return text
    if file is not None:
        name = credentials.name_of(file)
        shown = f"the credential {name}" if name is not None else masked(str(file))
        try:
            found = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            if name is not None and isinstance(error, FileNotFoundError):
                raise LookupError(f"{key}_file names {shown}, which this service isn't given") from None
            why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise LookupError(f"{key}_file names {shown}, which can't be read: {why}") from None
        if not found:
            raise LookupError(f"{key}_file names {shown}, which is empty")
        learn(found)
        return found
    if env is not None:
        found = os.environ.get(env, "").strip()
        if not found:
            raise LookupError(f"{key}_env names {masked(env)}, which isn't set in the environment")
        learn(found)
        return found
    raise LookupError(f"neither {key}_file nor {key}_env is set")


def _hook(kind: type[Any], value: Any) -> Any:
    """Read the one type msgspec doesn't know: a path.

    It must be absolute. A service and whoever checks its settings start in different folders, and lgpio
    changes the agent's as it is imported.
    """
    if kind is Path and isinstance(value, str) and value.startswith("/") and "\0" not in value:
        return Path(value)
    raise ValueError(f"{value!r} is no {kind.__name__}")


def _read_struct(table: Any, kind: type[Struct], path: str, report: Report) -> Any:
    """Return the struct that a table holds, with what has a fault as unknown; each fault is reported."""
    if not isinstance(table, dict):
        report(path, f"found {_brief(table)}", "must be a table")
        return UNKNOWN
    hints = get_type_hints(kind, include_extras=True)
    fields = {field.encode_name: field for field in msgspec.structs.fields(kind)}
    meant: set[str] = set()
    for key in table:
        if key not in fields:
            near = difflib.get_close_matches(key, fields, n=1)
            meant.update(near)
            cure = f"did you mean {near[0]!r}?" if near else f"allowed here: {', '.join(sorted(fields))}"
            report(_join(path, key), "no such setting", cure)
    values: dict[str, Any] = {}
    for key, field in fields.items():
        if key in table:
            values[field.name] = _read_value(table[key], hints[field.name], _join(path, key), report)
        elif field.required:
            report(_join(path, key), "missing", f"must be {_allowed(hints[field.name])}")
            values[field.name] = UNKNOWN
        elif key in meant:
            values[field.name] = UNKNOWN
    return kind(**values)


def _read_value(value: Any, hint: Any, path: str, report: Report) -> Any:
    bare = _bare(hint)
    origin, args = get_origin(bare), get_args(bare)
    if tags := _tags(bare):
        return _read_tagged(value, tags, path, report)
    if isinstance(bare, type) and issubclass(bare, Struct):
        return _read_struct(value, bare, path, report)
    if origin is tuple and _holds_structs(args[0]) and isinstance(value, list):
        return tuple(_read_value(item, args[0], f"{path}[{i}]", report) for i, item in enumerate(value))
    if origin is dict and _holds_structs(args[1]) and isinstance(value, dict):
        found: dict[Any, Any] = {}
        for name, item in value.items():
            _read_one(name, args[0], f"{path}.{name}", report)
            found[name] = _read_value(item, args[1], f"{path}.{name}", report)
        return found
    return _read_one(value, hint, path, report)


def _read_tagged(value: Any, tags: dict[str, type[Struct]], path: str, report: Report) -> Any:
    if not isinstance(value, dict):
        report(path, f"found {_brief(value)}", "must be a table")
    elif not isinstance(value.get("type"), str) or value["type"] not in tags:
        found = f"found {_brief(value['type'])}" if "type" in value else "missing"
        report(_join(path, "type"), found, f"must be one of {', '.join(map(repr, tags))}")
    else:
        rest = {key: item for key, item in value.items() if key != "type"}
        return _read_struct(rest, tags[value["type"]], path, report)
    return UNKNOWN


def _tags(bare: Any) -> dict[str, type[Struct]]:
    """Return the structs of a union that tells them apart by ``type``; empty for anything else."""
    kinds = get_args(bare) if get_origin(bare) in (Union, types.UnionType) else ()
    kinds = tuple(kind for kind in kinds if kind is not type(None))
    if not kinds or not all(isinstance(kind, type) and issubclass(kind, Struct) for kind in kinds):
        return {}
    return {str(kind.__struct_config__.tag): kind for kind in kinds}


def _read_one(value: Any, hint: Any, path: str, report: Report) -> Any:
    try:
        if isinstance(value, str) and value.startswith(credentials.PREFIX) and may_be_credential(hint):
            return credentials.path_of(value)
        return msgspec.convert(value, hint, dec_hook=_hook)
    except (msgspec.ValidationError, ValueError, OverflowError):
        report(path, f"found {_brief(value)}", f"must be {_allowed(hint)}")
        return UNKNOWN


def may_be_credential(hint: Any) -> bool:
    """Tell whether a hint is, or holds, ``SecretFile``."""
    if get_origin(hint) in (Union, types.UnionType):
        return any(may_be_credential(arg) for arg in get_args(hint))
    meta = get_args(hint)[1:] if _is_annotated(hint) else ()
    return any((one.extra or {}).get("credential", False) for one in meta if isinstance(one, msgspec.Meta))


def _holds_structs(hint: Any) -> bool:
    bare = _bare(hint)
    return bool(_tags(bare)) or (isinstance(bare, type) and issubclass(bare, Struct))


def _bare(hint: Any) -> Any:
    """Strip ``Annotated`` and an optional ``None`` off a hint."""
    if get_origin(hint) is Annotated:
        return _bare(get_args(hint)[0])
    if get_origin(hint) in (Union, types.UnionType):
        kept = [arg for arg in get_args(hint) if arg is not type(None)]
        if len(kept) == 1:
            return _bare(kept[0])
    return hint


_PLAIN = {
    str: "text",
    int: "a whole number",
    float: "a number",
    bool: "true or false",
    Path: "an absolute path",
}


def _allowed(hint: Any) -> str:
    """Say in words what a setting may be."""
    words: list[str] = []
    if get_origin(hint) in (Union, types.UnionType):
        kept = [arg for arg in get_args(hint) if arg is not type(None)]
        return " or ".join(_allowed(arg) for arg in kept)
    meta = [arg for arg in get_args(hint)[1:] if isinstance(arg, msgspec.Meta)] if _is_annotated(hint) else []
    described = next((m.description for m in meta if m.description), None)
    if described:
        return described
    bare = get_args(hint)[0] if _is_annotated(hint) else hint
    if get_origin(bare) in (Union, types.UnionType):
        return _allowed(bare)
    if str(get_origin(bare)) == "typing.Literal":
        return "one of " + ", ".join(repr(arg) for arg in get_args(bare))
    if isinstance(bare, type) and issubclass(bare, Struct):
        return "a table"
    if get_origin(bare) is tuple:
        return f"a list, each {_allowed(get_args(bare)[0])}"
    if get_origin(bare) is dict:
        return "a table"
    words.append(_PLAIN.get(bare, str(bare)))
    for m in meta:
        words += [f"at least {m.ge}"] if m.ge is not None else []
        words += [f"more than {m.gt}"] if m.gt is not None else []
        words += [f"at most {m.le}"] if m.le is not None else []
        words += [f"matching {m.pattern}"] if m.pattern is not None else []
        words += ["not empty"] if m.min_length else []
    return ", ".join(words)


def _is_annotated(hint: Any) -> bool:
    return get_origin(hint) is Annotated


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _brief(value: Any) -> str:
    text = masked(str(value) if isinstance(value, (date, clock_time)) else repr(value))
    return text if len(text) <= 60 else text[:57] + "..."
