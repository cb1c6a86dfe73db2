"""Rules on what the files say about each other: providers, models, fallbacks and chains."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sixgates.config.cycles import cycle_from, endless
from sixgates.config.plan import Plan, plan_of
from sixgates.config.providers import Status
from sixgates.config.rules import Findings, Severity, rule
from sixgates.config.stack import DEVIATIONS, MAPPINGS, Stack
from sixgates.config.validation import listed, suggestion
from sixgates.config.wildcard import regex_error, wildcard_of
from sixgates.exchange import Finding

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Mention:
    """A place in model-mappings.yaml that names a provider."""

    path: Path
    name: str


def mentions(stack: Stack) -> Iterator[Mention]:
    """Every place that must name a provider, and every other that happens to name one."""
    mappings = stack.mappings
    for name, match in mappings.exact_matches.items():
        yield Mention(("exact_matches", name, "provider"), match.provider)
    for index, pattern in enumerate(mappings.patterns):
        yield Mention(("patterns", index, "provider"), pattern.provider)
    for name, capability in mappings.capabilities.items():
        if capability.provider:
            yield Mention(("capabilities", name, "provider"), capability.provider)
    for name, group in mappings.load_balancing.items():
        for index, share in enumerate(group.providers):
            yield Mention(("load_balancing", name, "providers", index, "provider"), share.provider)
    if mappings.routing_rules.default_provider:
        yield Mention(("routing_rules", "default_provider"), mappings.routing_rules.default_provider)
    for name, chain in mappings.fallback_chains.items():
        for index, step in enumerate(chain.chain):
            if step.provider:
                yield Mention(("fallback_chains", name, "chain", index, "provider"), step.provider)


def fallback_names(stack: Stack) -> Iterator[Mention]:
    """Every `fallback:`, which may name a provider or a model."""
    mappings = stack.mappings
    for section in ("exact_matches", "capabilities"):
        for name, entry in getattr(mappings, section).items():
            if entry.fallback:
                yield Mention((section, name, "fallback"), entry.fallback)
    for index, pattern in enumerate(mappings.patterns):
        if pattern.fallback:
            yield Mention(("patterns", index, "fallback"), pattern.fallback)
    if mappings.routing_rules.fallback:
        yield Mention(("routing_rules", "fallback"), mappings.routing_rules.fallback)


def chain_names(stack: Stack) -> Iterator[Mention]:
    """Every chain step that is a bare name or a model."""
    for name, chain in stack.mappings.fallback_chains.items():
        for index, step in enumerate(chain.chain):
            path: Path = ("fallback_chains", name, "chain", index)
            if step.name:
                yield Mention(path, step.name)
            if step.model and not step.provider:
                yield Mention((*path, "model"), step.model)


def entries(stack: Stack) -> list[Path]:
    """Every entry of model-mappings.yaml that names a provider or a model, as section and key, section by section."""
    sections = list(type(stack.mappings).model_fields)
    found = dict.fromkeys(map(_entry, _places(stack)))
    return sorted(found, key=lambda path: sections.index(str(path[0])))


def broken_references(stack: Stack) -> dict[Path, list[Finding]]:
    """What is wrong with the names in each entry, by section and key."""
    judges = (
        *(provider_unknown, fallback_unknown, chain_target_unknown, provider_inactive),
        *(provider_serves_no_models, model_not_served, capability_model_unknown),
    )
    found = {finding.where: finding for one in judges for finding in one.judge(stack)}
    broken: dict[Path, list[Finding]] = {}
    for path in dict.fromkeys(_places(stack)):
        where = stack.position(MAPPINGS, *path)
        if where in found:
            broken.setdefault(_entry(path), []).append(found[where])
    return broken


def _entry(path: Path) -> Path:
    return path[:1] if path[0] == "routing_rules" else path[:2]


def _places(stack: Stack) -> Iterator[Path]:
    for name, capability in stack.mappings.capabilities.items():
        yield from (
            ("capabilities", name, "preferred_models", n) for n in range(len(capability.preferred_models))
        )
    for mention in (*mentions(stack), *fallback_names(stack), *chain_names(stack)):
        yield mention.path
    yield from (path for path, _, _ in _backend_models(stack))


@rule(
    "provider-unknown",
    Severity.ERROR,
    happens="What names it is left out of the gateway's config: a name is then a 400, a fallback is none.",
    mend="Correct the name, or add the provider to providers.yaml.",
)
def provider_unknown(stack: Stack) -> Findings:
    """Every provider that a mapping names has an entry in providers.yaml."""
    known = list(stack.providers)
    for mention in mentions(stack):
        if mention.name not in stack.providers:
            yield _unknown(stack, mention, "a provider", known)


@rule(
    "fallback-unknown",
    Severity.ERROR,
    happens="Nobody stands in: the error of the first server reaches the client.",
    mend="Name a provider, or a model that clients can call.",
)
def fallback_unknown(stack: Stack) -> Findings:
    """Every fallback names a provider or a model that clients can call."""
    yield from _unknown_names(stack, fallback_names(stack))


@rule(
    "chain-target-unknown",
    Severity.ERROR,
    happens="The step is left out of the compiled chain.",
    mend="Name a provider, or a model that clients can call.",
)
def chain_target_unknown(stack: Stack) -> Findings:
    """Every step of a fallback chain names a provider or a model that clients can call."""
    yield from _unknown_names(stack, chain_names(stack))


@rule(
    "provider-inactive",
    Severity.ERROR,
    happens="What names it is left out of the gateway's config: a name is then a 400, a fallback is none.",
    mend="Set `status: active`, or route to another provider.",
)
def provider_inactive(stack: Stack) -> Findings:
    """Every provider that a mapping routes to is active."""
    for mention in (*mentions(stack), *fallback_names(stack), *chain_names(stack)):
        entry = stack.providers.get(mention.name)
        if entry is not None and entry.status is not Status.ACTIVE:
            where = stack.position(MAPPINGS, *mention.path)
            others = listed(stack.active)
            hint = f"Set `status: active` for {mention.name}, or route to {others}."
            yield Finding(
                where, "an active provider", f"`{mention.name}`, whose status is {entry.status}", hint
            )


@rule(
    "provider-serves-no-models",
    Severity.ERROR,
    happens="What names it is left out of the gateway's config.",
    mend="Route to a provider that serves models.",
)
def provider_serves_no_models(stack: Stack) -> Findings:
    """No mapping routes model requests to a tool server or a web page."""
    for mention in (*mentions(stack), *fallback_names(stack), *chain_names(stack)):
        entry = stack.active.get(mention.name)
        if entry is not None and not entry.type.serves_models:
            where = stack.position(MAPPINGS, *mention.path)
            servers = [name for name, other in stack.active.items() if other.type.serves_models]
            got = f"`{mention.name}`, which is a {entry.type}"
            yield Finding(where, "a provider that serves models", got, f"Use one of {listed(servers)}.")


@rule(
    "model-not-served",
    Severity.ERROR,
    happens="The gateway asks the server for a model that it does not list: 404, or another model answers.",
    mend="Correct the name, or add it to the `models` of the provider.",
)
def model_not_served(stack: Stack) -> Findings:
    """Every backend model is in the list of models of its provider."""
    for path, provider, model in _backend_models(stack):
        entry = stack.active.get(provider)
        if entry is not None and entry.type.serves_models and model not in entry.model_names:
            hint = suggestion(model, entry.model_names) or f"Add it to the models of {provider}."
            expected = f"a model of {provider}: {listed(entry.model_names)}"
            yield Finding(stack.position(MAPPINGS, *path), expected, f"`{model}`", hint)


@rule(
    "capability-model-unknown",
    Severity.ERROR,
    happens="The alias goes to the next preferred model, or is answered with 400 when there is none.",
    mend="Name a model that clients can call, or one of its provider.",
)
def capability_model_unknown(stack: Stack) -> Findings:
    """Every preferred model of a capability is a model that clients can call, or one of its provider."""
    plan = plan_of(stack)
    known = _literal(plan)
    for name, capability in stack.mappings.capabilities.items():
        provider = stack.active.get(capability.provider or "")
        for index, model in enumerate(capability.preferred_models):
            served = provider is not None and model in provider.model_names
            if model not in plan.targets and not served and not _is_dormant(stack, model):
                mention = Mention(("capabilities", name, "preferred_models", index), model)
                yield _unknown(stack, mention, "a callable model", known)


@rule(
    "chain-cycle",
    Severity.ERROR,
    "BerriAI/litellm#19985",
    happens="1.79.3 asks names again and again; 1.106.2 asks nobody twice, so that the step does nothing.",
    mend="Remove the step that leads back.",
)
def chain_cycle(stack: Stack) -> Findings:
    """No fallback chain leads back to its own name."""
    edges = {
        name: [step.model or step.name for step in chain.chain if not step.provider]
        for name, chain in stack.mappings.fallback_chains.items()
    }
    reported: set[frozenset[str]] = set()
    for name in endless(edges):
        cycle = cycle_from(name, edges)
        if cycle and frozenset(cycle) not in reported:
            reported.add(frozenset(cycle))
            where = stack.position(MAPPINGS, "fallback_chains", name, key=True)
            got = " -> ".join([*cycle, cycle[0]])
            yield Finding(where, "a chain that ends", got, f"Remove the step back to {cycle[0]}.")


@rule(
    "chain-key-unknown",
    Severity.WARN,
    happens="Nobody can call the name, so the chain is never walked.",
    mend="Correct the name, or remove the chain.",
)
def chain_key_unknown(stack: Stack) -> Findings:
    """Every fallback chain belongs to a name that clients can call."""
    yield from _dead_keys(stack, "fallback_chains", list(stack.mappings.fallback_chains))


@rule(
    "rate-limit-unknown",
    Severity.WARN,
    happens="Nothing is limited.",
    mend="Name a model, not an alias or a provider.",
)
def rate_limit_unknown(stack: Stack) -> Findings:
    """Every rate limit belongs to a model name; an alias or a provider has none of its own."""
    plan = plan_of(stack)
    known = [name for name in _literal(plan) if name in plan.targets]
    for name in stack.mappings.rate_limits:
        dormant = name in stack.mappings.exact_matches or name in stack.mappings.load_balancing
        if name not in plan.targets and not dormant:
            where = stack.position(MAPPINGS, "rate_limits", name, key=True)
            hint = suggestion(name, known) or "Remove the limit."
            if name in plan.aliases:
                hint = f"Limit {plan.aliases[name][0]}, for which {name} stands."
            yield Finding(where, f"a model name: {listed(known)}", f"`{name}`", hint)


@rule(
    "pattern-invalid",
    Severity.ERROR,
    happens="The pattern is left out of the gateway's config: its names are answered with 400.",
    mend="Correct the expression; a backslash makes a character literal.",
)
def pattern_invalid(stack: Stack) -> Findings:
    """Every pattern is a regular expression that compiles."""
    for index, entry in enumerate(stack.mappings.patterns):
        error = regex_error(entry.pattern)
        if error:
            where = stack.position(MAPPINGS, "patterns", index, "pattern")
            hint = "Escape the character with a backslash if it is meant literally."
            yield Finding(where, "a regular expression", f"`{entry.pattern}` ({error})", hint)


@rule(
    "weights-sum",
    Severity.ERROR,
    "BerriAI/litellm#33329",
    happens="LiteLLM shares by proportion: the share is not what is written, and without a weight it is none.",
    mend="Write a share of 1 for each provider, or for none.",
)
def weights_sum(stack: Stack) -> Findings:
    """The weights of a load-balanced name are all given and sum to 1, or are all left out."""
    for name, group in stack.mappings.load_balancing.items():
        weights = [share.weight for share in group.providers]
        given = [weight for weight in weights if weight is not None]
        where = stack.position(MAPPINGS, "load_balancing", name, "providers")
        if given and len(given) < len(weights):
            got = f"{len(given)} weights for {len(weights)} providers"
            yield Finding(where, "a weight for each provider, or for none", got, "Add the missing weights.")
        elif given and abs(sum(given) - 1) > 0.001:
            got = f"{' + '.join(f'{weight:g}' for weight in given)} = {sum(given):g}"
            yield Finding(where, "weights that sum to 1", got, "Change the weights to shares of 1.")


@rule(
    "deviation-provider-unknown",
    Severity.ERROR,
    happens="It excuses nobody.",
    mend="Correct the name, or remove the deviation.",
)
def deviation_provider_unknown(stack: Stack) -> Findings:
    """Every deviation belongs to a provider of the stack."""
    for index, deviation in enumerate(stack.deviations):
        if deviation.provider not in stack.providers:
            where = stack.position(DEVIATIONS, "deviations", index, "provider")
            expected = f"a provider: {listed(stack.providers)}"
            hint = suggestion(deviation.provider, list(stack.providers)) or "Remove the deviation."
            yield Finding(where, expected, f"`{deviation.provider}`", hint)


def _unknown(stack: Stack, mention: Mention, kind: str, known: list[str]) -> Finding:
    where = stack.position(MAPPINGS, *mention.path)
    hint = suggestion(mention.name, known) or f"Add {mention.name}, or use one of these."
    return Finding(where, f"{kind}: {listed(known)}", f"`{mention.name}`", hint)


def _unknown_names(stack: Stack, named: Iterator[Mention]) -> Findings:
    plan = plan_of(stack)
    names = [*stack.providers, *_literal(plan)]
    for mention in named:
        known = mention.name in stack.providers or plan.callable(mention.name)
        if not known and not _is_dormant(stack, mention.name):
            yield _unknown(stack, mention, "a provider or model", names)


def _literal(plan: Plan) -> list[str]:
    return [name for name in (*plan.targets, *plan.aliases) if "*" not in name and "@" not in name]


def _is_dormant(stack: Stack, name: str) -> bool:
    """Whether a name is defined but leads to a provider that is unknown or inactive: another rule says so."""
    mappings = stack.mappings
    return name in mappings.exact_matches or name in mappings.load_balancing or name in mappings.capabilities


def _dead_keys(stack: Stack, section: str, names: list[str]) -> Findings:
    plan = plan_of(stack)
    known = _literal(plan)
    for name in names:
        if not plan.callable(name) and not _is_dormant(stack, name):
            where = stack.position(MAPPINGS, section, name, key=True)
            expected = f"a callable name: {listed(known)}"
            hint = suggestion(name, known) or "Remove it: no request can use it."
            yield Finding(where, expected, f"`{name}`", hint)


def _backend_models(stack: Stack) -> Iterator[tuple[Path, str, str]]:
    mappings = stack.mappings
    for name, match in mappings.exact_matches.items():
        field = "backend_model" if match.backend_model else "provider"
        if name not in mappings.load_balancing:
            yield ("exact_matches", name, field), match.provider, match.backend_model or name
    for index, pattern in enumerate(mappings.patterns):
        if pattern.backend_model and wildcard_of(pattern.backend_model) is None:
            yield ("patterns", index, "backend_model"), pattern.provider, pattern.backend_model
    for name, group in mappings.load_balancing.items():
        for index, share in enumerate(group.providers):
            if share.backend_model:
                path: Path = ("load_balancing", name, "providers", index, "backend_model")
                yield path, share.provider, share.backend_model
    for name, chain in mappings.fallback_chains.items():
        for index, step in enumerate(chain.chain):
            if step.provider and step.model:
                yield ("fallback_chains", name, "chain", index, "model"), step.provider, step.model
