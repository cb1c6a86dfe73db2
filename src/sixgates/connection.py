"""How a server is reached beyond its address and key: further headers, a CA, a client certificate, a proxy."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from sixgates.inputs.headers import Header, missing_of
from sixgates.inputs.tls import context, problem_of_ca, problem_of_client
from sixgates.redaction import placeholder, secrets_in_address, without_secrets
from sixgates.verdict import Cause

NOWHERE: Mapping[str, str] = {}
_SENSITIVE = re.compile(
    r"(?:^|[-_])(?:x?(?:api|access|auth|client|private|secret|session|shared)?(?:key|token|secret)s?"
    r"|auth(?:entication|orization)?|bearer|cookie|credentials?|jwt|pass(?:phrase|wd|word)?"
    r"|session(?:id)?|sig(?:nature)?)(?:$|[-_])",
    re.IGNORECASE,
)
"""A part of a header's name that says that its value is secret; the key in `x-portkey-provider` is none."""
_LEAST, _LEAST_WRITTEN = 4, 8
_WORDS = re.compile(r"[A-Za-z]{1,15}(?:[ ._/-][A-Za-z]{1,15})?|https?://[^\s@?#]+")
"""A word, two, or an address without credentials: what an answer may hold as well."""


@dataclass(frozen=True, slots=True)
class Connection:
    """What every request to one server goes with; none of it is part of a request as checks and recordings see it."""

    headers: tuple[Header, ...] = ()
    ca_file: Path | None = None
    client_cert: Path | None = None
    client_key: Path | None = None
    proxy: str | None = field(default=None, repr=False)

    def sent(self, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
        """The further headers, with the values of this environment."""
        return {each.name: each.sent(environ) for each in self.headers}

    def options(self, *, https: bool) -> dict[str, Any]:
        """What an HTTP client is made with, besides its headers."""
        chosen: dict[str, Any] = {} if self.proxy is None else {"proxy": self.proxy}
        own = self.ca_file or self.client_cert
        if own is not None and https:
            chosen["verify"] = context(self.ca_file, self.client_cert, self.client_key)
        return chosen

    def curl(self) -> str:
        """The further words of a `curl` line, with a blank before each; values of headers by their variables only."""
        words = [each.curl() for each in self.headers]
        for option, value in (
            ("--cacert", self.ca_file),
            ("--cert", self.client_cert),
            ("--key", self.client_key),
            ("--proxy", self.proxy and without_secrets(self.proxy)),
        ):
            words += [f"{option} {shlex.quote(str(value))}"] if value else []
        return "".join(f" {word}" for word in words)

    def secrets(self, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
        """What no answer, report or recording may hold: what variables gave, what is written, the proxy's user.

        A value that is written out and is a word, such as a team's name, answers may hold as well.
        """
        found = list(secrets_in_address(self.proxy or ""))
        for each in self.headers:
            held = [environ.get(name, "") for name in each.variables]
            found += [value for value in held if len(value) >= _LEAST and not placeholder(value)]
            found += [value for value in (each.sent(environ),) if written_secret(each.name, value)]
        return tuple(dict.fromkeys(found))

    def problem(
        self, name: str, places: Mapping[str, str] = NOWHERE, environ: Mapping[str, str] = os.environ
    ) -> Cause | None:
        """Why nothing can be sent from here to a provider; `places` says where its files are named."""
        certificate = self.client_cert
        for key, path, wrong in (
            ("ca_file", self.ca_file, problem_of_ca(self.ca_file) if self.ca_file else ""),
            ("client_cert", certificate, certificate and problem_of_client(certificate, self.client_key)),
        ):
            if wrong:
                place = f"{places[key]}: " if key in places else ""
                step = f"mend the file, or correct `{key}` of {name}"
                return Cause(f"{name}:{key}", f"{place}{key} {path} {wrong}", (step,))
        for each in self.headers:
            if found := missing_of(each, environ):
                summary = f"no request was sent with the header {each.name}: {found[0]}"
                return Cause(f"header:{each.name}", summary, (found[1],))
        return None


def written_secret(name: str, value: str) -> bool:
    """Whether the value of a header that is written out may be secret: by its name, or where it is no word."""
    if placeholder(value) or len(value) < _LEAST:
        return False
    return bool(_SENSITIVE.search(name)) or (len(value) >= _LEAST_WRITTEN and not _WORDS.fullmatch(value))


PLAIN = Connection()
"""A connection with nothing of its own."""
