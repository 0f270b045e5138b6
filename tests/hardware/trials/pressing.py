"""Many presses: on a good network, and on one that loses packets."""

from __future__ import annotations

import contextlib
import random
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from trials import room
from trials.site import Broker, Hub, Site, a_site

SHORTEST_S, LONGEST_S = 0.09, 0.13
"""A press, and the rest after it: the 40 ms in which a contact settles, and as much again and more, since an
emulated machine that is held up by its host takes an edge late."""
BETWEEN_EDGES_S = 0.005
"""The simulated chip merges edges that are closer."""
NETNS = "broker"
AGENT_SIDE, BROKER_SIDE = "10.99.0.1", "10.99.0.2"
HUB_SIDE, BROKER_TO_HUB = "10.99.1.1", "10.99.1.2"
CERTIFICATES = Path("/etc/tocsin/trial")
TOML = Path("/etc/tocsin/agent.toml")


def many(presses: int, seed: int) -> dict[str, Any]:
    """Press wall and desk button side by side, and report what the hub counted."""
    with a_site() as site:
        began = time.monotonic()
        late_s = _press_both(presses, seed)
        took = time.monotonic() - began
        return {"took_s": took, "late_s": late_s, **_count(site.hub, presses, deadline_s=60)}


def on_a_lossy_link(presses: int, percent: int, seed: int) -> dict[str, Any]:
    """The same with the broker in a network of its own, over TLS, whose both ends lose packets."""
    with _network():
        _make_certificates()
        tls = "\n".join(
            f"{key} {CERTIFICATES / file}"
            for key, file in (("cafile", "ca.pem"), ("certfile", "broker.pem"), ("keyfile", "broker.key"))
        )
        listeners = f"listener 1883 {BROKER_TO_HUB}\nlistener 8883 {BROKER_SIDE}\nrequire_certificate true"
        broker = Broker(more=f"{listeners}\n{tls}", inside=("ip", "netns", "exec", NETNS))
        before = TOML.read_text()
        ours = "\n".join(
            f'{key} = "{CERTIFICATES / file}"'
            for key, file in (("ca_file", "ca.pem"), ("cert_file", "agent.pem"), ("key_file", "agent.key"))
        )
        address = f'host = "{BROKER_SIDE}"\nport = 8883\n[links.tls]\n{ours}\n'
        TOML.write_text(before.replace('host = "127.0.0.1"\nport = 1883\n', address))
        site = Site(broker, host=BROKER_TO_HUB)
        try:
            site.open()
            _lose(percent)
            began = time.monotonic()
            _press_both(presses, seed)
            counted = _count(site.hub, presses, deadline_s=150)
            counted["all_here_after_s"] = time.monotonic() - began
            return counted | {"packets": _dropped()}
        finally:
            site.close()
            TOML.write_text(before)


def _press_both(presses: int, seed: int) -> float:
    """Press two buttons, half of the presses each, at random; returns how late the machine was in all."""
    chance = random.Random(seed)

    def edges(zone: str, start: float) -> Iterator[tuple[float, str, bool]]:
        at = start
        for _ in range(presses // 2):
            yield at, zone, True
            at += chance.uniform(SHORTEST_S, LONGEST_S)
            yield at, zone, False
            at += chance.uniform(SHORTEST_S, LONGEST_S)

    start = time.monotonic() + 0.1
    late = 0.0
    last = start
    for at, zone, down in sorted([*edges("wall", start), *edges("desk", start + 0.03)]):
        # Where this machine was held up all the rest moves on with it: no press gets shorter.
        due = max(at + late, last + BETWEEN_EDGES_S)
        time.sleep(max(due - time.monotonic(), 0))
        room.press(zone) if down else room.release(zone)
        last = time.monotonic()
        late = max(late, last - at)
    return late


def _count(hub: Hub, presses: int, deadline_s: float) -> dict[str, Any]:
    """Wait until all have come, as many restorals as alarms; report also where they haven't."""

    def all_here() -> bool:
        return min(len(hub.first_copies(what)) for what in ("alarm", "restoral")) >= presses

    try:
        hub.wait_for(all_here, deadline_s, "all")
    except TimeoutError as error:
        print(error)
    told = hub.first_copies()
    # A press that a machine held up for seconds made long is told a second time, as held.
    alarms, held = [e for e in told if not e.body.get("held")], [e for e in told if e.body.get("held")]
    restorals = hub.first_copies("restoral")
    everything = [copy.body for copy in hub.copies]
    return {
        "alarms": len(alarms),
        "restorals": len(restorals),
        "held": len(held),
        "by_zone": {zone: sum(e.body["zone"] == zone for e in alarms) for zone in ("wall", "desk")},
        "highest_seq": max((body["seq"] for body in everything), default=0),
        "gaps": hub.wait_no_gaps(30),
        "boots": sorted({body["boot"] for body in everything}),
        "lost_edges": hub.healths[-1][1].get("lost_edges") if hub.healths else None,
        "copies": len(hub.copies),
        "oldest_ms": max(event.body["age_ms"] for event in alarms) if alarms else None,
    }


# --- a network of the broker's own ----------------------------------------------------------------


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """A namespace for the broker, joined to this one by a cable for the agent and another for the hub."""
    room.said("ip", "netns", "add", NETNS)
    try:
        room.said("ip", "-n", NETNS, "link", "set", "lo", "up")
        for name, here, there in (("agent", AGENT_SIDE, BROKER_SIDE), ("hub", HUB_SIDE, BROKER_TO_HUB)):
            for words in (
                f"link add {name}0 type veth peer name {name}1 netns {NETNS}",
                f"addr add {here}/24 dev {name}0",
                f"link set {name}0 up",
                f"-n {NETNS} addr add {there}/24 dev {name}1",
                f"-n {NETNS} link set {name}1 up",
            ):
                room.said("ip", *words.split())
        yield
    finally:
        room.said("ip", "netns", "del", NETNS)


def _lose(percent: int) -> None:
    room.said("tc", *f"qdisc add dev agent0 root netem loss {percent}%".split())
    room.said("tc", *f"-n {NETNS} qdisc add dev agent1 root netem loss {percent}%".split())


def _dropped() -> str:
    return room.said("tc", "-s", "qdisc", "show", "dev", "agent0")


def _make_certificates() -> None:
    """A certificate authority, and certificates of the broker and of the agent by it."""
    CERTIFICATES.mkdir(exist_ok=True)
    new = ["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

    def at(file: str) -> str:
        return str(CERTIFICATES / file)

    room.said(
        *new, "-x509", "-days", "2", "-subj", "/CN=trial", "-keyout", at("ca.key"), "-out", at("ca.pem")
    )
    for name, subject, more in (
        ("broker", "/CN=broker", f"subjectAltName=IP:{BROKER_SIDE}"),
        ("agent", "/CN=lincoln.room-101", "extendedKeyUsage=clientAuth"),
    ):
        request = [*new, "-subj", subject, "-keyout", at(f"{name}.key"), "-out", at(f"{name}.csr")]
        room.said(*request)
        (CERTIFICATES / "more").write_text(more)
        room.said(
            "openssl", "x509", "-req", "-days", "2", "-in", at(f"{name}.csr"), "-CA", at("ca.pem"),
            "-CAkey", at("ca.key"), "-CAcreateserial", "-extfile", at("more"), "-out", at(f"{name}.pem"),
        )  # fmt: skip
    for file in CERTIFICATES.iterdir():
        file.chmod(0o644)
