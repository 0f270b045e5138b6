"""Apprise's targets, read from a file's text."""

from __future__ import annotations

import pytest

from hub.channels.apprise import _plugin
from hub.channels.apprise_targets import quiet_url, read_targets

TEXT = """\
# Who hears of a panic.

Officer Reyes = ntfy://a-topic-nobody-guesses
  Front office=mailto://user:pa55word@mail.example?to=office@example.org&name=a=b
mailtos://user:pa55word@mail.example?to=x@example.org
pover://us3rkey@appt0ken
"""


def test_each_line_is_a_target_with_its_name() -> None:
    """``Name = url``; an equals sign in a URL belongs to it; comments and empty lines go by."""
    targets, faults = read_targets(TEXT)
    assert faults == ()
    assert [(target.name, target.line) for target in targets[:2]] == [
        ("Officer Reyes", 3),
        ("Front office", 4),
    ]
    assert targets[1].url == "mailto://user:pa55word@mail.example?to=office@example.org&name=a=b"


def test_a_url_alone_is_named_without_its_credentials() -> None:
    """By its service, its server where that is one, and a hash that is the same at every start."""
    (_, _, mail, pushover), _ = read_targets(TEXT)
    assert mail.name.startswith("mailtos mail.example ")
    assert pushover.name.startswith("pover ")
    for target in (mail, pushover):
        for secret in ("user:", "pa55word", "us3rkey", "appt0ken"):
            assert secret not in target.name
    assert read_targets(TEXT)[0][2].name == mail.name
    assert read_targets("pover://us3rkey@other")[0][0].name != pushover.name


def test_every_bad_line_is_a_fault_with_its_number() -> None:
    """All at once, the good lines kept, and no line's own text repeated."""
    text = "\n".join(
        [
            "Reyes = ntfy://topic",
            "s3cr3t-without-a-url",
            "Name = s3cr3t",
            " = ntfy://s3cr3t",
            "a/b = ntfy://s3cr3t",
            "Reyes = ntfy://s3cr3t",
            "mailto://[s3cr3t",
            "Okafor = ntfy://other",
        ]
    )
    targets, faults = read_targets(text)
    assert [target.name for target in targets] == ["Reyes", "Okafor"]
    assert [fault.line for fault in faults] == [2, 3, 4, 5, 6, 7]
    assert "'Reyes' stands on line 1 too" in faults[4].found
    assert "s3cr3t" not in str(faults)


@pytest.mark.parametrize(
    ("url", "name", "loud", "quiet"),
    [
        ("ntfy://a-topic", "priority", "default", "low"),
        ("ntfys://ntfy.example/a-topic?priority=max&tags=x", "priority", "max", "low"),
        ("gotify://gotify.example/A1b2C3d4E5f6G7h", "priority", 5, 3),
        ("pover://" + "u" * 30 + "@" + "a" * 30 + "?Priority=emergency", "priority", 2, -1),
        ("prowl://" + "a" * 40, "priority", 0, -2),
        ("spush://AbCdEf?priority=5", "priority", 5, 1),
        ("tgram://123456789:abcdefg_hijklmnop/12315544/", "silent", False, True),
        ("nctalk://user:pass@cloud.example/room", "silent", False, True),
    ],
)
def test_a_quiet_url_is_one_that_apprise_takes_as_quiet(
    url: str, name: str, loud: object, quiet: object
) -> None:
    """Whatever priority the URL asks for; all else in it stays."""
    assert getattr(_plugin(url, 1.0), name) == loud
    assert getattr(_plugin(quiet_url(url), 1.0), name) == quiet
    assert ("tags=x" in quiet_url(url)) is ("tags=x" in url)


def test_a_service_that_knows_no_quiet_gets_its_url_as_it_is() -> None:
    """A mail makes no sound of ours; what a text message does is the phone's."""
    for url in ("mailto://user:p@mail.example?to=x@example.org&priority=high", "https://ntfy.example/topic"):
        assert quiet_url(url) == url
