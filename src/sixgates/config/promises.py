"""Rules on what the sources promise and nothing keeps: settings that no part of the stack reads."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sixgates.config.ambiguity import explodes
from sixgates.config.declared import promised_fallbacks
from sixgates.config.mappings import Mappings
from sixgates.config.plan import plan_of
from sixgates.config.providers import Provider, ProviderType
from sixgates.config.rules import Findings, Severity, rule
from sixgates.config.shape import Shape
from sixgates.config.stack import MAPPINGS, PROVIDERS, Stack
from sixgates.config.validation import listed
from sixgates.exchange import Finding

WARN = Severity.WARN
Path = tuple[str | int, ...]
_UNREAD_SECTIONS = ("special_cases", "model_size_routing", "request_metadata_routing")
_PROMISE = re.compile(
    r"condition|threshold|strateg|complexity|timeout|retr(y|ies)|cooldown|limit|weight|budget|circuit|sticky"
    r"|affinity|enabled|priority|order|^(when|if|only|max|min|rpm|tpm)(_|$)",
    re.IGNORECASE,
)
"""Keys that say something about routing; others that nothing reads are notes of the owner."""

_BY_WEIGHT = ("weighted", "weighted_random", "simple_shuffle", "random")
"""Strategies of a balanced name that happen: LiteLLM shuffles by weight."""

_HEALTH = {
    ProviderType.VLLM: ("/health", "/ping", "/v1/models", "/version", "/load"),
    ProviderType.LLAMA_CPP: ("/health", "/v1/health", "/v1/models", "/models", "/props"),
    ProviderType.LLAMA_CPP_PYTHON: ("/v1/models", "/docs"),
    ProviderType.OLLAMA: ("/", "/api/version", "/api/tags", "/api/ps", "/v1/models"),
}


@rule(
    "feature-claimed-inert",
    WARN,
    happens="Nothing reads it: requests are routed as if it were not there.",
    mend="Remove it, or express it by patterns, chains and weights.",
)
def claimed_inert(stack: Stack) -> Findings:
    """What the mappings say about routing has an effect in the gateway."""
    for section in _UNREAD_SECTIONS:
        if getattr(stack.mappings, section):
            yield _unread(stack, (section,), section)
    for path, key in dict.fromkeys(_unread_keys(stack)):
        yield _unread(stack, path, key)


def _unread_keys(stack: Stack) -> Iterator[tuple[Path, str]]:
    for path, entry in _entries(stack.mappings):
        for key in entry.model_extra or {}:
            if _PROMISE.search(key):
                yield (*path, key), key
        if isinstance(getattr(entry, "priority", None), int):
            yield (*path, "priority"), "priority"
    for name, group in stack.mappings.load_balancing.items():
        if group.strategy and group.strategy.lower().replace("-", "_") not in _BY_WEIGHT:
            yield ("load_balancing", name, "strategy"), "strategy"


def _entries(mappings: Mappings) -> Iterator[tuple[Path, Shape]]:
    """Every mapping of the file that says how names are routed, with its place."""
    for section in ("exact_matches", "capabilities", "fallback_chains", "load_balancing"):
        yield from (((section, name), entry) for name, entry in getattr(mappings, section).items())
    yield from ((("patterns", index), pattern) for index, pattern in enumerate(mappings.patterns))
    for name, chain in mappings.fallback_chains.items():
        for index, step in enumerate(chain.chain):
            yield ("fallback_chains", name, "chain", index), step
    for name, group in mappings.load_balancing.items():
        for index, share in enumerate(group.providers):
            yield ("load_balancing", name, "providers", index), share
    yield ("routing_rules",), mappings.routing_rules


def _unread(stack: Stack, path: Path, key: str) -> Finding:
    where = stack.position(MAPPINGS, *path, key=True)
    hint = _INSTEAD.get(key, "Remove it: nothing reads it.")
    return Finding(where, "a setting that has an effect", f"`{key}`", hint)


_INSTEAD = {
    "timeout": "Set `timeout` under routing_rules, for all names.",
    "max_retries": "Write `num_retries` under routing_rules, for all names.",
    "num_retries": "Set `num_retries` under routing_rules, for all names.",
    "rpm": "Move it to rate_limits.",
    "tpm": "Move it to rate_limits.",
    "strategy": "Remove it: requests are shared at random, by weight.",
    "weight": "Share a name between providers under load_balancing.",
}
"""Where to say what nothing reads here."""


@rule(
    "exact-fallback-vs-chain",
    WARN,
    happens="The chain holds; the fallback of the entry is never used.",
    mend="Add the fallback to the chain, or remove it.",
)
def fallback_beside_chain(stack: Stack) -> Findings:
    """A name with a chain has no other fallback than those in the chain."""
    for name, chain in stack.mappings.fallback_chains.items():
        entry = stack.mappings.exact_matches.get(name)
        steps = [step.name or step.model or step.provider or "" for step in chain.chain]
        fallback = entry.fallback if entry else None
        if fallback is None or not all(_stands(stack, each) for each in (fallback, *steps)):
            continue
        providers = {each for step in promised_fallbacks(stack, name) for each in step}
        if fallback not in {*steps, *providers}:
            where = stack.position(MAPPINGS, "exact_matches", name, "fallback")
            hint = "Add it to the chain, or remove it here."
            yield Finding(where, f"one of the chain: {listed(steps)}", f"`{fallback}`", hint)


def _stands(stack: Stack, name: str) -> bool:
    """Whether a name is one that answers: what is misspelt or switched off is another rule's business."""
    return name in stack.active or plan_of(stack).callable(name)


