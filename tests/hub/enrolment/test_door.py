"""The agents' door over real TLS: what it takes, what it refuses, and that nobody keeps it from others."""

from __future__ import annotations

import json
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from config.enrol_code import new_code
from config.enrolment_settings import EnrolmentSettings
from config.hub_settings import NamedBroker
from device.enrol.key import new_key, request
from hub.authority.authority import Authority, key_pem
from hub.authority.authority import new_key as authority_key
from hub.enrolment import door_server
from scripts.parts import fetch, for_rooms
from tests.mosquitto import HOST
from tests.open_door import NAME, OpenDoor, open_door
from tests.scenarios.rig import site_settings


@pytest.fixture
def door(tmp_path: Path) -> Iterator[OpenDoor]:
    with open_door(tmp_path) as made:
        yield made


def test_anybody_may_have_the_authority(door: OpenDoor) -> None:
    """It is no secret; the code says whether it is the right one."""
    status, answer = door.call("GET", "/enrol/v1/authority")
    assert status == 200
    assert (answer["site"], answer["name"]) == ("lincoln", NAME)
    assert answer["authority"] == door.authority.pem.decode()


def test_an_agent_gets_a_certificate_and_shows_it(door: OpenDoor) -> None:
    """With its settings; what it is, it may ask from then on."""
    secret, key = door.code(), new_key()
    wanted = {"csr": request(key), "secret": secret, "folder": "/x/identity", "data": "/x/data"}
    status, given = door.call("POST", "/enrol/v1/certificate", wanted)
    assert status == 200
    assert (given["device"], given["room"], given["spare"]) == ("room-101", "Room 101", False)
    assert 'key_file = "/x/identity/key.pem"' in given["settings"]
    assert 'tls_name = "broker.lincoln.tocsin.internal"' in given["settings"]
    own = door.keep("own", key, given["certificate"])
    status, what = door.call("GET", "/agents/v1/me", own=own)
    assert (status, what["state"]) == (200, "signed")
    status, what = door.call("POST", "/agents/v1/hold", {}, own=own)
    assert (status, what["state"], what["broker_knows"]) == (200, "held", True)


def test_nothing_is_given_that_is_not_written_down(door: OpenDoor) -> None:
    """A hub whose disk is sick says so; the same agent asks again."""
    wanted = {"csr": request(new_key()), "secret": door.code()}
    door.desk.recorded = False
    status, answer = door.call("POST", "/enrol/v1/certificate", wanted)
    assert (status, "certificate" in answer) == (503, False)
    door.desk.recorded = True
    assert door.call("POST", "/enrol/v1/certificate", wanted)[0] == 200


def test_a_profile_that_is_wrong_is_told_and_the_code_is_still_good(door: OpenDoor) -> None:
    """Once it is mended."""
    wanted = {"csr": request(new_key()), "secret": door.code()}
    profiles = door.folder / "profiles"
    profiles.mkdir()
    (profiles / "standard.toml").write_text('device = "room-666"\n')
    settings = door.desk.settings
    enrolment = EnrolmentSettings(address=HOST, profiles=profiles)
    door.desk.settings = site_settings(broker=NamedBroker(own_tls=True), enrolment=enrolment)
    status, answer = door.call("POST", "/enrol/v1/certificate", wanted)
    assert (status, answer["error"]) == (503, "profile")
    assert (
        "standard.toml sets device, which the hub writes; take it out; mend it on the hub" in answer["detail"]
    )
    door.desk.settings = settings
    assert door.call("POST", "/enrol/v1/certificate", wanted)[0] == 200


