"""Keeps secrets out of exchanges: a server that echoes a key must not put it on disk or in a report."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl, quote, quote_plus, urlsplit

from sixgates.exchange import REDACTED, Chunk, Exchange, Request, Response, TransportError


def secrets_of(url: str, key: str | None) -> tuple[str, ...]:
    """The secrets that a provider's address and key hold: userinfo, query values, the key itself."""
    parts = urlsplit(url)
    values = [key, parts.username, parts.password, *(value for _, value in parse_qsl(parts.query))]
    return tuple(dict.fromkeys(value for value in values if value and len(value) >= 4))


def without_secrets(url: str) -> str:
    """The address without userinfo, query and fragment, safe to print."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}" if parts.scheme else parts.path


@dataclass(frozen=True, slots=True)
class Scrubber:
    """Replaces secrets, in the forms in which they travel, by a mark of the same length."""

    secrets: tuple[str, ...]

    def forms(self) -> Iterable[str]:
        """Each secret as it is, URL-encoded, JSON-escaped and in base64; longest first."""
        found: set[str] = set()
        for secret in self.secrets:
            encoded = base64.b64encode(secret.encode()).decode().rstrip("=")
            found |= {secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], encoded}
        return sorted(found, key=len, reverse=True)

    def text(self, value: str) -> str:
        """The text with every secret marked out."""
        for form in self.forms():
            value = value.replace(form, _mark(form))
        return value

    def exchange(self, exchange: Exchange) -> Exchange:
        """The exchange without secrets and without its credentials; offsets and times stay as they were."""
        if exchange.response is None and exchange.error is None:
            return exchange
        return replace(
            exchange,
            request=self._request(exchange.request),
            response=exchange.response and self._response(exchange.response),
            error=exchange.error and TransportError(exchange.error.kind, self.text(exchange.error.detail)),
        )

    def _request(self, request: Request) -> Request:
        headers = tuple(pair for pair in request.headers if pair[0].lower() != "authorization")
        body = request.body and self.text(request.body.decode("latin-1")).encode("latin-1")
        return replace(request, path=self.text(request.path), headers=headers, body=body)

    def _response(self, response: Response) -> Response:
        headers = tuple((name, self.text(value)) for name, value in response.headers)
        return replace(response, headers=headers, chunks=self._chunks(response.chunks))

    def _chunks(self, chunks: tuple[Chunk, ...]) -> tuple[Chunk, ...]:
        body = b"".join(chunk.data for chunk in chunks)
        for form in self.forms():
            body = body.replace(form.encode(), _mark(form).encode())
        scrubbed, start = [], 0
        for chunk in chunks:
            end = start + len(chunk.data)
            scrubbed.append(Chunk(body[start:end], chunk.at))
            start = end
        return tuple(scrubbed)


def _mark(form: str) -> str:
    length = len(form.encode())
    return (REDACTED * (length // len(REDACTED) + 1))[:length]
