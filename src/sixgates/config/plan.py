"""Decides what the gateway does for each name: deployments, aliases, fallbacks, and what stays open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache

from sixgates.config.mappings import ChainStep, LoadBalancing, Pattern
from sixgates.config.pause import collector_paused
from sixgates.config.providers import Provider
from sixgates.config.stack import MAPPINGS, PROVIDERS, Stack
from sixgates.config.validation import listed
from sixgates.config.wildcard import filled, regex_error, swallows_everything, wildcard_of
from sixgates.exchange import Finding


@dataclass(frozen=True, slots=True)
class Target:
    """One deployment: a name that clients call, and the provider and model that answer."""

    name: str
    provider: str
    model: str
    comment: str
    weight: float | None = None
    order: int | None = None


@dataclass(frozen=True, slots=True)
class Fallback:
    """The names that stand in for a name, in order, and how they were chosen."""

    name: str
    targets: tuple[str, ...]
    comment: str


@dataclass(slots=True)
class Plan:
    """All decisions in the order in which they are written out."""

    targets: dict[str, list[Target]] = field(default_factory=dict)
    aliases: dict[str, tuple[str, str]] = field(default_factory=dict)
    fallbacks: list[Fallback] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    problems: list[Finding] = field(default_factory=list)

    def callable(self, name: str) -> bool:
        """Whether clients can ask for `name` literally."""
        return name in self.targets or name in self.aliases


@lru_cache(maxsize=4)
@collector_paused()
def plan_of(stack: Stack) -> Plan:
    """The plan for a stack; unknown or inactive references are left out, the reference rules report them."""
    planner = _Planner(stack)
    planner.exact_matches()
    planner.load_balancing()
    planner.own_names()
    planner.capabilities()
    planner.patterns()
    planner.fallbacks()
    return planner.plan


class _Planner:
    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.mappings = stack.mappings
        self.servers = {name: entry for name, entry in stack.active.items() if entry.type.serves_models}
        self.plan = Plan()
        self._reaching: dict[tuple[str, str], list[str]] = {}
        self._mapped: dict[str, dict[str, list[str]]] = {}
        self._positions: dict[str, int] = {}

    def exact_matches(self) -> None:
        for name, match in self.mappings.exact_matches.items():
            if name in self.mappings.load_balancing or match.provider not in self.servers:
                continue
            comment = self._source("exact_matches", name)
            self._add(Target(name, match.provider, match.backend_model or name, comment))
            by_model = self._mapped.setdefault(match.provider, {})
            by_model.setdefault(match.backend_model or name, []).append(name)
            self._positions[name] = len(self._positions)

    def load_balancing(self) -> None:
        for name, group in self.mappings.load_balancing.items():
            shares = [
                (index, share)
                for index, share in enumerate(group.providers)
                if share.provider in self.servers
            ]
            for index, share in shares:
                model = share.backend_model or self._balanced_model(name, share.provider, index)
                if model is not None:
                    weight = share.weight if _weighted(group) else 1.0
                    comment = self._source("load_balancing", name)
                    self._add(
                        Target(name, share.provider, model, comment, weight if len(shares) > 1 else None)
                    )

    def own_names(self) -> None:
        owners: dict[str, list[str]] = {}
        for provider, entry in self.servers.items():
            for model in entry.model_names:
                owners.setdefault(model, []).append(provider)
        lines = {name: self.stack.line(PROVIDERS, "providers", name, "models") for name in self.servers}
        default = self.mappings.routing_rules.default_provider
        for model, providers in owners.items():
            if model in self.plan.targets or model in self.mappings.capabilities:
                continue
            chosen = providers[0] if len(providers) == 1 else default if default in providers else None
            if chosen is None:
                names = ", ".join(providers)
                self.plan.remarks.append(f"{model} is not callable by this name: {names} all serve it")
                continue
            why = "" if len(providers) == 1 else "; default_provider decides between " + ", ".join(providers)
            self._add(Target(model, chosen, model, f"model of {chosen} ({PROVIDERS}:{lines[chosen]}){why}"))

    def capabilities(self) -> None:
        for alias, entry in self.mappings.capabilities.items():
            if alias in self.plan.targets:
                got = f"`{alias}`, which is a model name too"
                hint = "Rename one of them: an alias hides the model of the same name."
                self._problem(("capabilities", alias), "an alias that is no model name", got, hint, key=True)
                continue
            choice = next(self._preferred(alias), None)
            if choice is None and not entry.preferred_models and entry.provider in self.servers:
                choice = self._of_provider(entry.provider, alias, ("capabilities", alias, "provider"))
            if choice is not None:
                self.plan.aliases[alias] = (choice, self._source("capabilities", alias))

    def patterns(self) -> None:
        for index, pattern in enumerate(self.mappings.patterns):
            if pattern.provider in self.servers and not regex_error(pattern.pattern):
                self._pattern(index, pattern)

    def fallbacks(self) -> None:
        names = [name for name in (*self.plan.targets, *self.plan.aliases) if "*" not in name]
        for name in names:
            fallback = self._fallback(name)
            if fallback is not None:
                self.plan.fallbacks.append(fallback)

    def _pattern(self, index: int, pattern: Pattern) -> None:
        path = ("patterns", index, "pattern")
        wildcard = wildcard_of(pattern.pattern)
        if wildcard is None:
            expected = "a pattern that a wildcard can express: literal text and .*"
            hint = "Write `^prefix.*`, or list the names under exact_matches."
            self._problem(path, expected, f"`{pattern.pattern}`", hint)
            return
        if swallows_everything(wildcard):
            expected, got = "a pattern with literal text", f"`{pattern.pattern}`, which matches every name"
            self._problem(path, expected, got, "Use routing_rules.default_provider for what no entry names.")
            return
        line = self.stack.line(MAPPINGS, "patterns", index)
        comment = f"patterns {pattern.pattern} ({MAPPINGS}:{line})"
        if not wildcard.endswith("*"):
            comment += "; LiteLLM also takes names that go on after this"
        model = pattern.backend_model or wildcard
        step = self._stand_in(pattern, index)
        order = 1 if step else None
        self._add(Target(wildcard, pattern.provider, model, comment, order=order))
        if step:
            self._add(
                replace(step, name=wildcard, comment=f"{comment}, fallback {pattern.fallback}", order=2)
            )

    def _stand_in(self, pattern: Pattern, index: int) -> Target | None:
        """The deployment behind a pattern's fallback: wildcards have no fallback list, only an order."""
        name = pattern.fallback
        if name is None or name == pattern.provider:
            return None
        if name in self.stack.providers:
            if name not in self.servers:
                return None
            wanted = pattern.backend_model or ""
            chosen = self._of_provider(name, wanted, ("patterns", index, "fallback"))
            name = chosen or ""
        name = self.plan.aliases[name][0] if name in self.plan.aliases else name
        found = self.plan.targets.get(name)
        return found[0] if found else None

    def _fallback(self, name: str) -> Fallback | None:
        steps, source = self._steps(name)
        own = {target.provider for target in self.plan.targets.get(name, [])}
        chosen: list[str] = []
        notes: list[str] = []
        for path, step in steps:
            target, note = self._step_target(step, name, own, path)
            if target is not None and target != name and target not in chosen:
                chosen.append(target)
            if note:
                notes.append(note)
        if name in self.plan.aliases:
            chosen = self._alias_chain(name, chosen)
            notes.append("an alias needs a list of its own: LiteLLM looks it up by the requested name")
        if not chosen:
            return None
        return Fallback(name, tuple(chosen), "; ".join([source, *notes]))

    def _steps(self, name: str) -> tuple[list[tuple[tuple[str | int, ...], ChainStep]], str]:
        chain = self.mappings.fallback_chains.get(name)
        if chain is not None:
            path = ("fallback_chains", name, "chain")
            return [((*path, index), step) for index, step in enumerate(chain.chain)], self._source(*path[:2])
        for section in ("exact_matches", "capabilities"):
            entry = getattr(self.mappings, section).get(name)
            if entry is not None and entry.fallback:
                return [((section, name, "fallback"), ChainStep(name=entry.fallback))], self._source(
                    section, name
                )
        for index, pattern in enumerate(self.mappings.patterns):
            wildcard = wildcard_of(pattern.pattern) if pattern.fallback else None
            if pattern.fallback and wildcard and filled(wildcard, name) is not None:
                step = ChainStep(name=pattern.fallback)
                return [(("patterns", index, "fallback"), step)], f"patterns {pattern.pattern}"
        general = self.mappings.routing_rules.fallback
        if name not in self.plan.aliases and self._embeds(name):
            return [], "no general fallback: a server that chats gives no embeddings"
        if general is None or name in self.plan.aliases:
            return [], self._source("capabilities", name) if name in self.plan.aliases else ""
        return [(("routing_rules", "fallback"), ChainStep(name=general))], self._source(
            "routing_rules", "fallback"
        )

    def _embeds(self, name: str) -> bool:
        targets = self.plan.targets.get(name, [])
        return any(self.servers[target.provider].embeds(target.model) for target in targets)

    def _alias_chain(self, alias: str, explicit: list[str]) -> list[str]:
        target = self.plan.aliases[alias][0]
        if alias in self.mappings.fallback_chains:
            return explicit
        inherited = [
            name for fallback in self.plan.fallbacks if fallback.name == target for name in fallback.targets
        ]
        names = [*self._preferred(alias), *explicit, *inherited]
        return [name for name in dict.fromkeys(names) if name != target]

    def _preferred(self, alias: str) -> Iterator[str]:
        entry = self.mappings.capabilities[alias]
        for model in entry.preferred_models:
            if model in self.plan.targets:
                yield model
            elif entry.provider in self.servers and model in self.servers[entry.provider].model_names:
                yield self._name_for(entry.provider, model)

    def _step_target(
        self, step: ChainStep, name: str, own: set[str], path: tuple[str | int, ...]
    ) -> tuple[str | None, str]:
        provider = step.provider or (step.name if step.name in self.stack.providers else None)
        if provider is None:
            model = step.model or step.name or ""
            return (model, "") if self.plan.callable(model) else (None, f"{model} is not callable, left out")
        if provider not in self.servers:
            return None, f"{provider} is not an active model server, left out"
        if step.model:
            return self._named_on(provider, step.model), ""
        if own == {provider}:
            return None, f"{provider} is its own provider"
        target = self._of_provider(provider, name, path)
        return target, f"{provider} answers as {target}" if target else f"{provider} is undecided, left out"

    def _named_on(self, provider: str, model: str) -> str:
        if any(target.provider == provider for target in self.plan.targets.get(model, [])):
            return model
        return self._name_for(provider, model)

    def _of_provider(self, provider: str, name: str, path: tuple[str | int, ...]) -> str | None:
        """The name that stands for a provider when `name` fails: a mapped name, else its only model."""
        wanted = {target.model for target in self.plan.targets.get(name, [])} | {name}
        by_model = self._mapped.get(provider, {})
        same = [other for model in wanted for other in by_model.get(model, ()) if other != name]
        if same:
            return min(same, key=self._positions.__getitem__)
        mapped = [other for others in by_model.values() for other in others if other != name]
        if len(mapped) == 1:
            return mapped[0]
        models = self.servers[provider].model_names
        served = [model for model in models if model in wanted]
        if not mapped and (served or len(models) == 1):
            return self._name_for(provider, (served or models)[0])
        self._undecided(provider, mapped or models, path)
        return None

    def _undecided(self, provider: str, candidates: list[str], path: tuple[str | int, ...]) -> None:
        got = f"{provider}, which serves {listed(candidates) if candidates else 'no model'}"
        hint = "Name the model in place of the provider." if candidates else f"List the models of {provider}."
        self._problem(path, "a provider with one model for this name", got, hint)

    def _name_for(self, provider: str, model: str) -> str:
        """A name that reaches exactly this model on this provider; made up where no entry does."""
        for name in self._reaching.get((provider, model), ()):
            if len(self.plan.targets[name]) == 1:
                return name
        name = f"{model}@{provider}"
        self._add(
            Target(name, provider, model, f"a name for {model} on {provider}, for entries that need it")
        )
        return name

    def _balanced_model(self, name: str, provider: str, index: int) -> str | None:
        entry: Provider = self.servers[provider]
        match = self.mappings.exact_matches.get(name)
        if match is not None and match.provider == provider:
            return match.backend_model or name
        wanted = (name, match.backend_model if match else None)
        served = [model for model in entry.model_names if model in wanted]
        if served or len(entry.models) == 1:
            return (served or entry.model_names)[0]
        self._undecided(provider, entry.model_names, ("load_balancing", name, "providers", index, "provider"))
        return None

    def _add(self, target: Target) -> None:
        self.plan.targets.setdefault(target.name, []).append(target)
        if "*" not in target.name:
            self._reaching.setdefault((target.provider, target.model), []).append(target.name)

    def _source(self, section: str, name: str) -> str:
        return f"{section} {name} ({MAPPINGS}:{self.stack.line(MAPPINGS, section, name)})"

    def _problem(
        self, path: tuple[str | int, ...], expected: str, got: str, hint: str, *, key: bool = False
    ) -> None:
        finding = Finding(self.stack.position(MAPPINGS, *path, key=key), expected, got, hint)
        if finding not in self.plan.problems:
            self.plan.problems.append(finding)


def _weighted(group: LoadBalancing) -> bool:
    return any(share.weight is not None for share in group.providers)
