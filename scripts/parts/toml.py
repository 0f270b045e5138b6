"""Writing TOML: values quoted so that any text comes back, and a commented file changed in place."""

from __future__ import annotations

import json
import re


def text(value: str) -> str:
    """Write a TOML string: JSON's, whose escapes TOML shares, with DEL escaped as well.

    Raises ``ValueError`` for bytes that are no text (a lone surrogate): TOML can't hold them.
    """
    if any("\ud800" <= letter <= "\udfff" for letter in value):
        raise ValueError(f"{value!r} is not UTF-8")
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def change(document: str, table: str, key: str, value: str, *, nth: int = 0) -> str:
    """Return ``document`` with ``key = value`` in its ``table`` ("" is the top); comments stay.

    ``value`` is TOML already; ``nth`` counts the tables of one name. Raises ``LookupError`` where the
    document has no such line: nothing is ever added in silence.
    """
    lines, here, count = document.split("\n"), "", -1
    for i, line in enumerate(lines):
        if header := re.match(r"\s*\[\[?\s*([^\]]+?)\s*\]\]?\s*(#.*)?$", line):
            here = header[1]
            count += here == table
        elif here == table and (not table or count == nth):
            found = re.match(rf"(\s*{re.escape(key)}\s*=\s*)(?:\"(?:[^\"\\]|\\.)*\"|[^\s#]+)(.*)$", line)
            if found:
                lines[i] = f"{found[1]}{value}{found[2]}"
                return "\n".join(lines)
    raise LookupError(f"no line {key!r} in {f'[{table}]' if table else 'the top of the file'}")


def put(document: str, table: str, key: str, value: str) -> str:
    """Return ``document`` with ``key = value`` in its one ``[table]``, begun at the end if there is none."""
    try:
        return change(document, table, key, value)
    except LookupError:
        pass
    header = re.search(rf"^\s*\[\s*{re.escape(table)}\s*\].*$", document, re.MULTILINE)
    if header is None:
        return f"{document.rstrip()}\n\n[{table}]\n{key} = {value}\n"
    return f"{document[: header.end()]}\n{key} = {value}{document[header.end() :]}"
