"""A backup as a file: a gzipped tar within age's encryption, written and read as streams.

Every 64 KiB are authenticated and so is the end: an altered byte and a cut file are found as it is read.
Without Tocsin, ``age -d -i KEY FILE | tar -xz`` opens it.
"""

from __future__ import annotations

import hashlib
import tarfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import IO, BinaryIO, Final

import msgspec
import pyrage
from pyrage.x25519 import Identity, Recipient

from hub.backup.fault import BackupError
from hub.backup.manifest import FORMAT, MANIFEST, STORE, Manifest, Part

CHUNK: Final = 1 << 20
LARGEST_MANIFEST: Final = 16 << 20
GZIP: Final = 16 + zlib.MAX_WBITS

Source = Path | bytes
Told = Callable[[int, int], None]
"""Told how far it is: bytes done, bytes in all."""


def seal(
    manifest: Manifest, sources: Sequence[Source], to: BinaryIO, recipients: Sequence[Recipient], told: Told
) -> None:
    """Write a backup; ``sources`` are the parts of its manifest, in their order.

    Raises ``OSError``, such as for a full disk, and :class:`BackupError`.
    """
    plain = _Plain(_packed(manifest, sources, told))
    kept = _Kept(to)
    try:
        pyrage.encrypt_io(plain, kept, list(recipients))
    except pyrage.EncryptError as error:
        if (cause := kept.error or plain.error) is not None:
            raise cause from None
        raise BackupError(f"it can't be sealed: {error}") from None


def unseal(file: BinaryIO, identity: Identity, into: Path) -> tuple[Manifest, list[Path]]:
    """Open a backup and return its manifest and its parts, each a file in the empty folder ``into``.

    Nothing of it is looked at before all of it is known to be as it was written. Raises
    :class:`BackupError`, and ``OSError`` where ``into`` can't be written.
    """
    plain = into / "plain"
    with plain.open("wb") as out:
        kept = _Kept(out)
        try:
            pyrage.decrypt_io(file, kept, [identity])
        except pyrage.DecryptError as error:
            raise BackupError(_why(str(error))) from None
        except OSError as error:
            if kept.error is not None:
                raise kept.error from None
            raise BackupError(f"it is cut or altered ({error}); take another one") from None
    try:
        with tarfile.open(plain, "r|gz") as tar:
            return _parts(tar, into)
    except (tarfile.TarError, zlib.error, EOFError, msgspec.MsgspecError) as error:
        raise BackupError(f"it was written wrongly: {error}") from None
    finally:
        plain.unlink()


def sha256(source: Source) -> tuple[int, str]:
    """Return the size and the hash of a part; raises ``OSError``."""
    if isinstance(source, bytes):
        return len(source), hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return source.stat().st_size, hashlib.file_digest(file, "sha256").hexdigest()


def _why(said: str) -> str:
    if "No matching keys" in said:
        return "it is sealed for another key, or its beginning is altered; give the key that was made for it"
    return f"it is no backup, or its beginning is altered ({said})"


def _packed(manifest: Manifest, sources: Sequence[Source], told: Told) -> Iterator[bytes]:
    text = msgspec.json.encode(manifest)
    squeeze = zlib.compressobj(1, zlib.DEFLATED, GZIP)
    whole, done = sum(part.size for part in manifest.parts), 0
    first = Part(MANIFEST, *sha256(text))
    for part, source in zip((first, *manifest.parts), (text, *sources), strict=True):
        yield squeeze.compress(_header(part, manifest.taken_at))
        for chunk in _chunks(source):
            yield squeeze.compress(chunk)
            if part is not first:
                done += len(chunk)
                told(done, whole)
        yield squeeze.compress(bytes(-part.size % tarfile.BLOCKSIZE))
    yield squeeze.compress(bytes(2 * tarfile.BLOCKSIZE))
    yield squeeze.flush()


def _header(part: Part, at: int) -> bytes:
    info = tarfile.TarInfo(part.name)
    info.size, info.mtime, info.mode = part.size, at // 1000, part.mode
    info.uname, info.gname = part.owner or "", part.group or ""
    return info.tobuf(tarfile.PAX_FORMAT)


def _chunks(source: Source) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    with source.open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _parts(tar: tarfile.TarFile, into: Path) -> tuple[Manifest, list[Path]]:
    manifest: Manifest | None = None
    made: list[Path] = []
    for member in tar:
        data = tar.extractfile(member)
        if data is None:
            raise BackupError(f"it was written wrongly: {member.name[:100]!r} is no file")
        if manifest is None:
            manifest = _manifest(member, data)
            continue
        if len(made) == len(manifest.parts) or member.name != manifest.parts[len(made)].name:
            raise BackupError(f"it was written wrongly: {member.name[:100]!r} is not in its manifest")
        # By its number: a name from outside makes no path here.
        made.append(into / (STORE if member.name == STORE else f"part-{len(made)}"))
        part, found = manifest.parts[len(made) - 1], hashlib.sha256()
        with made[-1].open("xb") as out:
            while chunk := data.read(CHUNK):
                found.update(chunk)
                out.write(chunk)
        if found.hexdigest() != part.sha256:
            raise BackupError(f"it was written wrongly: {part.name} is not what its manifest says")
    if manifest is None or len(made) < len(manifest.parts):
        raise BackupError("it was written wrongly: not all of its manifest is in it")
    return manifest, made


def _manifest(member: tarfile.TarInfo, data: IO[bytes]) -> Manifest:
    if member.name != MANIFEST or member.size > LARGEST_MANIFEST:
        raise BackupError("it is no backup of Tocsin: it doesn't begin with a manifest")
    text = data.read()
    found = msgspec.json.decode(text)
    if not isinstance(found, dict) or found.get("format") != FORMAT:
        what = found.get("format") if isinstance(found, dict) else None
        raise BackupError(f"it is of format {what!r}, and this program reads {FORMAT}; install a newer one")
    return msgspec.json.decode(text, type=Manifest)


class _Plain:
    """What is to be sealed, as the stream that the encryption reads."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        self._chunks = chunks
        self._rest = b""
        self.error: Exception | None = None

    def read(self, size: int) -> bytes:
        """Return up to so many bytes; none at the end."""
        try:
            while not self._rest:
                self._rest = next(self._chunks)
        except StopIteration:
            return b""
        except Exception as error:
            self.error = error
            raise
        found, self._rest = self._rest[:size], self._rest[size:]
        return found


class _Kept:
    """A file whose own error is kept: the encryption tells it as words alone."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.error: OSError | None = None

    def write(self, data: bytes) -> int:
        """Write; raises ``OSError``."""
        try:
            return self._file.write(data)
        except OSError as error:
            self.error = error
            raise

    def flush(self) -> None:
        """Flush; raises ``OSError``."""
        try:
            self._file.flush()
        except OSError as error:
            self.error = error
            raise
