"""Whether a URL can be a base URL, in one sentence if not; what it says holds neither userinfo nor query."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit, urlunsplit

MASK = "[redacted]"
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_LABEL = re.compile(r"[a-z0-9_-]{1,63}", re.IGNORECASE)
_LONGEST_HOST = 253


def problem_of(url: str, *, query: bool = True) -> str:
    """What is wrong with a base URL, to be read after its name; empty where nothing is."""
    if not url.lower().startswith(("http://", "https://")):
        return "must start with http:// or https://, such as http://127.0.0.1:8001"
    if not url.isprintable() or " " in url or "\\" in url:
        return "has a blank, a backslash or a control character in it; leave it out, or write it as %20 and the like"
    if "#" in url:
        return "has a fragment (# and what follows), which is never sent; leave it out"
    try:
        parts = urlsplit(url)
    except ValueError:
        return "has a bracket too few or too many; only an IPv6 address stands in brackets, such as http://[::1]:8001"
    if "?" in url and not query:
        return (
            "has a query (? and what follows), which would end up in the middle of every path; leave it out"
        )
    if parts.netloc.rpartition("@")[2].lower() in {"http:", "https:"}:
        return "has two schemes; leave one out"
    # A character in a password may end the place too early: a part of it would pass for a host or a port then.
    return _problem_of_place(parts.netloc.rpartition("@")[2], telling="@" not in url)


def public(url: str) -> str:
    """The URL as a message may show it, however wrong it is: without userinfo, query and fragment."""
    scheme = found[0] if (found := _SCHEME.match(url)) else ""
    rest = url.removeprefix(scheme)
    before, at, place = rest.rpartition("@")
    if at and re.search(r"[?#]", before):
        # Whether this belongs to a password or to a query cannot be told.
        return f"{scheme}{MASK}"
    place = re.split(r"[?#]", place, maxsplit=1)[0]
    return f"{scheme}{MASK}@{place}" if at else f"{scheme}{place}"


def root_of(url: str) -> str:
    """A sound base URL without a trailing slash and a trailing `/v1`, its scheme in lower case."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/").removesuffix("/v1").rstrip("/")))


def under(url: str, path: str) -> str:
    """A sound base URL with this path after its own."""
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=parts.path.rstrip("/") + path))


def _problem_of_place(place: str, *, telling: bool) -> str:
    host, port = _halves(place)
    if not host:
        return "has no host; write one after the scheme, such as http://127.0.0.1:8001"
    if problem := _problem_of_host(host, f" {host[:60]!r}" if telling else ""):
        return problem
    if port is not None and not (re.fullmatch(r"[0-9]{1,5}", port) and 1 <= int(port) <= 65535):
        said = f"has the port {port[:20]!r}" if telling else "has a bad port"
        return f"{said}; a port is a number from 1 to 65535"
    return ""


def _halves(place: str) -> tuple[str, str | None]:
    """Host and port; a port that is not written is None, and so is an empty one."""
    bracketed = re.fullmatch(r"(\[[^\[\]]*\])(?::(.*))?", place)
    if bracketed:
        return bracketed[1], bracketed[2] or None
    host, _, port = place.partition(":")
    return host, port or None


def _problem_of_host(host: str, said: str) -> str:
    if host.startswith("["):
        try:
            ipaddress.IPv6Address(host[1:-1].partition("%")[0])
        except ValueError:
            return "has in brackets what is not an IPv6 address; write one, such as http://[::1]:8001"
        return (
            ""
            if "%" not in host
            else "has an IPv6 address with a zone; write the address without % and the zone"
        )
    if not host.isascii():
        return "" if _is_international(host) else "has a host that no name can be made of; write it in ASCII"
    labels = host.removesuffix(".").split(".")
    if not all(map(_LABEL.fullmatch, labels)) or len(host) > _LONGEST_HOST:
        return (
            f"has the bad host{said}; a host is labels of letters, digits, - and _, with one dot between two of them "
            "and at most 63 characters each"
        )
    return ""


def _is_international(host: str) -> bool:
    """Whether both that turn it into ASCII can: the client's library, and Python when it looks the name up."""
    import idna

    try:
        idna.encode(host.lower())
        host.encode("idna")
    except (idna.IDNAError, UnicodeError):
        return False
    return True