def test_wrong_codes_are_slowed_down_and_told_of_once(door: OpenDoor) -> None:
    """From the third on, with how long to wait; who is slowed down isn't looked up at all."""
    csr = request(new_key())
    ends = [
        door.call("POST", "/enrol/v1/certificate", {"csr": csr, "secret": "00" * 9 + f"{n:02x}"})
        for n in range(5)
    ]
    assert [status for status, _ in ends] == [403, 403, 403, 429, 429]
    assert ends[3][1]["wait_s"] >= 1
    good = {"csr": csr, "secret": door.code()}
    assert door.call("POST", "/enrol/v1/certificate", good)[0] == 429
    assert [(one.what, one.times) for one in door.tried] == [("code", 1)]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 422),
        (b"{", 422),
        (b"[]", 422),
        (b'{"csr": 1}', 422),
        (b'{"csr": "x", "secret": "00"}', 422),
        (b'{"csr": "x"}', 422),
        (json.dumps({"csr": "x", "secret": "0" * 20, "folder": "/a\nb"}).encode(), 422),
        (json.dumps({"csr": "x", "secret": "0" * 20, "folder": 'a"b'}).encode(), 422),
        (json.dumps({"csr": "x" * 5000, "secret": "0" * 20}).encode(), 422),
        (b"x" * 20_000, 413),
    ],
)
def test_what_is_no_request_is_refused(door: OpenDoor, body: bytes, status: int) -> None:
    """And costs nobody a wait."""
    assert door.call("POST", "/enrol/v1/certificate", body)[0] == status
    assert door.tried == []


def test_only_a_good_key_is_signed(door: OpenDoor) -> None:
    """No other kind, and none that the asker doesn't have; the code is good after it."""
    secret = door.code()
    weak = rsa.generate_private_key(65537, 2048)
    empty = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    other = empty.sign(weak, hashes.SHA256()).public_bytes(Encoding.PEM).decode()
    stolen = bytearray(ssl.PEM_cert_to_DER_cert(
        request(new_key()).replace("CERTIFICATE REQUEST", "CERTIFICATE").strip()
    ))  # fmt: skip
    stolen[-1] ^= 1
    unsigned = ssl.DER_cert_to_PEM_cert(bytes(stolen)).replace("CERTIFICATE", "CERTIFICATE REQUEST")
    for csr in (
        other,
        unsigned,
        "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----",
    ):
        status, answer = door.call("POST", "/enrol/v1/certificate", {"csr": csr, "secret": secret})
        assert (status, answer["error"]) == (422, "bad-input"), answer
    assert door.desk.view.identities == {}
    good = {"csr": request(new_key()), "secret": secret}
    assert door.call("POST", "/enrol/v1/certificate", good)[0] == 200


def test_without_a_certificate_of_this_hub_nobody_is_an_agent(door: OpenDoor) -> None:
    """None at all; one that this hub never gave: told of; one of another authority: not let in."""
    for method, path in (("GET", "me"), ("POST", "hold"), ("POST", "certificate")):
        assert door.call(method, f"/agents/v1/{path}", {})[0] == 401
    key = authority_key()
    issued = door.authority.sign_client(key.public_key(), "lincoln.room-101")
    ghost = door.keep("ghost", key_pem(key), issued.pem)
    status, answer = door.call("GET", "/agents/v1/me", own=ghost)
    assert (status, answer["error"]) == (403, "unknown")
    assert [(one.what, one.detail) for one in door.tried] == [("certificate", f"serial {issued.serial:x}")]
    foreign = Authority.open(door.folder / "foreign", "lincoln").sign_client(
        key.public_key(), "lincoln.room-101"
    )
    with pytest.raises((ssl.SSLError, OSError)):
        door.call("GET", "/agents/v1/me", own=door.keep("foreign-key", key_pem(key), foreign.pem))


