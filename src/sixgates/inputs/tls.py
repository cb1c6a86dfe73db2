"""Files for TLS that people give, each checked before anything is sent: a CA, a client certificate and its key."""

from __future__ import annotations

import ssl
from pathlib import Path

from sixgates.inputs.file import UnreadableError, read_bytes

MOST_BYTES = 4_000_000
COMPARE = "compare openssl x509 -pubkey with openssl pkey -pubout"


def problem_of_ca(path: Path) -> str:
    """What is wrong with a file of CA certificates, to be read after its name; empty where nothing is."""
    if problem := _unreadable(path):
        return problem
    try:
        ssl.create_default_context(cafile=str(path))
    except (ssl.SSLError, OSError, ValueError):
        return "holds no certificate; give a PEM file with -----BEGIN CERTIFICATE----- in it"
    return ""


def problem_of_client(certificate: Path, key: Path | None) -> str:
    """What is wrong with a client's certificate and key, to be read after the certificate; empty where nothing is."""
    if problem := _unreadable(certificate):
        return problem
    if key is not None and (problem := _unreadable(key)):
        return f"has a key, {key}, that {problem}"
    asked: list[bool] = []

    def passphrase() -> str:
        asked.append(True)
        return ""

    try:
        ssl.create_default_context().load_cert_chain(str(certificate), key and str(key), passphrase)
    except (ssl.SSLError, OSError, ValueError):
        if asked:
            return "has a key with a passphrase, and nobody can be asked for it; write the key without: openssl pkey"
        if key is None and b"PRIVATE KEY-----" not in _read(certificate):
            return "has no key; name the file of its private key beside it, or put both in one PEM file"
        if key is not None and b"PRIVATE KEY-----" not in _read(key):
            return f"has a key, {key}, that holds no private key; give a PEM file with one in it"
        if b"-----BEGIN CERTIFICATE-----" not in _read(certificate):
            return "holds no certificate; give a PEM file with -----BEGIN CERTIFICATE----- in it"
        return f"and its key do not belong together, or are damaged; {COMPARE}"
    return ""


def context(ca: Path | None, certificate: Path | None, key: Path | None) -> ssl.SSLContext:
    """What a client trusts and shows; raises OSError where a file has gone since it was checked."""
    import httpx

    made = httpx.create_ssl_context() if ca is None else ssl.create_default_context(cafile=str(ca))
    if certificate is not None:
        made.load_cert_chain(str(certificate), key and str(key), lambda: "")
    return made


def _read(path: Path) -> bytes:
    try:
        return read_bytes(path, MOST_BYTES)
    except UnreadableError:
        return b""


def _unreadable(path: Path) -> str:
    try:
        read_bytes(path, MOST_BYTES)
    except UnreadableError as problem:
        return f"cannot be read: {problem}; correct the path, or make the file readable"
    return ""
