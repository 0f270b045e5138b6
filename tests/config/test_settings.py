"""Settings: every fault at once, each with its file, its key, what was found and the cure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.agent_checks import check_agent
from config.agent_settings import AgentSettings
from config.hub_settings import HubSettings, check_hub
from config.not_known import UNKNOWN, NotKnownError
from config.settings import Fault, SettingsError, load, masked, read, secret

FAULTS = Path(__file__).parent / "faults"
SIDES: dict[str, tuple[type[Any], Callable[..., None]]] = {
    "hub": (HubSettings, check_hub),
    "agent": (AgentSettings, check_agent),
}
PLANTED = "TOCSINPLANTEDSECRET"
LEAST = {"site": "lincoln", "name": "Lincoln", "data": "/var/lib/tocsin"}


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the files of faults name."""
    monkeypatch.setenv("TOCSIN_TEST_SECRET", "whsec_" + "A" * 43 + "=")
    monkeypatch.setenv("TOCSIN_TEST_OTHER", PLANTED)
    monkeypatch.delenv("TOCSIN_TEST_UNSET", raising=False)


def faults_of(file: Path) -> tuple[Fault, ...]:
    kind, check = SIDES["agent" if "agent" in (file.parent.name, file.stem) else "hub"]
    with pytest.raises(SettingsError) as caught:
        load(file, kind, check)
    return caught.value.faults


def read_hub(table: dict[str, Any]) -> HubSettings:
    return read(table, HubSettings, check_hub)


@pytest.mark.parametrize("file", sorted(FAULTS.glob("*/*.toml")), ids=lambda f: f"{f.parent.name}-{f.stem}")
def test_one_fault_is_found_as_its_file_says(file: Path) -> None:
    """Its first three lines say key, found and cure; the fault is that one alone, and names the file."""
    lines = file.read_text(encoding="utf-8").splitlines()[:3]
    key, found, cure = (line.split(":", 1)[1].strip() for line in lines)
    (fault,) = faults_of(file)
    assert (fault.file, fault.key, fault.cure) == (str(file), key, cure)
    if found.endswith("…"):  # the rest is Python's own word for it
        assert fault.found.startswith(found[:-1])
    else:
        assert fault.found == found
    assert PLANTED not in str(fault)


def test_seven_faults_come_back_as_seven(tmp_path: Path) -> None:
    """In the order of the settings, each by itself, in one go."""
    file = tmp_path / "hub.toml"
    file.write_text(
        """
        site = 7
        data = ""
        late_after_s = -1
        colour = "red"
        broker = { port = 0 }
        rooms = [{ device = "a" }]
        [channels.x]
        type = "pigeon"
        [log]
        level = "info"
        """
    )
    faults = faults_of(file)
    assert {fault.key for fault in faults} == {
        "site", "name", "data", "late_after_s", "colour", "broker.port", "rooms[0].room", "channels.x.type",
    }  # fmt: skip
    assert len(faults) == 8  # seven planted, and a name that is missing
    assert {fault.file for fault in faults} == {str(file)}
    with pytest.raises(SettingsError) as caught:
        load(file, HubSettings, check_hub)
    assert len(str(caught.value).splitlines()) == 8


def test_seven_faults_between_settings_come_back_as_seven() -> None:
    """Where every key by itself is right."""
    table = LEAST | {
        "site": "a.b",
        "hub": "Hub",
        "data": "here",
        "timezone": "Middle/Earth",
        "broker": {"host": "far"},
        "rooms": [{"device": "hub", "room": "R"}],
        "audiences": {"sro": {"channels": ["none"]}},
    }
    with pytest.raises(SettingsError) as caught:
        read_hub(table)
    assert [fault.key for fault in caught.value.faults] == [
        "data", "site", "hub", "broker.host", "timezone", "rooms[0].device", "audiences.sro.channels",
    ]  # fmt: skip


AGENT = """
site = "Lin.coln"
device = "hub"
data = "rel/data"
colour = 3
[[links]]
name = "hub"
host = "10.0.0.5"
port = 99999
[[links]]
name = "hub"
host = ""
[[zones]]
zone = "Wall!"
kind = "panik"
circuit = "noo"
pin = 40
[[zones]]
zone = "desk"
kind = "panic"
circuit = "pair"
pin = 17
[[zones]]
zone = "desk"
kind = "duress"
circuit = "no"
pin = 17
[[zones]]
zone = "side"
kind = "assist"
circuit = "no"
pinn = 4
[lamp]
pin = 17
brightness = 15
[strobe]
pin = 1
postures = []
[ups]
type = "apc"
"""
HUB = """
site = "Lin.coln"
name = ""
data = "/var/lib/tocsin"
[broker]
port = 0
[[more_brokers]]
name = "main"
host = "far"
[[rooms]]
device = "a"
[[rooms]]
device = "a"
room = "B"
[audiences.sro]
channels = ["none"]
[plans.one]
kinds = ["panik"]
steps = [{ after_s = 0, notify = ["nobody"] }]
[plans.two]
kinds = ["assist"]
steps = [{ after_s = -1, notify = ["sro"] }]
"""


