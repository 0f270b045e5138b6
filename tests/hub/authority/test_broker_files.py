"""The folder that the hub writes and the broker reads."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path

import pytest
from cryptography import x509

from config.certificate import read_certificate
from hub import atomic
from hub.authority.authority import FOLDER, REVOKED, Authority
from hub.authority.broker_files import ASKED, CERTIFICATE, KEY, RIGHTS, BrokerFiles
from hub.authority.own_files import PROBE, keep_own, own_tls
from hub.authority.revocation import read_list

NAMES = ["broker.lincoln.tocsin.internal", "192.168.1.10"]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "files"


@pytest.fixture
def authority(data: Path) -> Authority:
    return Authority.open(data / FOLDER, "lincoln")


@pytest.fixture
def files(authority: Authority, data: Path, folder: Path) -> BrokerFiles:
    return BrokerFiles(authority, folder, data, site="lincoln", hub="hub-1")


def revoked(folder: Path, data: Path) -> tuple[int, set[int]]:
    """The list's number and serials, without the probe's, which must be among them."""
    number, serials = read_list((folder / REVOKED).read_bytes())
    probe = x509.load_pem_x509_certificate(own_tls(data, PROBE).cert_file.read_bytes()).serial_number
    assert probe in serials
    return number, set(serials - {probe})


def test_what_is_right_stays_as_it_is(files: BrokerFiles, folder: Path, data: Path) -> None:
    """As often as you like, at every start: nothing is to be read anew, nobody to sign in again."""
    assert files.keep_certificate(NAMES)
    assert files.keep_lists(["room-101"], [7, 8])
    before = {path: path.read_bytes() for path in folder.iterdir()}
    assert not files.keep_certificate(NAMES)
    assert not files.keep_lists(["room-101"], [8, 7])
    assert {path: path.read_bytes() for path in folder.iterdir()} == before
    assert revoked(folder, data) == (1, {7, 8})


def test_the_broker_may_read_and_nobody_else(files: BrokerFiles, folder: Path) -> None:
    """Whatever the process's own mask is: the hub's unit has 0077."""
    mask = os.umask(0o077)
    try:
        files.keep_certificate(NAMES)
        files.keep_lists([], [])
    finally:
        os.umask(mask)
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o640}


def test_the_broker_is_asked_after_each_change_alone(files: BrokerFiles, folder: Path) -> None:
    """Once all is written; systemd's path unit waits for the file, and removes it."""
    (folder / ASKED).parent.mkdir(parents=True)
    changes = [
        lambda: files.keep_certificate(NAMES),
        lambda: files.keep_lists(["room-101"], []),
        lambda: files.keep_lists(["room-101"], [7]),
    ]
    for change in changes:
        assert change()
        (folder / ASKED).unlink()
        assert not change()
        assert not (folder / ASKED).exists()


def test_each_list_is_numbered_above_any_before_it(
    files: BrokerFiles, authority: Authority, folder: Path, data: Path
) -> None:
    """A broker goes by the newest that it ever read, also where its folder was lost meanwhile."""
    for count in range(1, 5):
        assert files.keep_lists([], range(1, count))
        assert revoked(folder, data) == (count, set(range(1, count)))
    (folder / REVOKED).unlink()
    files.keep_lists([], range(1, 4))
    assert revoked(folder, data)[0] == 5
    (data / FOLDER / REVOKED).unlink()  # the hub's own, as after a restored backup without it
    BrokerFiles(authority, folder, data, site="lincoln", hub="hub-1").keep_lists([], range(1, 4))
    assert revoked(folder, data)[0] == 6


def test_nobody_is_ever_taken_off_the_list(files: BrokerFiles, folder: Path, data: Path) -> None:
    """A restored record may not know of a Pi that was stolen since; probes of earlier lists go."""
    files.keep_lists([], [7, 8])
    assert not files.keep_lists([], [7])
    assert files.keep_lists([], [9])
    assert revoked(folder, data) == (2, {7, 8, 9})
    (folder / REVOKED).unlink()
    assert files.keep_lists([], [])
    assert revoked(folder, data) == (3, {7, 8, 9})


