"""No secret leaves an exchange, in whatever form and place a server or an address carries it."""

from __future__ import annotations

import base64
import json
from urllib.parse import quote

import pytest

from sixgates.exchange import Chunk, Exchange, FailureKind, Request, Response, TransportError
from sixgates.redaction import without_secrets
from sixgates.sources.secrets import Scrubber, secrets_of

CANARY = 'sk-canary"/+ß-0123456789'
FORMS = {
    "plain": CANARY,
    "json": json.dumps(CANARY)[1:-1],
    "url": quote(CANARY, safe=""),
    "base64": base64.b64encode(CANARY.encode()).decode().rstrip("="),
}


@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
def test_a_secret_is_found_in_every_place_and_form(form: str) -> None:
    """Header, body (also across chunks), path, request body and error text; lengths stay the same."""
    body = f"before {form} after".encode()
    exchange = Exchange(
        "p",
        Request("GET", f"/v1/models?k={form}", (("Authorization", form),), f'{{"x": "{form}"}}'.encode()),
        Response(200, (("x-echo", form),), (Chunk(body[:12], 0.1), Chunk(body[12:], 0.2))),
        TransportError(FailureKind.RESET, f"no {form}"),
    )
    kept = Scrubber((CANARY,)).exchange(exchange)
    assert form not in repr(kept)
    assert kept.response is not None
    assert form.encode() not in kept.response.body
    assert [len(chunk.data) for chunk in kept.response.chunks] == [12, len(body) - 12]
    assert kept.response.body.startswith(b"before sixgates-redacted-")


def test_an_address_gives_up_its_secrets() -> None:
    """Userinfo, query values and the key are secrets; the rest of the address may be shown."""
    url = "https://user1234:pass5678@host:8443/prefix?token=query9999"
    pair = "user1234:pass5678"
    assert set(secrets_of(url, "key-0000")) == {"user1234", "pass5678", pair, "query9999", "key-0000"}
    assert without_secrets(url) == "https://host:8443/prefix"


def test_bytes_without_a_secret_stay_as_they_are() -> None:
    """Scrubbing is not normalising."""
    body = bytes(range(256))
    exchange = Exchange("p", Request("GET", "/"), Response(200, (), (Chunk(body, 0.1),)))
    assert Scrubber((CANARY,)).exchange(exchange) == exchange
