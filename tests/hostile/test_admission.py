"""Who gets onto a school's broker, and as whom: attackers with every certificate but the right one."""

from __future__ import annotations

import contextlib
import datetime as dt
import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from config.dialling import Dialler
from config.sign_in import Answer, sign_in
from hub.authority.authority import BEGINS, ENDS, Authority, key_pem, new_key
from hub.authority.closing import refuses_probe
from hub.authority.names import rest_name
from tests.mosquitto import HOST
from tests.school_broker import SchoolBroker
from tests.site import until

pytestmark = pytest.mark.broker
ROOM, NEIGHBOUR = "school.room-101", "school.room-102"
NOW = dt.datetime.now(dt.UTC)
BOTH = pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])


@pytest.fixture(scope="module")
def school(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SchoolBroker]:
    with SchoolBroker(tmp_path_factory.mktemp("school")) as running:
        running.enrol("room-101")
        running.enrol("room-102")
        yield running


def forged(
    *,
    signer: Authority | None = None,
    begins: dt.datetime = BEGINS,
    ends: dt.datetime = ENDS,
    usage: Any = ExtendedKeyUsageOID.CLIENT_AUTH,
    issuer: x509.Name | None = None,
) -> bytes:
    """Key and certificate of room-101, signed by ``signer`` or, without, by itself; as one PEM text."""
    key = new_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, ROOM)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or (signer.certificate.subject if signer else name))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                signer.certificate.public_key() if signer else key.public_key()  # type: ignore[arg-type]
            ),
            critical=False,
        )
        .sign(signer._key if signer else key, SHA256())
    )
    return key_pem(key) + certificate.public_bytes(Encoding.PEM)


def try_in(
    school: SchoolBroker,
    pem: Path | None,
    *,
    as_: str = ROOM,
    version: ssl.TLSVersion | None = None,
) -> Answer | str:
    """Sign in with what is in a file; returns the broker's answer, or how it said no."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    if version is not None:
        context.minimum_version = context.maximum_version = version
        context.set_ciphers("ALL:@SECLEVEL=0")
    if pem is not None:
        context.load_cert_chain(pem)
    try:
        with (
            socket.create_connection((HOST, school.port), timeout=10) as sock,
            context.wrap_socket(sock) as secure,
        ):
            # With TLS 1.3 its "no" comes after the handshake, and our word must not cross it.
            secure.settimeout(1)
            with contextlib.suppress(TimeoutError):
                secure.recv(1)
            return sign_in(secure, as_, clean=True)  # type: ignore[arg-type]
    except OSError as error:
        return getattr(error, "reason", None) or type(error).__name__


def one_file(folder: Path, *parts: bytes) -> Path:
    path = folder / "both.pem"
    path.write_bytes(b"".join(parts))
    return path


@BOTH
def test_whoever_has_the_right_certificate_is_let_in(
    school: SchoolBroker, tmp_path: Path, version: ssl.TLSVersion
) -> None:
    """So that the tests below can fail."""
    tls = school.issue(ROOM)
    both = one_file(tmp_path, tls.key_file.read_bytes(), tls.cert_file.read_bytes())
    assert try_in(school, both, version=version) == Answer(False, 0)
    # And by the same means as those below are forged.
    assert try_in(school, one_file(tmp_path, forged(signer=school.authority)), version=version) == (False, 0)


@BOTH
def test_nobody_else_is(school: SchoolBroker, tmp_path: Path, version: ssl.TLSVersion) -> None:
    """Each for its own reason, in the broker's own word."""
    ours, other = school.authority, Authority.open(tmp_path / "other", "school")
    assert other.certificate.subject == ours.certificate.subject
    tries = {
        "none": None,
        "self-signed": forged(),
        "self-signed in the authority's name": forged(issuer=ours.certificate.subject),
        "another authority of the same name": forged(signer=other),
        "expired": forged(signer=ours, ends=NOW - dt.timedelta(days=1)),
        "not yet valid": forged(signer=ours, begins=NOW + dt.timedelta(days=1)),
        "a server's": forged(signer=ours, usage=ExtendedKeyUsageOID.SERVER_AUTH),
        "revoked": _revoked(school, tmp_path),
    }
    said = {
        name: try_in(school, None if pem is None else one_file(tmp_path, pem), version=version)
        for name, pem in tries.items()
    }
    assert all(isinstance(answer, str) and "ALERT" in answer for answer in said.values()), said
    assert "UNKNOWN_CA" in said["another authority of the same name"]
    assert "EXPIRED" in said["expired"]
    assert "REVOKED" in said["revoked"]


def _revoked(school: SchoolBroker, tmp_path: Path) -> bytes:
    tls = school.issue(ROOM)
    school.revoke(tls)
    both = tls.key_file.read_bytes() + tls.cert_file.read_bytes()
    file = one_file(tmp_path, both)
    until("the list is taken", lambda: isinstance(try_in(school, file), str))
    return both


def test_a_stolen_brokers_key_is_no_clients(school: SchoolBroker, tmp_path: Path) -> None:
    folder = school.data.parent / "files"
    both = one_file(tmp_path, (folder / "broker.key").read_bytes(), (folder / "broker.pem").read_bytes())
    assert "ALERT" in str(try_in(school, both))