@pytest.mark.parametrize(
    ("name", "text", "by_itself", "between"),
    [
        (
            "agent", AGENT,
            {
                "colour", "data", "links[0].port", "links[1].host", "zones[0].zone", "zones[0].kind",
                "zones[0].circuit", "zones[0].pin", "zones[3].pinn", "lamp.brightness", "ups.type",
            },
            {
                "site", "device", "links[0].host", "links[1].name", "zones[1].nc_pin", "zones[2].zone",
                "zones[2].pin", "lamp.pin", "strobe.pin", "strobe.postures",
            },
        ),
        (
            "hub", HUB,
            {"name", "broker.port", "rooms[0].room", "plans.one.kinds", "plans.two.steps[0].after_s"},
            {
                "site", "more_brokers[0].name", "more_brokers[0].host", "rooms[1].device",
                "audiences.sro.channels", "plans.one.steps[0].notify",
            },
        ),
    ],
)  # fmt: skip
def test_faults_of_keys_and_between_them_come_in_one_pass(
    name: str, text: str, by_itself: set[str], between: set[str], tmp_path: Path
) -> None:
    """A technician mends them all in one go; none is told that only follows from another.

    Not told: a pin that is missing where ``pinn`` stands, whom "no plan" tells where a plan's kinds
    aren't known, a plan that tells nobody at once where a step's time isn't.
    """
    file = tmp_path / f"{name}.toml"
    file.write_text(text)
    assert {fault.key for fault in faults_of(file)} == by_itself | between


def test_nothing_can_be_learned_of_a_setting_that_is_not_known() -> None:
    """Whatever a check asks of it, the check is left; only that it isn't None is true."""
    asked: list[Callable[[Any], Any]] = [
        lambda it: it.kind, lambda it: it == 1, lambda it: it != 1, lambda it: it > 1, lambda it: it > 1,
        lambda it: it in {1}, lambda it: 1 in it, lambda it: not it, list, len, str, repr,
        lambda it: f"{it}", lambda it: isinstance(it, Path), lambda it: [1].index(it), lambda it: it[0],
    ]  # fmt: skip
    for ask in asked:
        with pytest.raises(NotKnownError):
            ask(UNKNOWN)
    assert UNKNOWN is not None


def test_a_certificate_that_cannot_be_read_is_no_fault_of_the_settings() -> None:
    """It costs the one link, which tries again; all else must run."""
    tls = {"ca_file": "/nowhere/ca.pem", "cert_file": "/nowhere/c.pem", "key_file": "/nowhere/k.pem"}
    agent = {
        "site": "lincoln",
        "device": "room-101",
        "data": "/var/lib/tocsin",
        "links": [{"host": "far", "tls": tls}],
        "zones": [{"zone": "wall", "kind": "panic", "circuit": "no", "pin": 17}],
    }
    assert read(agent, AgentSettings, check_agent).links[0].tls is not None
    assert read_hub(LEAST | {"broker": {"host": "far", "tls": tls}}).broker.tls is not None


def test_a_fault_reads_as_one_line() -> None:
    """File, key, what was found; what to do."""
    assert (
        str(Fault("hub.toml", "site", "found 7", "must be text")) == "hub.toml: site: found 7; must be text"
    )
    assert str(Fault("hub.toml", "", "not TOML", "mend it")) == "hub.toml: not TOML; mend it"


@pytest.mark.parametrize(
    ("content", "found"),
    [(None, "can't be read (No such file or directory)"), (b"name = '\xff'", "byte 8 is not UTF-8")],
)
def test_a_file_that_cannot_be_read_is_one_fault(tmp_path: Path, content: bytes | None, found: str) -> None:
    """Missing, or not text."""
    file = tmp_path / "hub.toml"
    if content is not None:
        file.write_bytes(content)
    assert [fault.found for fault in faults_of(file)] == [found]


def test_settings_cannot_be_changed() -> None:
    """What a process started with is what it runs with."""
    settings = read_hub(dict(LEAST))
    with pytest.raises(AttributeError):
        settings.site = "other"  # type: ignore[misc]
    assert settings.data == Path("/var/lib/tocsin")
    assert settings.late_after_s == 60


