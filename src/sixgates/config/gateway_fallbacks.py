"""Rules on the gateway's aliases and fallbacks. What happens was measured on LiteLLM 1.106.2 and 1.79.3."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

from sixgates.config.cycles import cycle_from, endless
from sixgates.config.gateway import CHAINS, SECTIONS, Chain, Gateway, Path, is_local
from sixgates.config.rules import Findings, Severity, gateway_rule
from sixgates.config.validation import listed, shown, suggestion
from sixgates.redaction import without_secrets

ERROR, WARN, INFO = Severity.ERROR, Severity.WARN, Severity.INFO
_MOST_CALLS, _LONGEST_S = 30, 900
_ALIASES: Path = ("router_settings", "model_group_alias")


@gateway_rule(
    "alias-not-string",
    ERROR,
    happens="LiteLLM starts; a request for the alias finds no deployment, and its fallbacks answer with 200.",
    mend="Write one name, or a mapping with `model` and `hidden`; name the others under `fallbacks`.",
)
def alias_not_string(gateway: Gateway) -> Findings:
    """An alias stands for one name, written as text or as a mapping with `model`."""
    for alias, value in gateway.aliases.items():
        if not gateway.target_of(alias):
            hint = "Keep the first name here, and list the others under fallbacks of the alias."
            yield gateway.finding(
                (*_ALIASES, alias), "the name of a model", shown(value, (*_ALIASES, alias)), hint
            )


@gateway_rule(
    "alias-without-hidden",
    ERROR,
    happens="LiteLLM refuses to start: KeyError: 'hidden'.",
    mend="Write the name alone, or add `hidden: false`.",
)
def alias_without_hidden(gateway: Gateway) -> Findings:
    """An alias written as a mapping says whether it is hidden."""
    for alias, value in gateway.aliases.items():
        if isinstance(value, dict) and "hidden" not in value:
            hint = "Add `hidden: false`."
            yield gateway.finding((*_ALIASES, alias), "`hidden` beside `model`", "none", hint, key=True)


@gateway_rule(
    "alias-target-unknown",
    ERROR,
    happens="Every request for the alias is answered with 400.",
    mend="Point the alias at a `model_name` of this file.",
)
def alias_target_unknown(gateway: Gateway) -> Findings:
    """An alias stands for a model name of this file."""
    for alias in gateway.aliases:
        target = gateway.target_of(alias)
        if target and not gateway.callable(target):
            hint = suggestion(target, gateway.groups) or "Add the model, or remove the alias."
            yield gateway.finding((*_ALIASES, alias), _one_of([*gateway.groups]), f"`{target}`", hint)


@gateway_rule(
    "alias-of-alias",
    ERROR,
    happens="LiteLLM looks an alias up once: a request for it is answered with 400.",
    mend="Point the alias at the model name itself.",
)
def alias_of_alias(gateway: Gateway) -> Findings:
    """An alias stands for a model name, not for another alias."""
    for alias in gateway.aliases:
        target = gateway.target_of(alias)
        if target in gateway.aliases and target not in gateway.groups:
            hint = f"Write `{gateway.target_of(target) or 'the model name'}` here."
            yield gateway.finding((*_ALIASES, alias), "a model name", f"the alias `{target}`", hint)


@gateway_rule(
    "alias-shadows-model",
    ERROR,
    happens="The alias wins, and the deployments of the model with this name are never asked.",
    mend="Rename the alias or the model.",
)
def alias_shadows_model(gateway: Gateway) -> Findings:
    """No alias has the name of a model."""
    for alias in gateway.aliases:
        if alias in gateway.groups:
            hint = "Rename one of them."
            got = f"`{alias}`, which is a model name too"
            yield gateway.finding((*_ALIASES, alias), "an alias of its own name", got, hint, key=True)


@gateway_rule(
    "alias-drops-target-fallbacks",
    WARN,
    "BerriAI/litellm#10317",
    happens="Fallbacks are looked up by the requested name: the alias fails where its model would fall back.",
    mend="Give the alias a list of its own under `fallbacks`.",
)
def alias_drops_target_fallbacks(gateway: Gateway) -> Findings:
    """An alias of a model with fallbacks has fallbacks itself."""
    keys = {chain.key for chain in gateway.chains("fallbacks")}
    for alias in gateway.aliases:
        target = gateway.target_of(alias)
        if target in keys and not keys & {alias, "*"} and gateway.setting("default_fallbacks") is None:
            hint = f"Add an entry for {alias} to fallbacks."
            yield gateway.finding(
                (*_ALIASES, alias), f"fallbacks of {alias}", f"fallbacks of {target} only", hint, key=True
            )


@gateway_rule(
    "fallback-shape",
    ERROR,
    happens="LiteLLM refuses to start.",
    mend="Write a list of mappings with one key each: `- NAME: [NAME, ...]`.",
)
def fallback_shape(gateway: Gateway) -> Findings:
    """Fallbacks are a list of mappings with one key, whose value is a list of names."""
    yield from _misshapen(gateway, "fallbacks")
    yield from _misshapen(gateway, "content_policy_fallbacks")


@gateway_rule(
    "ctx-fallback-shape-unvalidated",
    ERROR,
    happens="LiteLLM starts without a word, and these fallbacks fail when the first prompt is too long.",
    mend="Write a list of mappings with one key each: `- NAME: [NAME, ...]`.",
)
def context_fallback_shape(gateway: Gateway) -> Findings:
    """Context-window fallbacks have the shape of fallbacks, which LiteLLM itself does not check."""
    yield from _misshapen(gateway, "context_window_fallbacks")


@gateway_rule(
    "fallback-target-unknown",
    ERROR,
    happens="The hop fails, the next target is tried; behind the last one the first error is returned.",
    mend="Name a `model_name` or an alias of this file; providers have no name here.",
)
def fallback_target_unknown(gateway: Gateway) -> Findings:
    """Every fallback is a name that this file can answer for."""
    for chain in gateway.chains():
        for index, target in enumerate(chain.targets):
            if not gateway.callable(target):
                known = [*gateway.groups, *gateway.aliases]
                hint = suggestion(target, known) or "Name the model, not its provider."
                where = (*chain.path, index)
                yield gateway.finding(where, _one_of(known), f"`{target}`", hint)


@gateway_rule(
    "fallback-key-unknown",
    WARN,
    happens="Nobody can call the name, so the chain is never used.",
    mend="Correct the name, or remove the entry.",
)
def fallback_key_unknown(gateway: Gateway) -> Findings:
    """Fallbacks belong to a name that can be called."""
    for chain in gateway.chains():
        if chain.key not in {"*", "default"} and not gateway.callable(chain.key):
            known = [*gateway.groups, *gateway.aliases]
            hint = suggestion(chain.key, known) or "Remove the entry."
            yield gateway.finding(chain.path, _one_of(known), f"`{chain.key}`", hint, key=True)


@gateway_rule(
    "fallback-key-default",
    ERROR,
    happens="The name has no meaning to LiteLLM: the chain is never used.",
    mend='Write `"*"`, or move the names to `default_fallbacks`.',
)
def fallback_key_default(gateway: Gateway) -> Findings:
    """The chain for all models has the key `*`."""
    for chain in gateway.chains():
        if chain.key == "default" and not gateway.callable("default"):
            yield gateway.mendable(chain.path, 'the key `"*"`', ("default", '"*"'), key=True)


@gateway_rule(
    "fallback-duplicate-key",
    WARN,
    happens="The first entry wins; the later one is never used.",
    mend="Merge the two lists.",
)
def fallback_duplicate_key(gateway: Gateway) -> Findings:
    """A name has one list of fallbacks of each kind."""
    seen: set[tuple[str, str, str]] = set()
    for chain in gateway.chains():
        key = (str(chain.path[0]), chain.kind, chain.key)
        if key in seen:
            hint = f"Add its names to the first entry of {chain.key}."
            got = f"`{chain.key}` again"
            yield gateway.finding(chain.path, "each name once", got, hint, key=True)
        seen.add(key)


@gateway_rule(
    "fallback-self",
    WARN,
    happens="LiteLLM skips the name: the list is shorter than it reads.",
    mend="Remove the name from its own list.",
)
def fallback_self(gateway: Gateway) -> Findings:
    """No name is its own fallback."""
    for chain in gateway.chains():
        for index, target in enumerate(chain.targets):
            if target == chain.key:
                hint = "Remove it: a name that failed is not asked again."
                yield gateway.finding((*chain.path, index), "another name", f"`{target}` itself", hint)


@gateway_rule(
    "fallback-cycle",
    WARN,
    "BerriAI/litellm#19985",
    happens="1.106.2 asks nobody twice; 1.79.3 repeats: two names in a cycle cost six calls for one request.",
    mend="Let the last name fall back to something else, or use a version that does not repeat.",
    versions=("1.79.3",),
)
def fallback_cycle(gateway: Gateway) -> Findings:
    """On a LiteLLM that repeats names, no chain of fallbacks leads back to its start."""
    if not gateway.words.repeats_fallbacks:
        return
    chains = {chain.key: chain for chain in reversed([*gateway.chains("fallbacks")])}
    edges = {key: chain.targets for key, chain in chains.items()}
    for key in endless(edges):
        back = next((name for name in cycle_from(key, edges)[1:2] if name in chains[key].targets), None)
        if back is not None:
            where = (*chains[key].path, chains[key].targets.index(back))
            got = f"`{back}`, which falls back to `{key}` again"
            yield gateway.finding(where, "a chain that ends", got, "Remove one of the steps between them.")


@gateway_rule(
    "fallback-depth-truncated",
    WARN,
    happens="The walk stops at `max_fallbacks`: some of the names that are written here are never asked.",
    mend="Shorten the chains, or raise `max_fallbacks` in router_settings.",
)
def fallback_depth_truncated(gateway: Gateway) -> Findings:
    """When everything fails, every name of a list has been asked."""
    for chain in _own_chains(gateway):
        asked = _asked(gateway, chain.key)
        left = [name for name in chain.targets if name not in asked and _leads_somewhere(gateway, name)]
        if left:
            got = f"{listed(left)} never asked: the walk is {' -> '.join(asked)}"
            hint = "Shorten the chains of the names before, or raise max_fallbacks."
            yield gateway.finding(chain.path, "a walk that reaches all of them", got, hint, key=True)


@gateway_rule(
    "fallback-order-surprise",
    INFO,
    happens="LiteLLM walks the chain of each fallback before the next name of the list.",
    mend="Nothing, if this is what you want; else shorten the chain of the fallback.",
)
def fallback_order_surprise(gateway: Gateway) -> Findings:
    """The names of a list are asked in the order in which they are written."""
    for chain in _own_chains(gateway):
        asked = _asked(gateway, chain.key)
        written = [name for name in dict.fromkeys(chain.targets) if name in asked]
        if any(asked.index(one) > asked.index(other) for one, other in pairwise(written)):
            hint = "The chain of an earlier name contains a later one."
            yield gateway.finding(chain.path, " -> ".join(written), " -> ".join(asked[1:]), hint, key=True)


@gateway_rule(
    "retry-storm-budget",
    WARN,
    happens="One request that fails everywhere keeps its client waiting this long and asks this often.",
    mend="Lower `num_retries`, `timeout` or `max_fallbacks`, or shorten the chain.",
)
def retry_storm(gateway: Gateway) -> Findings:
    """One request costs at worst 30 upstream calls and 15 minutes."""
    retries, timeout = gateway.setting("num_retries"), gateway.setting("timeout")
    tries = 1 + (retries if isinstance(retries, int) else 2)
    seconds = timeout if isinstance(timeout, int | float) and timeout else None
    for chain in _own_chains(gateway):
        calls = len(_walked(gateway, chain.key)) * tries
        if calls > _MOST_CALLS or (seconds and calls * seconds > _LONGEST_S):
            waited = f" of {seconds:g} s each" if seconds else ""
            expected = f"at most {_MOST_CALLS} calls and {_LONGEST_S} s"
            hint = "Retry less, wait less, or shorten the chain."
            yield gateway.finding(chain.path, expected, f"{calls} calls{waited}", hint, key=True)


@gateway_rule(
    "fallback-smaller-context",
    WARN,
    "BerriAI/litellm#31557",
    happens="A prompt that fits the first model is refused by its fallback.",
    mend="Choose a fallback with at least this context, or list it under `context_window_fallbacks`.",
)
def fallback_smaller_context(gateway: Gateway) -> Findings:
    """A fallback holds as many tokens as the model for which it stands in."""
    for chain in gateway.chains("fallbacks"):
        own = _context(gateway, chain.key)
        for index, target in enumerate(chain.targets):
            other = _context(gateway, target)
            if own and other and other < own:
                hint = "Choose a larger model, or accept that long prompts fail there."
                yield gateway.finding(
                    (*chain.path, index), f"at least {own} tokens", f"`{target}` with {other}", hint
                )


@gateway_rule(
    "ctx-fallback-partial",
    ERROR,
    happens="Once any model has context-window fallbacks, the others lose their plain ones on long prompts: 400.",
    mend="Give every name with fallbacks an entry under `context_window_fallbacks`, or none.",
)
def context_fallback_partial(gateway: Gateway) -> Findings:
    """Where one name has context-window fallbacks, every name with fallbacks has them."""
    keys = {chain.key for chain in gateway.chains("context_window_fallbacks")}
    if not keys:
        return
    for chain in gateway.chains("fallbacks"):
        if not keys & {chain.key, "*"}:
            hint = f"Add {chain.key} to context_window_fallbacks."
            expected = f"context_window_fallbacks of {chain.key}"
            yield gateway.finding(chain.path, expected, f"those of {listed(sorted(keys))}", hint, key=True)


@gateway_rule(
    "fallback-same-failure-domain",
    WARN,
    happens="When the server is down, all that stands in for it is down too.",
    mend="Add a fallback on another server.",
)
def fallback_same_failure_domain(gateway: Gateway) -> Findings:
    """Some fallback of a name is on another server."""
    for chain in gateway.chains("fallbacks"):
        own = _addresses(gateway, chain.key)
        others = {address for target in chain.targets for address in _addresses(gateway, target)}
        if len(own) == 1 and others == set(own):
            got = f"all at {without_secrets(own[0])}"
            yield gateway.finding(chain.path, "a fallback elsewhere", got, "Add another server.", key=True)


@gateway_rule(
    "fallback-local-to-cloud",
    WARN,
    happens="When the local server fails, prompts leave for a public address, and cost money.",
    mend="Keep local names to local fallbacks, or confirm it: `# sixgates: ignore[fallback-local-to-cloud] reason`.",
)
def fallback_local_to_cloud(gateway: Gateway) -> Findings:
    """What is answered locally falls back locally."""
    for chain in gateway.chains("fallbacks"):
        own = _addresses(gateway, chain.key)
        if not own or not all(map(is_local, own)):
            continue
        for index, target in enumerate(chain.targets):
            away = [each for each in _addresses(gateway, target) if not is_local(each)]
            if away or _is_cloud(gateway, target):
                got = f"`{target}` at {without_secrets(away[0]) if away else 'its public address'}"
                hint = "Remove it, or say why it may leave the machine."
                yield gateway.finding((*chain.path, index), "a local fallback", got, hint)


@gateway_rule(
    "fallback-both-sections",
    WARN,
    happens="The list of router_settings replaces the one of litellm_settings as a whole.",
    mend="Keep one of the two lists.",
)
def fallback_both_sections(gateway: Gateway) -> Findings:
    """A list of fallbacks stands in one section only."""
    for kind in CHAINS:
        if all(gateway.section(section).get(kind) for section in SECTIONS):
            path: Path = ("litellm_settings", kind)
            hint = "Move its entries to router_settings."
            yield gateway.finding(path, f"`{kind}` in one section", "a second list", hint, key=True)


def _one_of(names: list[str]) -> str:
    return f"one of {listed(names)}" if names else "a name of `model_list`, which has none"


def _misshapen(gateway: Gateway, kind: str) -> Findings:
    for section in SECTIONS:
        given = gateway.section(section).get(kind)
        if given is None:
            continue
        path: Path = (section, kind)
        if not isinstance(given, list):
            yield _shape(gateway, path, given)
            continue
        for index, item in enumerate(given):
            if not _is_chain(item):
                yield _shape(gateway, (*path, index), item)


def _is_chain(item: Any) -> bool:
    if not isinstance(item, dict) or len(item) != 1:
        return False
    (targets,) = item.values()
    return isinstance(targets, list) and all(isinstance(each, str | dict) for each in targets)


def _shape(gateway: Gateway, path: Path, got: Any) -> Any:
    hint = "Write `- NAME: [NAME, ...]`, one name an entry."
    described = f"{len(got)} keys" if isinstance(got, dict) and len(got) != 1 else shown(got, path)
    return gateway.finding(path, "a list of mappings with one key", described, hint)


def _own_chains(gateway: Gateway) -> Iterator[Chain]:
    if gateway.router is not None:
        yield from (chain for chain in gateway.chains("fallbacks") if gateway.callable(chain.key))


def _asked(gateway: Gateway, name: str) -> list[str]:
    return list(dict.fromkeys(_walked(gateway, name)))


def _leads_somewhere(gateway: Gateway, name: str) -> bool:
    return gateway.router is not None and gateway.router.resolve(name) is not None


def _walked(gateway: Gateway, name: str) -> list[str]:
    assert gateway.router is not None
    return [hop.name for hop in gateway.router.walk(name).contacted]


def _context(gateway: Gateway, name: str) -> int:
    target = gateway.target_of(name) or name
    known = [entry.info.get("max_input_tokens") for entry in gateway.groups.get(target, ())]
    return min((each for each in known if isinstance(each, int)), default=0)


def _addresses(gateway: Gateway, name: str) -> list[str]:
    target = gateway.target_of(name) or name
    return sorted({entry.address for entry in gateway.groups.get(target, ()) if entry.address})


def _is_cloud(gateway: Gateway, name: str) -> bool:
    """Whether a name's deployments go to their provider's public address, having none of their own."""
    target = gateway.target_of(name) or name
    return any(not entry.address and entry.model for entry in gateway.groups.get(target, ()))
