"""Every secret that the configuration of a stack holds or names, also where its files lack their shape."""

from __future__ import annotations

import binascii
import json
import re
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from sixgates.config.environment import REFERENCE
from sixgates.config.public import Path as Place
from sixgates.config.public import harmless, leaves
from sixgates.config.stack import FILES
from sixgates.config.yaml_file import YamlError, parse, read_bytes
from sixgates.connection import written_secret
from sixgates.inputs.headers import Header
from sixgates.redaction import placeholder, secrets_in_address, secrets_in_environment

_NAMED = re.compile(
    r"key|token|secret|pass|auth|credential|header|webhook|salt|private|cert|dsn|signature|database",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s\"'<>]+")
_RANDOM = re.compile(r"(?=\S*\d)(?=\S*[A-Za-z])\S{16,}")
_SCHEME = re.compile(r"^(?:Bearer|Basic|Token|ApiKey)\s+(\S+)$", re.IGNORECASE)
_LEAST_NAMED, _LEAST = 4, 8


def known_secrets(
    environ: Mapping[str, str],
    directory: Path | None = None,
    addresses: Iterable[str] = (),
    names: Iterable[str] = (),
) -> frozenset[str]:
    """The secrets of a run: of its files, of the addresses and variables that it was given, of its environment."""
    found: set[str] = set()
    wanted = set(names)
    for path in (directory / name for name in FILES) if directory else ():
        held, referred = secrets_in_file(path)
        found |= held
        wanted |= referred
    found |= {secret for address in addresses for secret in secrets_in_address(address)}
    return frozenset(found | set(secrets_in_environment(environ, wanted)))


def secrets_in_file(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The secrets that a file holds, and the names of the variables that hold others; never raises."""
    try:
        data = read_bytes(path)
    except YamlError:
        return frozenset(), frozenset()
    text = data.decode("utf-8", "replace")
    found = {secret for match in _ADDRESS.finditer(text) for secret in secrets_in_address(match[0])}
    names = set(re.findall(rf"{REFERENCE}([A-Za-z_]\w*)", text))
    try:
        tree = parse(data).value
    except YamlError:
        return frozenset(found), frozenset(names)
    names |= {str(value) for place, value in leaves(tree) if place[-1] == "api_key_env"}
    headers = (Header("", str(value)) for place, value in leaves(tree) if _is_header(place))
    names |= {name for each in headers for name in each.variables}
    open_ = {str(value) for place, value in leaves(tree) if harmless(value, place)}
    return frozenset((found | set(_held(tree))) - open_), frozenset(names)


def _held(tree: Any) -> Iterator[str]:
    for place, value in leaves(tree):
        if isinstance(value, str | int | float) and not harmless(value, place):
            for text in _parts(str(value)):
                if _secret(text, place) and not placeholder(text):
                    yield text


def _secret(text: str, place: Place) -> bool:
    if _is_header(place):
        return written_secret(str(place[3]), text)
    named = any(isinstance(step, str) and _NAMED.search(step) for step in place)
    if named and place[-1] != "api_key_env":
        return len(text) >= (_LEAST if " " in text else _LEAST_NAMED)
    return bool(_RANDOM.fullmatch(text)) or (len(text) >= _LEAST and "-----BEGIN" in text)


def _is_header(place: Place) -> bool:
    return len(place) == 4 and place[0] == "providers" and place[2] == "headers"


def _parts(text: str) -> Iterator[str]:
    """A value, what stands after its scheme, the pair in Basic credentials, and the texts in a JSON document."""
    yield text.strip()
    if match := _SCHEME.match(text.strip()):
        yield match[1]
        try:
            pair = b64decode(match[1], validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            pair = ""
        yield from (part for part in (pair, pair.partition(":")[2]) if part)
    if text.lstrip().startswith(("{", "[")):
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            return
        yield from (value for _, value in leaves(document) if isinstance(value, str) and len(value) >= _LEAST)
