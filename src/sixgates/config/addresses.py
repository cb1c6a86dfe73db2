"""Rules on addresses, keys, declared features and the compiled file."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from sixgates.config.capabilities import DECLARABLE
from sixgates.config.compile import drift
from sixgates.config.plan import plan_of
from sixgates.config.providers import Provider, ProviderType
from sixgates.config.rules import Findings, Severity, rule
from sixgates.config.stack import GATEWAY, PROVIDERS, Stack
from sixgates.config.validation import suggestion
from sixgates.exchange import Finding

_DEFAULT_PORTS = {"http": 80, "https": 443}
_SERVES_MANY = {ProviderType.OLLAMA, ProviderType.OPENAI_COMPATIBLE}
"""Servers of which one may serve the models of several entries."""


@rule(
    "port-conflict",
    Severity.ERROR,
    happens="Requests for the one reach the other, with its model, or both fail to start on one port.",
    mend="Give one of them another port, or disable it.",
)
def port_conflict(stack: Stack) -> Findings:
    """No two active providers have the same address, but for different models of one server that serves many."""
    seen: dict[tuple[str, int | None, str], str] = {}
    for name, entry in stack.active.items():
        parts = urlsplit(entry.root)
        host = {"localhost": "127.0.0.1", "::1": "127.0.0.1"}.get(parts.hostname or "", parts.hostname or "")
        address = (host, parts.port or _DEFAULT_PORTS.get(parts.scheme), parts.path)
        first = seen.setdefault(address, name)
        if first != name and entry.type.cloud_root != entry.root and not _share(entry, stack.active[first]):
            where = stack.position(PROVIDERS, "providers", name, "base_url")
            got = f"{host}:{address[1]}, which {first} has"
            yield Finding(where, "an address of its own", got, f"Give {name} another port, or disable one.")


def _share(entry: Provider, other: Provider) -> bool:
    """Whether both may be one server, such as an Ollama with two models."""
    same_kind = entry.type is other.type and entry.type in _SERVES_MANY
    return same_kind and not set(entry.model_names) & set(other.model_names)


@rule(
    "secret-in-url",
    Severity.ERROR,
    happens="The secret stands in the compiled file, in logs and in error texts.",
    mend="Put it into an environment variable, name that in `api_key_env`, and replace the secret: it has been seen.",
)
def secret_in_url(stack: Stack) -> Findings:
    """No base_url carries a password, a key or a query: it would stand in the compiled file and in logs."""
    for name, entry in stack.providers.items():
        # A template's address may hold anything.
        if re.search(r"[@?#]", entry.base_url):
            where = stack.position(PROVIDERS, "providers", name, "base_url")
            hint = "Put the key into an environment variable and name it in `api_key_env`."
            yield Finding(where, "scheme, host, port and path only", "a URL with user info or a query", hint)


@rule(
    "missing-api-key-env",
    Severity.WARN,
    happens="The gateway sends the variable that is usual for the provider, and gates 4 and 6 send no key at all.",
    mend="Name the variable that holds the key in `api_key_env`.",
)
def missing_api_key_env(stack: Stack) -> Findings:
    """A cloud provider says which environment variable holds its key."""
    for name, entry in stack.active.items():
        if entry.type.cloud_root and entry.api_key_env is None:
            where = stack.position(PROVIDERS, "providers", name, key=True)
            hint = f"Add `api_key_env: {entry.type.name}_API_KEY` to {name}."
            yield Finding(where, "the key `api_key_env`", "no such key", hint)


@rule(
    "capability-undefined",
    Severity.WARN,
    happens="No check belongs to the word: what it stands for is not judged.",
    mend="Use a word of the list, or write it under `features`.",
)
def capability_undefined(stack: Stack) -> Findings:
    """Every capability that a provider declares is one that sixgates can judge."""
    for name, entry in stack.providers.items():
        for index, capability in enumerate(entry.capabilities or []):
            if capability not in DECLARABLE:
                where = stack.position(PROVIDERS, "providers", name, "capabilities", index)
                hint = suggestion(capability, DECLARABLE) or "Move it to `features`, which is free text."
                yield Finding(where, f"one of {', '.join(DECLARABLE)}", f"`{capability}`", hint)


@rule(
    "wildcard-catch-all",
    Severity.WARN,
    happens="A misspelt name is sent to whoever stands behind the star instead of being refused.",
    mend="Name a prefix before the star.",
)
def wildcard_catch_all(stack: Stack) -> Findings:
    """The gateway has no entry that answers for every name, because it would hide every typo."""
    for index, deployment in enumerate(stack.gateway.model_list if stack.gateway else []):
        if not deployment.model_name.strip("*"):
            where = stack.position(GATEWAY, "model_list", index, "model_name")
            hint = "Name a prefix before the star, such as `meta-llama/*`."
            yield Finding(where, "a name with literal text", f"`{deployment.model_name}`", hint)


@rule(
    "compile-undecided",
    Severity.ERROR,
    happens="`sixgates compile` writes nothing.",
    mend="Say in the mapping what is meant; the finding names the choices.",
)
def compile_undecided(stack: Stack) -> Findings:
    """The gateway's config follows from the sources without a guess."""
    yield from plan_of(stack).problems


@rule(
    "compile-drift",
    Severity.ERROR,
    happens="The gateway runs with what stands in the file, and the sources say something else.",
    mend="Move what you need into the sources and run `sixgates compile`.",
)
def compile_drift(stack: Stack) -> Findings:
    """litellm-unified.yaml is what its two sources compile to."""
    yield from drift(stack)