@rule(
    "metadata-count-drift",
    WARN,
    happens="Nothing; whoever reads the number is misled.",
    mend="Correct the number, or remove it: the entries can be counted.",
)
def metadata_counts(stack: Stack) -> Findings:
    """A number of providers or models that metadata states is theirs."""
    metadata = _document(stack, PROVIDERS).get("metadata")
    entries = {"all": stack.providers, "active": stack.active}
    for key, stated in metadata.items() if isinstance(metadata, dict) else ():
        match = _COUNT.fullmatch(key)
        if match is None or not isinstance(stated, int):
            continue
        chosen = [entries["active"]] if match["active"] else list(entries.values())
        counts = [len(group) if match["of"] == "provider" else _models(group) for group in chosen]
        if stated not in counts:
            where = stack.position(PROVIDERS, "metadata", key)
            yield Finding(where, f"{counts[0]}", f"{stated}", "Correct it, or remove it.")


_COUNT = re.compile(
    r"(total_|num_|number_of_|(?P<active>active_))?(?P<of>provider|model)(s|_count|s_count|s_total)"
)


def _models(providers: Mapping[str, Provider]) -> int:
    return sum(len(entry.models) for entry in providers.values())


def _document(stack: Stack, name: str) -> dict[str, Any]:
    file = stack.files.get(name)
    return file.node.value if file and file.node else {}


@rule(
    "health-endpoint-drift",
    WARN,
    happens="The engine answers 404 there: the provider looks sick while it is well.",
    mend="Name a path that the engine has, or leave the key out.",
)
def health_endpoint(stack: Stack) -> Findings:
    """A health endpoint is a path that the engine of its type answers."""
    for name, entry in stack.active.items():
        known = _HEALTH.get(entry.type)
        if known and entry.health_endpoint and entry.health_endpoint not in known:
            where = stack.position(PROVIDERS, "providers", name, "health_endpoint")
            got = f"`{entry.health_endpoint}`"
            hint = f"Write {known[0]}, or leave it out."
            yield Finding(where, f"a path of {entry.type}: {', '.join(known)}", got, hint)


@rule(
    "registry-model-unreachable",
    WARN,
    happens="Clients that ask for the model by its name get 400.",
    mend="Balance the name, map it, or name a default_provider that serves it.",
)
def unreachable_models(stack: Stack) -> Findings:
    """Every model of an active provider can be called, by its own name or by another."""
    plan = plan_of(stack)
    served = {(target.provider, target.model) for group in plan.targets.values() for target in group}
    for provider, entry in stack.active.items():
        if not entry.type.serves_models:
            continue
        for index, model in enumerate(entry.model_names):
            if (provider, model) not in served:
                where = stack.position(PROVIDERS, "providers", provider, "models", index)
                hint = f"Map a name to {model} on {provider}, or remove the model."
                yield Finding(where, "a name that reaches it", "none", hint)


@rule(
    "pattern-explodes",
    Severity.ERROR,
    happens="A name of a few dozen characters keeps a processor busy for minutes: one request stops the others.",
    mend="Take the repetition in the repetition away, the alternatives that mean the same, or some of many in a row.",
)
def pattern_explodes(stack: Stack) -> Findings:
    """No pattern can read a name of a few dozen characters in so many ways that refusing it takes minutes."""
    for index, entry in enumerate(stack.mappings.patterns):
        if explodes(entry.pattern):
            where = stack.position(MAPPINGS, "patterns", index, "pattern")
            hint = "Write `^prefix.*`, say."
            yield Finding(where, "a pattern that reads a name in few ways", f"`{entry.pattern}`", hint)
