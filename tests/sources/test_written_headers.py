"""Which header values that are written out are kept from reports: those that may be secret, and nothing else."""

from __future__ import annotations

import pytest

from sixgates.connection import written_secret

SECRET = "sk-live-4f6d2a1c9b"


@pytest.mark.parametrize(
    "name",
    [
        "Authorization",
        "Proxy-Authorization",
        "X-Api-Key",
        "x-goog-api-key",
        "Ocp-Apim-Subscription-Key",
        "apikey",
        "X-APIKey",
        "x-portkey-api-key",
        "x-auth-token",
        "X_Access_Token",
        "accesstoken",
        "cf-access-client-secret",
        "Cookie",
        "x-session-id",
        "x-amz-signature",
        "x-password",
    ],
)
def test_a_name_that_says_secret_makes_any_value_one(name: str) -> None:
    """However short and wordlike the value is."""
    assert written_secret(name, "hunter")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("x-portkey-provider", "openai"),
        ("x-portkey-custom-host", "http://127.0.0.1:8001/v1"),
        ("x-monkey", "capuchin"),
        ("x-author", "alice"),
        ("x-team", "chat"),
        ("helicone-target-url", "https://llm.example"),
        ("x-passthrough", "enabled"),
    ],
)
def test_a_word_or_an_address_is_no_secret(name: str, value: str) -> None:
    """Masked, it would change what an answer says: `openai error` became `sixgat error` behind Portkey 1.15.2."""
    assert not written_secret(name, value)


@pytest.mark.parametrize(
    "value", [SECRET, "https://user:hunter2@llm.example", "https://llm.example/v1?key=abcdef"]
)
def test_what_looks_like_a_secret_is_one_whatever_its_name(value: str) -> None:
    """An address with credentials as well."""
    assert written_secret("x-any", value)
