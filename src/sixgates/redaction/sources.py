"""Where secrets come from: addresses, variables of the environment, and files of variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import unquote, unquote_plus

from sixgates.redaction.forms import SHORTEST

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_LEAST_NAME = 8
"""A shorter user name beside a password is a word such as `user`, and masking it would hide the answer."""
_SECRET_NAMES = re.compile(
    r"(?:^|_)(?:KEYS?|APIKEYS?|TOKENS?|SECRETS?|PASSWORDS?|PASSWD|PASS|CREDENTIALS?|DSN|SALT|"
    r"WEBHOOK(?:_URL)?|(?:DATABASE|REDIS|POSTGRES|MONGO)\w*_UR[IL])$",
    re.IGNORECASE,
)
_VARIABLE = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=\s*(.*?)\s*$")
_LEAST_VALUE = 8
_LEAST_UNNAMED = 16
_PLACEHOLDERS = frozenset({"none", "null", "true", "false", "not-needed", "disabled"})


def placeholder(value: str) -> bool:
    """Whether a value stands for no secret at all, such as the key of a server that wants none."""
    return value.strip().lower() in _PLACEHOLDERS | {""}


def secrets_in_address(address: str) -> tuple[str, ...]:
    """What an address holds of secrets, as written and decoded: user and password, and values of its query.

    Reads addresses that are none as well, because those are the ones that messages show.
    """
    return tuple(dict.fromkeys(one for one in _in_address(address) if len(one) >= SHORTEST))


def _in_address(address: str) -> Iterator[str]:
    rest = address[match.end() :] if (match := _ADDRESS.match(address)) else address
    authority = re.split(r"[/?#\\]", rest, maxsplit=1)[0]
    # A password with a slash that is not escaped ends the authority for a parser, but not for a reader.
    userinfo = authority.rpartition("@")[0] or (rest.rpartition("@")[0] if match else "")
    if userinfo:
        user, _, password = userinfo.partition(":")
        parts = [part for part in re.split(r"[/?#]", password) if len(part) >= _LEAST_NAME]
        for one in (userinfo, password, *parts, user if not password or len(user) >= _LEAST_NAME else ""):
            yield from (one, unquote(one))
    query = rest.partition("?")[2].partition("#")[0]
    for pair in query.split("&"):
        value = pair.partition("=")[2] or pair
        yield from (value, unquote(value), unquote_plus(value))


def without_secrets(address: str) -> str:
    """The address without userinfo, query and fragment, safe to print, whether or not it can be parsed."""
    scheme = match[0] if (match := _ADDRESS.match(address)) else ""
    # Up to the last @: a password may hold a slash or a question mark that nobody escaped.
    rest = re.split(r"[?#]", address[len(scheme) :].rpartition("@")[2], maxsplit=1)[0]
    return f"{scheme}{rest}"


def secrets_in_environment(environ: Mapping[str, str], named: Iterable[str] = ()) -> tuple[str, ...]:
    """The values of variables that `named` says are secret, and of those whose name says so itself."""
    wanted = frozenset(named)
    found: list[str] = []
    for name, value in environ.items():
        text = value.strip()
        if name in wanted or (_SECRET_NAMES.search(name) and len(text) >= _LEAST_VALUE):
            found.append(text)
        if "://" in text and "@" in text:
            found += secrets_in_address(text)
    return tuple(dict.fromkeys(one for one in found if not placeholder(one)))


def secrets_in_variables(text: str) -> tuple[str, ...]:
    """The values of a file of NAME=value lines: of secret names, and long words that are no address and no path."""
    found: dict[str, str] = {}
    for line in text.splitlines():
        if match := _VARIABLE.match(line):
            found[match[1]] = match[2].strip("\"'")
    long = {
        name
        for name, value in found.items()
        if len(value) >= _LEAST_UNNAMED and not re.search(r"://|^[./~]|\s", value)
    }
    return secrets_in_environment(found, long)
