"""Texts by a modem, and what people answer; phones that ring until somebody has answered."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from config.channel_settings import CallSettings, ModemSettings
from config.hub_settings import AudienceSettings, HubSettings
from config.people_settings import PersonSettings
from config.plan_settings import PlanSettings, StepSettings
from hub.asking import PlanDrill
from hub.delivery import Target
from hub.inputs import TextReported
from hub.record_chain import joined
from hub.text_replies import READ_MS, STRANGERS
from hub.text_words import TextCame, TextTaken
from hub.texts import code_of
from tests.scenarios.rig import Make, Rig, site_settings

NUMBERS = {"reyes": "+15550100001", "lee": "+15550100002"}
NAMES = {"reyes": "Officer Reyes", "lee": "Principal Lee"}


def texting(group_by: Any = "site") -> HubSettings:
    """A school that reaches its officer and its principal by texts, at once, and rings both at 30 s."""
    return site_settings(
        channels={
            "sms": ModemSettings(device=Path("/dev/modem"), numbers=NUMBERS),
            "calls": CallSettings(modem="sms"),
        },
        people={
            "reyes": PersonSettings(name="Officer Reyes", reach=("sms/reyes",)),
            "lee": PersonSettings(name="Principal Lee", reach=("sms/lee",)),
        },
        audiences={
            "sro": AudienceSettings(channels=(), members=("reyes", "lee")),
            "rung": AudienceSettings(channels=("calls",)),
        },
        plans={
            "panic": PlanSettings(
                kinds=("panic", "duress"),
                group_by=group_by,
                steps=(
                    StepSettings(after_s=0, notify=("sro",)),
                    StepSettings(after_s=30, notify=("rung",), repeat_s=60),
                ),
            ),
            "help": PlanSettings(
                kinds=("medical", "assist"),
                group_by=group_by,
                steps=(StepSettings(after_s=0, notify=("sro",)),),
            ),
        },
    )


@pytest.fixture
def rig(make_rig: Make) -> Rig:
    return make_rig(texting())


def code(rig: Rig, who: str = "reyes", which: int = -1) -> str:
    return code_of(rig.incidents[which], "sms", who)


def text(rig: Rig, words: str, who: str = "reyes") -> str:
    """A person's phone sends a text; returns what it is answered."""
    number = NUMBERS.get(who, "+15550100009")
    target, name = (who, NAMES[who]) if who in NAMES else ("", "")
    answer = rig.ask(TextCame("sms", target, number, words, name))
    assert isinstance(answer, TextTaken)
    return answer.reply


def state(rig: Rig, which: int = -1) -> str:
    return rig.view.incidents[rig.incidents[which]].state


def rows(rig: Rig, what: str) -> list[dict[str, Any]]:
    """Return what the record says of rows of a kind, with what lies beside its chain."""
    with rig._reader.connect() as connection:
        beside = connection.exec_driver_sql("SELECT seq, field, value FROM personal").all()
        found = connection.exec_driver_sql(
            "SELECT seq, reason, detail FROM record WHERE what = ? ORDER BY seq", (what,)
        ).all()
    said = []
    for seq, reason, detail in found:
        values = {field: value for row, field, value in beside if row == seq}
        why, whole = joined(reason, msgspec.json.decode(detail), values, {})
        said.append(whole | {"reason": why})
    return said


def test_a_reply_with_its_code_acknowledges(rig: Rig) -> None:
    """By the person of that number, by text; and everybody told hears of it."""
    rig.press(101)
    rig.wait(15)
    assert text(rig, f"ack 1 {code(rig)}") == ""
    incident = rig.view.incidents[rig.incidents[0]]
    assert incident.acknowledged is not None
    assert (incident.acknowledged.by, incident.acknowledged.via) == ("Officer Reyes", "text")
    assert [n.type for n in rig.notices if n.channel == "sms"].count("incident.acknowledged") == 2


def test_a_reply_acknowledges_only_what_its_text_had_shown(rig: Rig) -> None:
    """Two rooms press; the second's text has only just gone out, so nobody can have read it."""
    rig.press(101)
    rig.wait(20)
    rig.press(102)
    rig.wait(READ_MS / 1000 - 1)
    text(rig, f"ACK 1 {code(rig)}")
    incident = rig.view.incidents[rig.incidents[0]]
    assert [room.place.room for room in incident.open_rooms] == ["Room 102"]
    rig.wait(READ_MS / 1000)
    text(rig, f"ACK 1 {code(rig)}")
    assert state(rig) == "acknowledged"