def test_whoever_is_slow_keeps_nobody_out(door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every place is taken by somebody who says nothing: their time is over soon, and the next is served."""
    monkeypatch.setattr(door_server, "HANDSHAKE_S", 0.5)
    idle = [socket.create_connection((HOST, door.port)) for _ in range(door_server.PLACES)]
    begun = time.monotonic()
    assert door.call("GET", "/enrol/v1/authority")[0] == 200
    assert time.monotonic() - begun < 15
    for one in idle:
        one.close()


def test_whoever_says_a_letter_a_second_is_cut_off(door: OpenDoor, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection has its time, however busy it looks."""
    monkeypatch.setattr(door_server, "STAY_S", 1.0)
    context = ssl.create_default_context(cadata=door.authority.pem.decode())
    with (
        socket.create_connection((HOST, door.port), timeout=20) as raw,
        context.wrap_socket(raw, server_hostname=NAME) as slow,
    ):
        slow.sendall(b"POST /enrol/v1/certificate HTTP/1.1\r\nHost: x\r\nContent-Le")
        assert slow.recv(1) == b""


VALUES = st.recursive(
    st.none() | st.text(max_size=20) | st.integers(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["csr", "secret", "machine", "folder", "x"]), inner, max_size=4)
    ),
)
BODIES = st.binary(max_size=300) | VALUES.map(lambda value: json.dumps(value).encode())


@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=BODIES)
def test_nothing_that_comes_in_is_a_fault_of_ours(door: OpenDoor, body: bytes) -> None:
    """Whatever its body is, the answer is a "no"."""
    status, answer = door.call("POST", "/enrol/v1/certificate", body)
    assert status in (403, 413, 422, 429), (status, answer)


# --- what rooms install --------------------------------------------------------------------------------


def wheels_of(folder: Path) -> dict[str, bytes]:
    """Have a folder made as scripts/install makes it; returns what is in it."""
    ours = folder / "made"
    ours.mkdir()
    (ours / "tocsin-1-py3-none-any.whl").write_bytes(bytes(range(256)) * 1000)
    (ours / "stranger-1-py3-none-any.whl").write_bytes(b"in no lock")
    for_rooms.make(folder / "rooms", [ours])
    return {path.name: path.read_bytes() for path in (folder / "rooms").iterdir()}


def test_a_pi_that_is_nothing_yet_gets_all_it_installs_from_the_hub(door: OpenDoor) -> None:
    """The hub is held against the code; what is there already isn't fetched again, what is damaged is."""
    made = wheels_of(door.folder)
    assert set(made) == {"fetch.py", "index.json", "installer.tar", "tocsin-1-py3-none-any.whl"}
    got, code = door.folder / "got", new_code(door.authority.der).text
    got.mkdir()
    (got / "tocsin-1-py3-none-any.whl").write_bytes(b"half of")
    where = f"{HOST}:{door.port}"
    assert fetch.main([str(got), "--hub", where, "--code", code]) == 0
    release = json.loads(made.pop("index.json"))["release"]
    assert {path.name: path.read_bytes() for path in got.iterdir()} == {
        **made, "release": f"{release}\n".encode()
    }  # fmt: skip


def test_what_breaks_off_is_gone_on_with(door: OpenDoor) -> None:
    """A file may take longer than a connection may last."""
    made = wheels_of(door.folder)["tocsin-1-py3-none-any.whl"]
    hub = fetch.Door(f"{HOST}:{door.port}")
    hub.believe(door.authority.pem.decode(), NAME)
    assert hub.get("/agents/v1/wheels/tocsin-1-py3-none-any.whl", 200_000) == made[200_000:]


def test_another_hub_gives_a_pi_nothing(door: OpenDoor, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever answers in the place of the one that made the code."""
    wheels_of(door.folder)
    other = Authority.open(door.folder / "other", "lincoln")
    words = [str(door.folder / "got"), "--hub", f"{HOST}:{door.port}", "--code", new_code(other.der).text]
    assert fetch.main(words) == 1
    assert "is NOT the hub that made this code" in capsys.readouterr().err
    assert not (door.folder / "got").exists()


def test_nothing_but_what_the_index_names_is_handed_out(door: OpenDoor) -> None:
    """Not the hub's own files, by whatever path; and a hub without wheels says so."""
    assert door.call("GET", "/agents/v1/wheels")[0] == 404
    wheels_of(door.folder)
    (door.folder / "rooms" / "more.txt").write_text("x")
    for path in ("more.txt", "index.json", "..%2fauthority%2fauthority.key", "../authority/authority.key"):
        assert door.call("GET", f"/agents/v1/wheels/{path}")[0] == 404, path