def test_nothing_older_than_tls_12_and_nothing_in_the_clear(school: SchoolBroker, tmp_path: Path) -> None:
    tls = school.issue(ROOM)
    both = one_file(tmp_path, tls.key_file.read_bytes(), tls.cert_file.read_bytes())
    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        assert "PROTOCOL_VERSION" in str(try_in(school, both, version=ssl.TLSVersion.TLSv1_1))
    with socket.create_connection((HOST, school.port), timeout=10) as sock:
        sock.sendall(b"\x10\x10\x00\x04MQTT\x05\x02\x00\x0a\x00\x00\x03abc")
        with contextlib.suppress(ConnectionResetError):
            assert sock.recv(64)[:1] != b"\x20"


@pytest.mark.parametrize("as_", [NEIGHBOUR, "tocsin-hub-school", "tocsin-hub-school-rest", ""])
def test_a_client_is_who_its_certificate_says(school: SchoolBroker, as_: str) -> None:
    """Whatever client id or user name it gives: it throws nobody out, and has its own rights alone."""
    P = "tocsin/v1/school"
    with ExitStack() as stack:
        victims = {
            name: stack.enter_context(school.wire(school.issue(name), f"{P}/#"))
            for name in (NEIGHBOUR, "tocsin-hub-school", "tocsin-hub-school-rest")
        }
        before = len(school.words())
        liar = stack.enter_context(
            school.wire(school.issue(ROOM), f"{P}/#", client_id=as_, username=as_ or None)
        )
        assert liar.publishes(f"{P}/room-101/event", b"mine")
        for topic in ("room-102/event", "room-102/state", "room-102/receipt", "posture", "hub/hub-1/state"):
            assert not liar.publishes(f"{P}/{topic}", b"forged", retain=True)
        assert victims["tocsin-hub-school-rest"].publishes(f"{P}/room-102/receipt", b"for 102")
        assert victims["tocsin-hub-school-rest"].publishes(f"{P}/room-101/receipt", b"for 101")
        liar.wait_for(lambda m: m.payload == b"for 101")
        victims[NEIGHBOUR].wait_for(lambda m: m.payload == b"for 102")
        assert not [m for m in liar.messages if m.payload == b"for 102"]
        for wire in victims.values():
            wire.hear_all()  # each is still there
            assert not [m for m in wire.messages if m.payload == b"forged"]
        log = school.words()[before:]
        assert f" as {ROOM} " in log
        assert not [name for name in victims if name in log]


def test_an_agent_cannot_pose_as_the_broker(school: SchoolBroker) -> None:
    """Its certificate is no server's: whoever connects to it finds that out before a word is said."""
    tls = school.issue("broker.school.tocsin.internal")
    serving = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving.load_cert_chain(tls.cert_file, tls.key_file)
    asking = ssl.create_default_context(cafile=tls.ca_file)
    asking.check_hostname = False
    waits = asking.wrap_bio(incoming := ssl.MemoryBIO(), outgoing := ssl.MemoryBIO())
    with pytest.raises(ssl.SSLWantReadError):
        waits.do_handshake()
    server = serving.wrap_bio(server_in := ssl.MemoryBIO(), server_out := ssl.MemoryBIO(), server_side=True)
    server_in.write(outgoing.read())
    with pytest.raises(ssl.SSLWantReadError):
        server.do_handshake()
    incoming.write(server_out.read())
    with pytest.raises(ssl.SSLCertVerificationError, match="purpose"):
        waits.do_handshake()


@BOTH
def test_a_session_of_tls_that_was_kept_opens_nothing_later(tmp_path: Path, version: ssl.TLSVersion) -> None:
    """A resumed one would show no certificate, and so pass the list of revoked ones by."""
    with SchoolBroker(tmp_path) as school:
        tls = school.enrol("room-101")
        context = ssl.create_default_context(cafile=tls.ca_file)
        context.check_hostname = False
        context.minimum_version = context.maximum_version = version
        context.load_cert_chain(tls.cert_file, tls.key_file)

        def connect(kept: ssl.SSLSession | None) -> ssl.SSLSession | None:
            with (
                socket.create_connection((HOST, school.port), timeout=10) as sock,
                context.wrap_socket(sock, session=kept) as secure,
            ):
                assert sign_in(secure, ROOM, clean=True) == (False, 0)  # type: ignore[arg-type]
                assert not secure.session_reused
                return secure.session

        kept = connect(None)
        assert kept is not None
        assert kept.has_ticket
        kept = connect(kept)
        school.revoke(tls)
        until("the list is taken", lambda: refuses_probe(school.at(None), school.data))
        with pytest.raises(OSError, match=r"REVOKED|EOF|reset"):
            connect(kept)


class LongSchool(SchoolBroker):
    """A site whose id is as long as one may be."""

    site = "s" * 64


@pytest.mark.filterwarnings("ignore:Attribute's length")
def test_the_longest_ids_are_taken_like_any(tmp_path: Path) -> None:
    """Common names are over X.520's 64 characters then, and the site is over DNS's 63."""
    device = "d" * 64
    with LongSchool(tmp_path) as school:
        tls = school.enrol(device)
        Dialler(school.at(tls)).dial().close()  # by the broker's own name
        rest = rest_name(school.site)
        with school.wire(tls, "#") as room, school.wire(school.own(rest), "nothing") as hub:
            assert room.publishes(f"tocsin/v1/{school.site}/{device}/event")
            assert hub.publishes(f"tocsin/v1/{school.site}/{device}/receipt", b"for it")
            room.wait_for(lambda m: m.payload == b"for it")
        assert f" as {school.site}.{device} " in school.words()