def test_a_whole_number_may_be_a_number_of_seconds() -> None:
    """People write 60, not 60.0."""
    assert read_hub(LEAST | {"late_after_s": 61}).late_after_s == 61.0


@given(
    st.dictionaries(
        st.sampled_from([*LEAST, "hub", "broker", "rooms", "channels", "audiences", "plans", "log", "more"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
            lambda inner: (
                st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
            ),
            max_leaves=6,
        ),
        max_size=6,
    )
)
def test_any_table_is_settings_or_faults(table: dict[str, Any]) -> None:
    """Nothing else is raised, and every fault has all its words."""
    try:
        read_hub(table)
    except SettingsError as error:
        for fault in error.faults:
            assert fault.found and fault.cure  # noqa: PT018 - each of many


# --- secrets ---


def test_a_secret_comes_from_its_file_or_the_environment(tmp_path: Path) -> None:
    """Without the newline that editors add."""
    file = tmp_path / "secret"
    file.write_text("the word\n")
    assert secret("s", file, None) == "the word"
    assert secret("s", None, "TOCSIN_TEST_OTHER") == PLANTED


@pytest.mark.parametrize("content", [b"", b" \n", b"\xff" + PLANTED.encode(), None])
def test_a_secret_that_cannot_be_had_says_where_it_was_looked_for(
    tmp_path: Path, content: bytes | None
) -> None:
    """And never what was in there."""
    file = tmp_path / "secret"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(LookupError, match=r"s_file names .*secret") as caught:
        secret("s", file, None)
    assert PLANTED not in str(caught.value)


MISPLACED = f"whsec_{PLANTED}="
URLS = [f"https://user:{PLANTED}@example.org/x", f"ntfy://{PLANTED}", f"tgram://{PLANTED}/5"]


@pytest.mark.parametrize(
    "key", ["secret_file", "secret_env", "url", "url_file", "url_env", "secret", "timeout_s"]
)
@pytest.mark.parametrize("word", [MISPLACED, *URLS])
@pytest.mark.parametrize("as_list", [False, True])
def test_a_secret_in_the_wrong_place_is_not_repeated(key: str, word: str, as_list: bool) -> None:
    """A person puts the secret itself where its file's name belongs: the fault does not show it."""
    table = LEAST | {"channels": {"x": {"type": "webhook", key: [word] if as_list else word}}}
    with pytest.raises(SettingsError) as caught:
        read_hub(table)
    assert PLANTED not in str(caught.value)


@pytest.mark.parametrize("key", ["targets_file", "targets_env", "targets"])
@pytest.mark.parametrize("word", URLS)
def test_a_target_in_the_wrong_place_is_not_repeated(key: str, word: str) -> None:
    """An Apprise URL holds its password."""
    with pytest.raises(SettingsError) as caught:
        read_hub(LEAST | {"channels": {"x": {"type": "apprise", key: word}}})
    assert PLANTED not in str(caught.value)


def test_what_is_no_secret_is_shown() -> None:
    """A technician must see what was found."""
    for text in ("/etc/tocsin/secret", "room-101", "TOCSIN_SECRET", "'found this'"):
        assert masked(text) == text


# --- examples ---

EXAMPLES = Path(__file__).parent.parent.parent / "config" / "examples"


@pytest.mark.parametrize("file", sorted(EXAMPLES.glob("*.toml")), ids=lambda file: file.stem)
def test_every_example_is_accepted_and_holds_no_secret(file: Path) -> None:
    """Each by the side that reads it."""
    kind, check = SIDES["hub" if file.stem == "hub" else "agent"]
    load(file, kind, check)
    text = "".join(line for line in file.read_text().splitlines(True) if not line.lstrip().startswith("#"))
    assert "whsec_" not in text
    assert "://" not in text


def test_the_examples_are_of_one_school() -> None:
    """The rooms' agents name the hub's site, devices and zones."""
    hub = load(EXAMPLES / "hub.toml", HubSettings, check_hub)
    agents = [
        load(EXAMPLES / f"{name}.toml", AgentSettings, check_agent) for name in ("room-101", "room-102")
    ]
    assert {agent.site for agent in agents} == {hub.site}
    for agent, room in zip(agents, hub.rooms, strict=True):
        assert (agent.device, agent.room) == (room.device, room.room)
        assert {(zone.zone, zone.kind, zone.label) for zone in agent.zones} == {
            (zone.zone, zone.kind, zone.label) for zone in room.zones
        }
