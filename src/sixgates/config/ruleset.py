"""Runs the rules of gate 1 over a stack, or those about the gateway over its file alone."""

from __future__ import annotations

from functools import lru_cache

import sixgates.config.addresses
import sixgates.config.gateway_environment
import sixgates.config.gateway_fallbacks
import sixgates.config.gateway_models
import sixgates.config.gateway_settings
import sixgates.config.gateway_shape
import sixgates.config.promises
import sixgates.config.references  # noqa: F401 - these modules register their rules when they are imported
from sixgates.config.gateway import Gateway
from sixgates.config.ignores import Comments, Ignored
from sixgates.config.pause import collector_paused
from sixgates.config.rules import RULES, Findings, Rule, Severity, rule
from sixgates.config.stack import Stack
from sixgates.config.validation import suggestion
from sixgates.exchange import Finding

__all__ = ["RULES", "Rule", "findings_by_rule", "gateway_findings", "lint"]


@rule(
    "ignore-unreasoned",
    Severity.ERROR,
    happens="The comment has no effect.",
    mend="Write after the bracket why the finding is accepted.",
)
def ignore_unreasoned(stack: Stack) -> Findings:
    """A comment that accepts a finding says why."""
    for ignore in Ignored(_comments(stack)).all():
        if not ignore.reason:
            hint = "Write the reason after the bracket."
            yield Finding(ignore.where, "a reason", "none", hint)


@rule(
    "ignore-unknown",
    Severity.ERROR,
    happens="The comment has no effect.",
    mend="Correct the name of the rule, or remove the comment.",
)
def ignore_unknown(stack: Stack) -> Findings:
    """A comment that accepts a finding names a rule."""
    for ignore in Ignored(_comments(stack)).all():
        for slug in ignore.slugs or ("",):
            if slug not in RULES:
                hint = suggestion(slug, RULES) or "`sixgates rules` names them all."
                yield Finding(ignore.where, "the name of a rule", f"`{slug}`", hint)


@rule(
    "ignore-unused",
    Severity.WARN,
    happens="Nothing now; it will hide the next finding of this kind.",
    mend="Remove the comment.",
)
def ignore_unused(stack: Stack) -> Findings:
    """A comment that accepts a finding has one to accept, once nothing is in error that could hide it."""
    findings, ignored = _run(stack)
    if any(findings[slug] for slug in findings if RULES[slug].severity is Severity.ERROR):
        return
    for ignore in ignored.all():
        for slug in ignore.slugs:
            if slug in RULES and ignore.reason and (ignore.where, slug) not in ignored.used:
                yield Finding(ignore.where, f"a finding of {slug}", "none", "Remove the comment.")


_ABOUT_COMMENTS = (ignore_unreasoned.slug, ignore_unknown.slug, ignore_unused.slug)


def lint(stack: Stack) -> tuple[Finding, ...]:
    """All findings of all rules, in the order of the rules."""
    return tuple(finding for findings in findings_by_rule(stack).values() for finding in findings)


def findings_by_rule(stack: Stack) -> dict[str, tuple[Finding, ...]]:
    """The findings of each rule by its slug; a rule that finds nothing has an empty tuple."""
    own = {slug: tuple(RULES[slug].judge(stack)) for slug in _ABOUT_COMMENTS}
    return {slug: own.get(slug) or _run(stack)[0].get(slug, ()) for slug in RULES}


def gateway_findings(gateway: Gateway, text: str) -> dict[str, tuple[Finding, ...]]:
    """The findings of the rules about the gateway on a file of its own, those accepted by comments taken away."""
    ignored = Ignored({gateway.label: Comments.of(gateway.label, text)})
    return {
        slug: ignored.filtered(slug, tuple(each.of_gateway(gateway)))
        for slug, each in RULES.items()
        if each.of_gateway is not None
    }


@lru_cache(maxsize=4)
@collector_paused()
def _run(stack: Stack) -> tuple[dict[str, tuple[Finding, ...]], Ignored]:
    ignored = Ignored(_comments(stack))
    found = {
        slug: ignored.filtered(slug, tuple(each.judge(stack)))
        for slug, each in RULES.items()
        if slug not in _ABOUT_COMMENTS
    }
    return found, ignored


@lru_cache(maxsize=4)
def _comments(stack: Stack) -> dict[str, Comments]:
    return {file.label: Comments.of(file.label, file.text) for file in stack.files.values() if file.text}
