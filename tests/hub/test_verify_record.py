"""The verifier by itself: any history is whole as written, and any change of it shows."""

from __future__ import annotations

import copy
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hub.decision import RecordRow
from hub.record_chain import began, joined, split
from hub.verify_record import COLUMNS, NOTHING, REMOVED, Verifier, canonical, link, said

texts = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    st.lists,
)
details = st.dictionaries(
    st.sampled_from(["by", "note", "target", "key", "id", "zone", "n"]), values, max_size=4
)
rows = st.builds(
    RecordRow,
    seq=st.just(0),
    at=st.integers(0, 2**53),
    what=st.sampled_from(["alarm", "owed", "note", "delivered", "reminded"]),
    reason=texts,
    incident=st.none() | texts,
    stream=st.none() | texts,
    detail=details,
)
histories = st.lists(rows, min_size=1, max_size=5)


def chained(history: list[RecordRow]) -> list[dict[str, Any]]:
    """Rows as an export has them."""
    made: list[dict[str, Any]] = []
    before, salts = NOTHING, iter(range(10_000))
    for seq, bare in enumerate([began("lincoln", "00", 5), *history]):
        row = msgspec.structs.replace(bare, seq=seq)
        parts = split(row, None, lambda: f"{next(salts):032x}")
        line: dict[str, Any] = {
            name: getattr(row, name) for name in ("seq", "at", "what", "incident", "stream")
        }
        line |= {"reason": parts.reason, "detail": parts.detail, "event": None}
        before = line["hash"] = link("lincoln", before, line)
        line["personal"] = [msgspec.structs.asdict(kept) for kept in parts.beside]
        made.append(line)
    return made


def looked_at(lines: list[dict[str, Any]], *heads: tuple[int, str], site: str = "lincoln") -> Verifier:
    verifier = Verifier(site, heads)
    for line in lines:
        verifier.take(line)
    verifier.end()
    return verifier


@settings(max_examples=60, deadline=None)
@given(histories)
def test_any_history_is_whole_and_reads_as_it_was_said(history: list[RecordRow]) -> None:
    """With every head it ever had; what lies beside is put back."""
    lines = chained(history)
    assert looked_at(lines, *((line["seq"], line["hash"]) for line in lines)).faults == []
    for line, row in zip(lines[1:], history, strict=True):
        beside = {kept["field"]: kept["value"] for kept in line["personal"]}
        detail = msgspec.json.decode(line["detail"])
        assert joined(line["reason"], detail, beside, {}) == (row.reason, msgspec.to_builtins(row.detail))


@settings(max_examples=60, deadline=None)
@given(histories, st.data())
def test_any_change_of_any_row_shows(history: list[RecordRow], data: st.DataObject) -> None:
    """A column, a row taken out, two that changed places, one put in twice: the head holds the end."""
    lines = chained(history)
    head = (lines[-1]["seq"], lines[-1]["hash"])
    changed = copy.deepcopy(lines)
    n = data.draw(st.integers(0, len(lines) - 1), "row")
    change = data.draw(st.sampled_from(["column", "out", "swap", "twice", "beside"]), "change")
    if change == "column":
        column = data.draw(st.sampled_from([*COLUMNS, "hash"]))
        old = changed[n][column]
        changed[n][column] = (
            old + 1 if isinstance(old, int) else f"{old}x" if column != "detail" else '{"x":1}'
        )
    elif change == "out":
        del changed[n]
    elif change == "swap":
        m = data.draw(st.integers(0, len(lines) - 1).filter(lambda m: m != n), "other row")
        changed[n], changed[m] = changed[m], changed[n]
    elif change == "twice":
        changed.insert(n, copy.deepcopy(changed[n]))
    else:
        kept = changed[n]["personal"]
        if not kept:
            kept.append({"field": "by", "salt": "00", "value": '"forged"'})
        else:
            kept[0]["value"] += " "
    assert looked_at(changed, head).count > 0