def test_the_revision_that_was_shown_survives_a_restart(rig: Rig) -> None:
    """The hub dies between the text and its answer, and its clock was set meanwhile."""
    rig.press(101)
    rig.wait(20)
    rig.press(102)
    rig.wait(5)
    rig.restart(2.0)
    text(rig, f"ACK 1 {code(rig)}")
    assert [room.place.room for room in rig.view.incidents[rig.incidents[0]].open_rooms] == ["Room 102"]
    rig.wall_jumps(-3600)
    rig.wait(READ_MS / 1000)
    text(rig, f"ACK 1 {code(rig)}")
    assert state(rig) == "acknowledged"


def test_a_text_that_was_not_delivered_has_shown_nothing(rig: Rig) -> None:
    """The modem has no network for the second: only the first was shown."""
    rig.press(101)
    rig.wait(20)
    rig.far["sms"] = "down"
    rig.press(102)
    rig.wait(60)
    text(rig, f"ACK 1 {code(rig)}")
    assert state(rig) == "open"


@pytest.mark.parametrize("words", ["ack", "Ack!", "ACK 1"])
def test_a_bare_reply_is_answered_with_what_to_send(rig: Rig, words: str) -> None:
    """With the codes of that phone's texts."""
    rig.press(101)
    rig.wait(15)
    assert text(rig, words) == f"Reply ACK 1 {code(rig)}"
    assert state(rig) == "open"


def test_another_persons_code_is_none(rig: Rig) -> None:
    """A text that was passed on is nobody's answer."""
    rig.press(101)
    rig.wait(15)
    others = code(rig, "lee")
    assert others != code(rig)
    assert text(rig, f"ACK 1 {others}") == f"That is not the code of your text. Reply ACK 1 {code(rig)}"
    assert text(rig, "ACK 7 10") == "Incident 7 is not open. Reply STATUS for what is."
    assert state(rig) == "open"


def test_an_answer_to_what_is_over(rig: Rig) -> None:
    """Says so."""
    rig.press(101)
    rig.wait(15)
    known = code(rig)
    rig.acknowledge()
    assert text(rig, f"ACK 1 {known}") == "Nothing to acknowledge: incident 1 is acknowledged."
    rig.resolve()
    assert text(rig, f"ACK 1 {known}") == "Incident 1 is not open. Reply STATUS for what is."
    assert text(rig, "ack") == "Nothing that you were told of is open."


def test_status(rig: Rig) -> None:
    """How many are open, which, and how to acknowledge each."""
    assert text(rig, "status") == "Nothing is open."
    rig.press(101)
    assert text(rig, "Status?") == f"1 open: PANIC Room 101 (ACK 1 {code(rig)})"
    rig.wait(15)
    rig.acknowledge(by="Lee")
    assert text(rig, "STATUS") == f"1 open: PANIC Room 101, Lee has it (ACK 1 {code(rig)})"


@pytest.mark.parametrize(
    "words", ["going", "On scene, two units", "closed 1 {code}", "Need help!", "received"]
)
def test_progress_goes_on_the_timeline(rig: Rig, words: str) -> None:
    """As that person's word; it acknowledges nothing."""
    rig.press(101)
    rig.wait(15)
    said = words.format(code=code(rig))
    assert text(rig, said) == ""
    (detail,) = rows(rig, "note")
    assert (detail["by"], detail["via"], detail["note"]) == ("Officer Reyes", "text", said)
    assert state(rig) == "open"


def test_progress_is_on_the_board_and_stays_over_a_restart(rig: Rig) -> None:
    """Of each person what they said last, until the incident is over."""
    rig.press(101)
    rig.wait(15)
    text(rig, "going")
    text(rig, "received", "lee")
    text(rig, "on scene")
    said = [(one.by, one.word) for one in rig.view.progress[rig.incidents[0]]]
    assert said == [("Principal Lee", "received"), ("Officer Reyes", "on scene")]
    rig.restart(2.0)
    assert [(one.by, one.word) for one in rig.view.progress[rig.incidents[0]]] == said
    first = rig.incidents[0]
    rig.resolve()
    rig.press(102)
    rig.wait(15)
    text(rig, "going")
    assert first not in rig.view.progress


def test_progress_of_two_incidents_asks_which(make_rig: Make) -> None:
    """In doubt nothing is taken for the wrong one."""
    rig = make_rig(texting("device"))
    rig.press(101)
    rig.press(102)
    rig.wait(15)
    codes = [f"ACK {n} {code(rig, which=n - 1)}" for n in (2, 1)]
    assert text(rig, "on scene") == f"Reply {codes[0]} or {codes[1]}"
    assert text(rig, f"on scene 1 {code(rig, which=0)}") == ""
    assert [row["note"] for row in rows(rig, "note")] == [f"on scene 1 {code(rig, which=0)}"]


