"""The agent's key, and the request for its certificate. Its library is needed here alone, and not to run."""

from __future__ import annotations

from device.enrol.door_words import EnrolError


def new_key() -> bytes:
    """Make a key (EC, P-256); returns it in PEM form. Raises :class:`EnrolError`."""
    try:
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    except ImportError:
        raise EnrolError(
            "the library 'cryptography' is missing here, which makes the key: install the agent "
            "with its extra "
            "'enrol' (scripts/install agent does)"
        ) from None
    key = ec.generate_private_key(ec.SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def request(pem: bytes) -> str:
    """Return a request for a certificate of this key (PKCS #10), in PEM form; it says no name."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

    key = load_pem_private_key(pem, None)
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()  # type: ignore[arg-type]  # EC, by new_key
