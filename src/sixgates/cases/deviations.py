"""Gate 4, the exceptions: an entry of deviations.yaml that names nothing would excuse nothing, silently."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from difflib import get_close_matches

from sixgates.cases import Case
from sixgates.cases.findings import unreadable_cause
from sixgates.config import ConfigError, Stack
from sixgates.exchange import Finding
from sixgates.run import Run
from sixgates.verdict import Gate, Level, Outcome, Verdict

_PLAIN = Verdict(
    "contract.deviations_known",
    Gate.CONTRACT,
    Level.MUST,
    Outcome.PASSED,
    requirement=(
        "Every entry of deviations.yaml names a provider of the stack and a check of the catalogue, "
        "and contract.refuse of gates.yaml names checks that an engine is known to break."
    ),
)


def deviation_cases(run: Run) -> list[Case]:
    """One case over all entries of the file."""
    return [Case("deviations.yaml", lambda: _judge(run), _PLAIN.check)]


def _judge(run: Run) -> Verdict:
    if run.base_url is not None and run.deviations is None:
        reason = "an ad-hoc provider has no deviations.yaml; --deviations FILE names one"
        return replace(_PLAIN, outcome=Outcome.NOT_APPLICABLE, reason=reason)
    try:
        ad_hoc = run.base_url is not None
        findings = tuple(_unchecked(run)) if ad_hoc else (*_unknown(run.stack), *_refused(run.stack))
    except ConfigError as error:
        return replace(_PLAIN, outcome=Outcome.BLOCKED, cause=unreadable_cause(error.findings))
    return replace(_PLAIN, outcome=Outcome.FAILED if findings else Outcome.PASSED, findings=findings)


def _unchecked(run: Run) -> Iterator[Finding]:
    """Of a file that --deviations names; that each entry is about the provider is known by then."""
    from sixgates import catalogue

    for entry in run.own_deviations:
        if entry.check not in catalogue.load().checks:
            yield Finding(str(run.deviations), "the name of a check", entry.check, _near(entry.check))


def _near(check: str) -> str:
    from sixgates import catalogue

    close = get_close_matches(check, list(catalogue.load().checks), 1)
    return f"did you mean {close[0]}?" if close else "docs/catalogue.md lists the checks"


def _unknown(stack: Stack) -> Iterator[Finding]:
    from sixgates import catalogue

    checks = catalogue.load().checks
    for number, entry in enumerate(stack.deviations):
        for name, value, known in (
            ("provider", entry.provider, stack.providers),
            ("check", entry.check, checks),
        ):
            if value not in known:
                where = stack.position("deviations.yaml", "deviations", number, name)
                close = get_close_matches(value, list(known), 1)
                hint = f"did you mean {close[0]}?" if close else "docs/catalogue.md lists the checks"
                yield Finding(where, f"the name of a {name}", value, hint)


def _refused(stack: Stack) -> Iterator[Finding]:
    from sixgates.known import load

    known = sorted({entry.check for entries in load().values() for entry in entries})
    for number, check in enumerate(stack.gates.contract.refuse):
        if check not in known:
            where = stack.position("gates.yaml", "gates", "contract", "refuse", number)
            close = get_close_matches(check, known, 1)
            hint = f"did you mean {close[0]}?" if close else "no engine is known to break it: leave it out"
            yield Finding(where, "a check with a known deviation", check, hint)