def test_anything_else_gets_help_once(rig: Rig) -> None:
    """A machine that answers by itself would go on for ever."""
    help_words = text(rig, "I am driving and will answer later")
    assert "ACK" in help_words
    assert text(rig, "I am driving and will answer later") == ""
    assert text(rig, "who is this?") == ""
    text(rig, "status")
    assert text(rig, "hm") == help_words
    assert [row["reason"] for row in rows(rig, "text-came")].count("not understood") == 4


def test_a_stranger_is_ignored_and_recorded(rig: Rig) -> None:
    """With number and words beside the chain; a flood of them is counted."""
    rig.press(101)
    rig.wait(15)
    assert text(rig, f"ACK 1 {code(rig)}", "nobody") == ""
    assert state(rig) == "open"
    (detail,) = rows(rig, "text-ignored")
    assert (detail["person"], detail["note"]) == ("+15550100009", f"ACK 1 {code(rig)}")
    for _ in range(50):
        text(rig, "spam", "nobody")
    assert len(rows(rig, "text-ignored")) == STRANGERS
    rig.wait(601)
    text(rig, "spam", "nobody")
    assert rows(rig, "text-ignored")[-1]["reason"].endswith("41 more were only counted")


def test_a_text_that_the_network_lost_is_a_trouble_and_hastens_the_plan(rig: Rig) -> None:
    """It was taken, and has not come: nobody of the step was reached, so the next begins."""
    rig.press(101)
    rig.wait(1)
    for who in NUMBERS:
        target = Target("sro", "sms", who)
        words = "the network gave it up (status 70)"
        rig._input(TextReported(rig.incidents[0], target, False, words))
    assert rig.troubles("channel") == ["channel sms lee", "channel sms reyes"]
    assert [n.channel for n in rig.notices if n.at == 1] == ["calls", "calls"]
    rig._input(TextReported(rig.incidents[0], Target("sro", "sms", "lee"), True, "the phone has it"))
    assert [row["reason"] for row in rows(rig, "text-arrived")] == ["the phone has it"]


def test_phones_ring_until_somebody_answers_and_no_longer(rig: Rig) -> None:
    """Nobody is rung to hear that it is in hand, or over."""
    rig.far["calls"] = "down"
    rig.press(101)
    rig.wait(60)
    assert {n.channel for n in rig.notices} == {"sms"}
    assert len([n for n in rig.handed if n.channel == "calls"]) > 4
    rig.handed.clear()
    text(rig, f"ACK 1 {code(rig)}")
    rig.far["calls"] = "takes"
    rig.wait(600)
    assert not [n for n in rig.handed if n.channel == "calls"]
    rig.note()
    rig.wait(10)
    rig.resolve()
    rig.wait(600)
    assert not [n for n in rig.handed if n.channel == "calls"]


def test_phones_ring_again_for_a_room_that_calls_after_the_answer(rig: Rig) -> None:
    """It is open again."""
    rig.press(101)
    rig.wait(40)
    rig.acknowledge()
    rig.handed.clear()
    rig.press(102)
    rig.wait(120)
    assert [n for n in rig.handed if n.channel == "calls"]


def test_nobody_is_rung_once_it_is_over_before_its_time(rig: Rig) -> None:
    """Resolved as real at 10 s: the first notices of others are owed, but no phone rings."""
    rig.press(101)
    rig.wait(10)
    rig.resolve()
    rig.wait(600)
    assert not [n for n in rig.handed if n.channel == "calls"]


def test_a_site_with_rung_phones_comes_to_rest(rig: Rig) -> None:
    """After an answer nothing is due every moment."""
    rig.press(101)
    rig.wait(40)
    rig.acknowledge()
    rig.note()
    before = rig.site.next_deadline()
    rig.wait(5)
    after = rig.site.next_deadline()
    assert before is not None
    assert after is not None
    assert after > rig.now().mono + 1


def test_no_phone_rings_for_a_drill(rig: Rig) -> None:
    """It could not say that it is one."""
    rig.ask(PlanDrill("lockdown", "Officer Reyes", "Officer Reyes", "board", 1800))
    rig.wait(1)
    rig.press(101)
    rig.wait(300)
    assert [n.channel for n in rig.handed if n.incident["drill"]]
    assert not [n for n in rig.handed if n.channel == "calls"]