@pytest.mark.parametrize("serials", [{7}, {7, 8}], ids=["enrolled", "replaced"])
@pytest.mark.parametrize("at", range(1, 7))
@pytest.mark.parametrize("before", [True, False], ids=["before", "after"])
def test_a_power_cut_at_any_write_is_made_good(
    files: BrokerFiles,
    folder: Path,
    data: Path,
    monkeypatch: pytest.MonkeyPatch,
    at: int,
    before: bool,
    serials: set[int],
) -> None:
    """The next try ends with what was asked for, told to the broker; no number is ever another list's."""
    (folder / ASKED).parent.mkdir(parents=True)
    files.keep_lists([], [7])
    (folder / ASKED).unlink()
    writes, real = 0, atomic.put_in_place

    def cut(fresh: Path, path: Path) -> None:
        nonlocal writes
        writes += 1
        if before and writes == at:
            raise OSError("the power went")
        real(fresh, path)
        if writes == at:
            raise OSError("the power went")

    monkeypatch.setattr(atomic, "put_in_place", cut)
    with contextlib.suppress(OSError):
        files.keep_lists(["room-101"], serials)
    assert writes == min(at, 5)  # the probe's key and certificate, the list here and there, the rights
    monkeypatch.undo()
    seen = dict(read_list(file.read_bytes()) for file in (folder / REVOKED, data / FOLDER / REVOKED))
    files.keep_lists(["room-101"], serials)
    if not (before is False and at == 5):  # all was written: whoever starts anew asks in any case
        assert (folder / ASKED).exists()
    number, listed = revoked(folder, data)
    assert listed >= serials
    assert len(listed) <= len(serials) + 1  # a probe whose list was cut off may stay on it
    assert "user lincoln.room-101\n" in (folder / RIGHTS).read_text()
    assert number >= max(seen)
    assert number not in seen or seen[number] == read_list((folder / REVOKED).read_bytes())[1]


def test_no_probe_stays_on_the_list(files: BrokerFiles, folder: Path, data: Path) -> None:
    """However often the rights change: it would grow for ever."""
    for count in range(6):
        files.keep_lists([f"room-{n}" for n in range(count)], [7])
        assert revoked(folder, data) == (count + 1, {7})


def test_a_list_that_was_cut_short_is_written_anew(files: BrokerFiles, folder: Path, data: Path) -> None:
    files.keep_lists([], [7])
    (folder / REVOKED).write_bytes((folder / REVOKED).read_bytes()[:100])
    assert files.keep_lists([], [7])
    assert revoked(folder, data) == (2, {7})


@pytest.mark.parametrize("left", [None, b"", b"-----BEGIN X509 CRL-----"], ids=["missing", "empty", "cut"])
def test_a_lost_list_of_revocations_takes_nobodys_rights(
    files: BrokerFiles, folder: Path, data: Path, left: bytes | None
) -> None:
    """``tocsin-hub authority`` beside a school that works: who was revoked stays so, who may speak may."""
    (folder / ASKED).parent.mkdir(parents=True)
    files.keep_lists(["room-101"], [7])
    (folder / ASKED).unlink()
    before = (folder / RIGHTS).read_bytes()
    if left is None:
        (folder / REVOKED).unlink()
    else:
        (folder / REVOKED).write_bytes(left)
    assert files.begin_lists()
    assert (folder / RIGHTS).read_bytes() == before
    assert revoked(folder, data) == (2, {7})
    assert (folder / ASKED).exists()
    assert not files.begin_lists()
    (folder / RIGHTS).unlink()
    assert files.begin_lists()
    assert "room-101" not in (folder / RIGHTS).read_text()
    assert revoked(folder, data) == (3, {7})


def test_rights_follow_the_devices(files: BrokerFiles, folder: Path, data: Path) -> None:
    files.keep_lists(["room-101", "room-102"], [])
    assert "user lincoln.room-102\n" in (folder / RIGHTS).read_text()
    assert files.keep_lists(["room-101"], [])
    assert "room-102" not in (folder / RIGHTS).read_text()
    assert revoked(folder, data)[0] == 2  # anew: whoever goes by it has read the rights as well
    assert not files.keep_lists(["room-101"], [])
    assert revoked(folder, data)[0] == 2


def test_the_brokers_certificate_follows_its_names_and_its_authority(
    files: BrokerFiles, folder: Path, tmp_path: Path
) -> None:
    """A pair that doesn't fit, another authority, other names: each is made anew."""
    files.keep_certificate(NAMES)
    assert read_certificate((folder / CERTIFICATE).read_bytes()).hosts == tuple(NAMES)
    assert files.keep_certificate(NAMES[:1])
    assert read_certificate((folder / CERTIFICATE).read_bytes()).hosts == tuple(NAMES[:1])
    (folder / KEY).write_bytes(b"cut")
    assert files.keep_certificate(NAMES[:1])
    other = Authority.open(tmp_path / "other" / FOLDER, "lincoln")
    assert BrokerFiles(other, folder, tmp_path / "other", site="lincoln", hub="hub-1").keep_certificate(
        NAMES[:1]
    )


def test_the_hub_has_a_certificate_for_each_of_its_connections(authority: Authority, data: Path) -> None:
    made = keep_own(authority, data, "lincoln")
    assert [path.name for path in made] == ["tocsin-hub-lincoln.pem", "tocsin-hub-lincoln-rest.pem"]
    for path in made:
        assert read_certificate(path.read_bytes()).common_name == path.stem
        assert stat.S_IMODE(path.with_suffix(".key").stat().st_mode) == 0o600
    assert keep_own(authority, data, "lincoln") == []
    made[0].write_bytes(made[1].read_bytes())  # another's: two connections of one name
    assert keep_own(authority, data, "lincoln") == [made[0]]
