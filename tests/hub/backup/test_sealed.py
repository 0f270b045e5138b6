"""The sealed file: what is read is what was written, or it is said what is wrong with it."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from msgspec.structs import replace
from pyrage.x25519 import Identity

from hub.backup.fault import BackupError
from hub.backup.key import new_key, read_key, recipient
from hub.backup.manifest import Manifest, Part
from hub.backup.sealed import CHUNK, seal, sha256, unseal

STORE = bytes(range(256)) * 12_000  # 3 MB: many chunks, and little of it after packing


def nothing(*_: Any) -> None:
    """Nobody looks at how far it is."""


def manifest(*parts: Part, **more: Any) -> Manifest:
    whole: dict[str, Any] = {
        "format": 1, "version": "0", "site": "lincoln", "name": "Lincoln", "taken_at": 1_790_000_000_000,
        "schema": "0002", "rows": {}, "head": None, "settings": "/etc/tocsin/hub.toml", "parts": parts,
    }  # fmt: skip
    return Manifest(**(whole | more))


def sealed(key: Identity, *sources: Any, more: Any = (), **of_manifest: Any) -> bytes:
    """Seal these parts; with a manifest of other parts, where some are given."""
    named = [Part(f"part-{n}", *sha256(source)) for n, source in enumerate(sources)]
    out = io.BytesIO()
    seal(manifest(*(more or named), **of_manifest), sources, out, [key.to_public()], nothing)
    return out.getvalue()


@pytest.fixture(scope="module")
def key() -> Identity:
    return Identity.generate()


@pytest.fixture(scope="module")
def whole(key: Identity) -> bytes:
    return sealed(key, STORE, b"settings")


def test_what_is_read_is_what_was_written(key: Identity, whole: bytes, tmp_path: Path) -> None:
    """Bytes and files, small and larger than a chunk; nothing else is left in the folder."""
    file = tmp_path / "file"
    file.write_bytes(b"x" * (2 * CHUNK + 1))
    into = tmp_path / "into"
    into.mkdir()
    found, parts = unseal(io.BytesIO(sealed(key, STORE, b"settings", file)), key, into)
    assert [part.read_bytes() for part in parts] == [STORE, b"settings", file.read_bytes()]
    assert found.site == "lincoln"
    assert sorted(into.iterdir()) == sorted(parts)


def cut(at: int) -> Callable[[bytes], bytes]:
    return lambda data: data[:at] if at > 0 else data[: len(data) + at]


def flipped(at: int) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        altered = bytearray(data)
        altered[at] ^= 1
        return bytes(altered)

    return change


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut(-1), "cut or altered"),
        (cut(-5000), "cut or altered"),
        (cut(20), "no backup, or its beginning is altered"),
        (lambda data: b"", "no backup, or its beginning is altered"),
        (lambda data: b"SQLite format 3\0" * 100, "no backup, or its beginning is altered"),
        (flipped(5), "no backup, or its beginning is altered"),
        (flipped(30), "sealed for another key, or its beginning is altered"),
        (flipped(-20), "cut or altered"),
        (flipped(-6000), "cut or altered"),
        (lambda data: data + b"more", "cut or altered"),
    ],
)
def test_what_was_altered_is_refused(
    key: Identity, whole: bytes, tmp_path: Path, change: Callable[[bytes], bytes], words: str
) -> None:
    """Before anything of it is looked at; the folder holds nothing of it afterwards."""
    with pytest.raises(BackupError, match=words):
        unseal(io.BytesIO(change(whole)), key, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] in ([], ["plain"])


def test_another_key_opens_nothing(whole: bytes, tmp_path: Path) -> None:
    """And says that it is another one."""
    with pytest.raises(BackupError, match="sealed for another key"):
        unseal(io.BytesIO(whole), Identity.generate(), tmp_path)


def test_a_manifest_that_lies_is_found(key: Identity, tmp_path: Path) -> None:
    """Whoever has the public half can seal anything: a part is what its manifest says, or it is refused."""
    lie = Part("store.db", 5, "0" * 64)
    with pytest.raises(BackupError, match=r"store\.db is not what its manifest says"):
        unseal(io.BytesIO(sealed(key, b"store", more=[lie])), key, tmp_path)


def test_a_name_from_outside_makes_no_path(key: Identity, tmp_path: Path) -> None:
    """Parts are put down by their number."""
    part = replace(Part("x", *sha256(b"root")), name="../../etc/passwd")
    _, (path,) = unseal(io.BytesIO(sealed(key, b"root", more=[part])), key, tmp_path)
    assert path.parent == tmp_path


def test_a_newer_format_is_refused(key: Identity, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="of format 2, and this program reads 1; install a newer one"):
        unseal(io.BytesIO(sealed(key, format=2)), key, tmp_path)


class Full(io.BytesIO):
    """A disk that takes so much and no more."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self._room = room

    def write(self, data: Any) -> int:
        if self.tell() + len(data) > self._room:
            raise OSError(28, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("room", [0, 100, 10_000])
def test_a_full_disk_says_so(key: Identity, room: int) -> None:
    """As the system's own error, not the encryption's words for it."""
    with pytest.raises(OSError, match="No space left on device"):
        seal(manifest(Part("a", *sha256(STORE))), [STORE], Full(room), [key.to_public()], nothing)


def test_a_part_that_goes_away_says_so(key: Identity, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    with pytest.raises(FileNotFoundError):
        seal(manifest(Part("a", 3, "x")), [gone], io.BytesIO(), [key.to_public()], nothing)


def test_a_key_is_read_as_it_was_printed_or_typed(tmp_path: Path) -> None:
    """With its comments, or the one line, in small letters; a wrong letter is found by its check digits."""
    text, public = new_key()
    file = tmp_path / "key"
    for written in (f"# a comment\n# public key: {public}\n{text}\n", f"  {text.lower()}  "):
        file.write_text(written)
        assert str(read_key(file).to_public()) == public
    assert str(read_key(Path("-"), lambda: text).to_public()) == public
    assert str(recipient(public)) == public
    wrong = text[:-1] + ("Q" if text[-1] != "Q" else "P")
    for written, words in (
        (wrong, "a letter of it is wrong"),
        (public, "holds no line that begins with AGE-SECRET-KEY-1"),
        (f"{text}\n{text}", "holds 2 line"),
    ):
        file.write_text(written)
        with pytest.raises(BackupError, match=words):
            read_key(file)
    with pytest.raises(BackupError, match="can't be read: No such file"):
        read_key(tmp_path / "none")
    with pytest.raises(BackupError, match="a letter of it is wrong"):
        recipient(public[:-1] + ("q" if public[-1] != "q" else "p"))


def test_it_opens_without_tocsin(whole: bytes, key: Identity) -> None:
    """What the docs promise for the day on which there is no Tocsin any more: it is age's file, and a tar."""
    plain = pyrage.decrypt(whole, [key])
    with tarfile.open(fileobj=io.BytesIO(plain), mode="r:gz") as tar:
        assert tar.getnames() == ["manifest.json", "part-0", "part-1"]
        data = tar.extractfile("part-0")
        assert data is not None
        assert data.read() == STORE
