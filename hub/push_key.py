"""The key by which push services know this hub: made once, and kept in the data folder.

Phones are signed up for its public half: another key would lose them all.
"""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Final

from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from hub.atomic import write_whole

FILE: Final = "push.key"


def push_key(data: Path) -> EllipticCurvePrivateKey:
    """Return the key of a data folder. Raises ``OSError``, and ``ValueError`` for a file that holds none."""
    path = data / FILE
    with contextlib.suppress(FileNotFoundError):
        key = load_pem_private_key(path.read_bytes(), None)
        if not isinstance(key, EllipticCurvePrivateKey):
            raise ValueError(f"{path} holds another kind of key")  # noqa: TRY004 - what the file holds
        return key
    key = generate_private_key(SECP256R1())
    write_whole(path, key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return key