@settings(max_examples=60, deadline=None)
@given(histories, st.data())
def test_a_removal_is_whole_only_with_the_row_that_tells_of_it(
    history: list[RecordRow], data: st.DataObject
) -> None:
    """It is said when and why; another ref than what is gone is a fault."""
    lines = chained(history)
    refs = [f"{line['seq']}.{kept['field']}" for line in lines for kept in line["personal"]]
    gone = data.draw(st.lists(st.sampled_from(refs), unique=True)) if refs else []
    for line in lines:
        for kept in line["personal"]:
            if f"{line['seq']}.{kept['field']}" in gone:
                kept["salt"] = kept["value"] = None
    assert looked_at(lines).count == len(gone)
    told = [*history, RecordRow(0, 86_400_000, REMOVED, "its time was over", detail={"refs": gone})]
    whole = [*lines, chained_after(lines, told[-1])]
    found = looked_at(whole)
    assert found.faults == []
    words = f"  removed on 1970-01-02: {len(gone)} value{'' if len(gone) == 1 else 's'} (its time was over)"
    assert words in list(said(found))
    false = RecordRow(0, 1, REMOVED, "no", detail={"refs": ["0.by"]})
    assert looked_at([*lines, chained_after(lines, false)]).count == len(gone) + 1


def chained_after(lines: list[dict[str, Any]], bare: RecordRow) -> dict[str, Any]:
    row = msgspec.structs.replace(bare, seq=len(lines))
    parts = split(row, None, lambda: "00")
    line: dict[str, Any] = {name: getattr(row, name) for name in ("seq", "at", "what", "incident", "stream")}
    line |= {"reason": parts.reason, "detail": parts.detail, "event": None, "personal": []}
    line["hash"] = link("lincoln", lines[-1]["hash"], line)
    return line


def test_the_chain_is_that_of_its_site() -> None:
    """A chain of another school is none of this one."""
    assert looked_at(chained([RecordRow(0, 1, "a", "b")]), site="jackson").count == 2


def test_a_record_without_a_row_is_not_whole() -> None:
    """Somebody took it all."""
    assert looked_at([]).faults == ["there is no row at all"]


@pytest.mark.parametrize("junk", [{}, {"seq": "x"}, [], None, {"seq": 0, "what": "chain-began", "hash": 5}])
def test_a_row_that_cant_be_read_is_a_fault(junk: Any) -> None:
    """It is no crash."""
    assert looked_at([junk]).count >= 1


def test_the_hash_is_the_one_that_is_written_down() -> None:
    """What a later release must still reckon alike."""
    row = {
        "seq": 1,
        "at": 5,
        "what": "note",
        "reason": "Zoë",
        "incident": None,
        "stream": None,
        "detail": "{}",
    }
    assert link("lincoln", NOTHING, row) == "d3dc8cbebc808b135dc1957e32072c3711d73dbcb189c3f2a7adc3bb701fefda"


@given(
    st.lists(
        texts | st.integers() | st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False)
    )
)
def test_a_value_is_hashed_as_its_json(values: list[Any]) -> None:
    """By whichever of the writers."""
    assert canonical(values) == json.dumps(values, separators=(",", ":"), ensure_ascii=False).encode()


def test_reasons_that_name_people_lie_beside() -> None:
    """Whoever is asked in turn, what a phone's channel said, the end of a channel in trouble."""

    def beside(what: str, reason: str, **detail: Any) -> set[str]:
        parts = split(RecordRow(1, 1, what, reason, detail=detail), None, lambda: "00")
        return {kept.field for kept in parts.beside}

    assert beside("step-skipped", "Officer Reyes is away", audience="sro") == {"reason"}
    assert beside("delivery-failed", "no route to +1 555 0100", target="Reyes") == {"target", "reason"}
    assert beside("delivered", "200", target="-") == set()
    assert beside("anything", "opened by Reyes", by="Reyes") == {"by", "reason"}
    assert beside("bypassed", "its wire is cut by the painter", device="room-101") == {"reason"}
    assert beside("owed", "step 1 at 30 s", target="-") == set()
    assert beside("owed", "step 1, 2nd in order at 30 s; Reyes is away", target="-") == {"reason"}
    assert beside("trouble", "channel", key="channel phones Reyes", detail="x") == {"key", "detail"}
    assert beside("trouble", "silent", key="silent room-101", detail="x") == set()
    assert beside("resolved", "resolved: real", by="Reyes", note=None, disposition="real") == {"by"}
