"""The registry of rules for gate 1: small functions over a stack, each with a slug and a severity."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from sixgates.config.gateway import Gateway
from sixgates.config.stack import Stack
from sixgates.exchange import Finding
from sixgates.requirement import requirement_of

Findings = Iterator[Finding]


class Severity(StrEnum):
    """Whether a finding keeps gate 1 from being met; an info is worth knowing and asks for nothing."""

    ERROR = "error"
    WARN = "warn"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement on a stack; `requirement` is the sentence that reports show.

    `happens` says what the stack does at run time where the rule is broken, `mend` what to do about it.
    """

    slug: str
    severity: Severity
    requirement: str
    evidence: tuple[str, ...]
    judge: Callable[[Stack], Findings]
    happens: str
    mend: str
    of_gateway: Callable[[Gateway], Findings] | None = None
    """The judge of a rule that needs the gateway's file alone."""
    needs_environment: bool = False
    """Whether it finds nothing unless the gateway's environment is known."""
    versions: tuple[str, ...] = ()
    """The LiteLLMs on which it can find something; empty means all."""


RULES: dict[str, Rule] = {}


def rule(
    slug: str, severity: Severity, *evidence: str, happens: str, mend: str
) -> Callable[[Callable[[Stack], Findings]], Rule]:
    """Registers a function as the judge of a rule; its docstring is the requirement."""

    def register(judge: Callable[[Stack], Findings]) -> Rule:
        requirement = requirement_of(judge)
        if not requirement or slug in RULES:
            raise ValueError(f"rule {slug!r} needs a docstring and a slug of its own")
        RULES[slug] = Rule(slug, severity, requirement, evidence, judge, happens, mend)
        return RULES[slug]

    return register


def gateway_rule(
    slug: str,
    severity: Severity,
    *evidence: str,
    happens: str,
    mend: str,
    needs_environment: bool = False,
    versions: tuple[str, ...] = (),
) -> Callable[[Callable[[Gateway], Findings]], Rule]:
    """Registers a rule about the gateway's file alone; a stack without one has nothing to find."""

    def register(judge: Callable[[Gateway], Findings]) -> Rule:
        def of_stack(stack: Stack) -> Findings:
            if stack.gateway_file is not None:
                yield from judge(stack.gateway_file)

        of_stack.__doc__ = requirement_of(judge)
        made = rule(slug, severity, *evidence, happens=happens, mend=mend)(of_stack)
        RULES[slug] = replace(made, of_gateway=judge, needs_environment=needs_environment, versions=versions)
        return RULES[slug]

    return register
