"""Where a provider answers and how it is asked there; what may be shown is apart from what is sent."""

from __future__ import annotations

import ipaddress
import os
import re
import socket
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit, urlunsplit
from urllib.request import getproxies, proxy_bypass

from sixgates.config import Provider, ProviderType
from sixgates.redaction import MASK, placeholder, redact, secrets_in_address

_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """A provider's URL in parts; only `shown` may reach a report."""

    scheme: str
    host: str
    port: int
    path: str
    query: str
    username: str
    password: str

    @classmethod
    def of(cls, url: str) -> Address:
        """The parts of a base URL, its path without a trailing slash and without a trailing `/v1`."""
        parts: SplitResult = urlsplit(url)
        path = parts.path.rstrip("/").removesuffix("/v1").rstrip("/")
        return cls(
            parts.scheme,
            parts.hostname or "",
            parts.port or _PORTS.get(parts.scheme, 80),
            path,
            parts.query,
            unquote(parts.username or ""),
            unquote(parts.password or ""),
        )

    @property
    def netloc(self) -> str:
        """Host and port as a URL and `curl` want them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if _PORTS.get(self.scheme) == self.port else f"{host}:{self.port}"

    @property
    def socket(self) -> str:
        """Host and port, the port always said."""
        return f"{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}"

    @property
    def loopback(self) -> bool:
        """Whether the provider runs on this machine's own loopback."""
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost" or self.host.endswith(".localhost")

    @property
    def here(self) -> bool:
        """Whether commands for the provider are typed on this machine."""
        return self.loopback or self.host in (socket.gethostname(), "0.0.0.0", "::")  # noqa: S104 - compared, not bound

    @property
    def proxy(self) -> str:
        """The name of the environment variable whose proxy carries the requests; empty without one."""
        if self.loopback or proxy_bypass(self.socket):
            return ""
        proxies = getproxies()
        return next((f"{kind}_proxy".upper() for kind in (self.scheme, "all") if kind in proxies), "")

    def shown(self, path: str = "") -> str:
        """The URL of a path without userinfo and query."""
        return urlunsplit((self.scheme, self.netloc, self.path + path.split("?")[0], "", ""))

    def sent(self, path: str = "") -> str:
        """The URL of a path as it is asked, the base URL's own query kept; userinfo goes into a header."""
        path, _, query = path.partition("?")
        joined = "&".join(part for part in (query, self.query) if part)
        return urlunsplit((self.scheme, self.netloc, self.path + path, joined, ""))


def auth_headers(provider: Provider) -> dict[str, str]:
    """The headers that carry the provider's key, or the credentials that its URL carries."""
    key = os.environ.get(provider.api_key_env or "", "").strip()
    address = Address.of(provider.base_url)
    if provider.type is ProviderType.ANTHROPIC:
        return {"anthropic-version": "2023-06-01", **({"x-api-key": key} if key else {})}
    if key:
        return {"authorization": f"Bearer {key}"}
    if address.username or address.password:
        pair = b64encode(f"{address.username}:{address.password}".encode()).decode()
        return {"authorization": f"Basic {pair}"}
    return {}


def secrets_of(provider: Provider, environment: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Every value that must not be shown: the key, the URL's credentials and its query's values."""
    key = environment.get(provider.api_key_env or "", "").strip()
    own = provider.connection.secrets(environment)
    values = ("" if placeholder(key) else key, *secrets_in_address(provider.base_url), *own)
    return tuple(dict.fromkeys(value for value in values if value))


def masked(text: str, secrets: tuple[str, ...]) -> str:
    """The text without secrets and without characters that would move a terminal's cursor."""
    return "".join(one if one.isprintable() else " " for one in redact(text, secrets))


def masked_command(command: str, secrets: tuple[str, ...]) -> str:
    """A configured command as a report may show it: the values of key options are masked too."""
    return re.sub(
        r"(?i)((?:key|token|password|secret)[\w-]*[ =]+)(?!\$)\S+", rf"\1{MASK}", masked(command, secrets)
    )
