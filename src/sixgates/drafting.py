"""Drafts of known deviations: what a recording breaks that nothing excuses yet, as entries to be reasoned."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from sixgates.contract import Contract
from sixgates.description import Description, answered
from sixgates.exchange import Finding
from sixgates.judge import Answer, Found, Judgement
from sixgates.verdict import Outcome, Verdict
from sixgates.visible import visible

LONGEST = 200
"""Characters of an answer in a draft; of a longer one the beginning."""
_VARIES = re.compile(
    r"… \([0-9]+ characters\).*|(?P<number>[0-9]+)|[*#~]|::|[^ -~]"
    r"|\b[a-z]+[-_](?=[0-9A-Za-z_-]*[0-9])[0-9A-Za-z_-]{3,}",
    re.DOTALL,
)
"""What another model, or the same at another time, says differently: numbers, ids; and what no pattern can say."""
_STATUS = re.compile(r"[1-5][0-9][0-9] ")


def draft(contract: Contract, recordings: str, version: str, day: str) -> str:
    """YAML of one entry for each MUST that fails; its reason is the finding, until somebody says why."""
    judgement = contract.judgement().first
    failed = [one for one in judgement.verdicts() if one.outcome is Outcome.FAILED]
    return "\n".join(line for one in failed for line in _drafted(judgement, one, recordings, version, day))


def _drafted(
    judgement: Judgement, verdict: Verdict, recordings: str, version: str, day: str
) -> Iterator[str]:
    found = judgement.found(judgement.catalogue.checks[verdict.check])
    told = descriptions(found, judgement.answers, judgement.subject.model)
    yield from _entry(verdict, f"{recordings}/{found[0][0].name}", version, day, told)


def _entry(
    verdict: Verdict, recording: str, version: str, day: str, told: Iterable[Description]
) -> Iterator[str]:
    first = verdict.findings[0]
    seen = f"{first.where}: expected {first.expected}, got {first.got}"
    yield f"  - check: {verdict.check}"
    yield f"    versions: {_quoted(version)}"
    yield f"    reason: {_quoted(seen)}"
    yield f"    recording: {visible(recording)}"
    yield f"    seen: {{version: {_quoted(version)}, recorded: {visible(day)}}}"
    yield "    findings:"
    for each in told:
        given = {"where": each.where, "got": each.got, "answer": each.answer}
        texts = [f"{name}: {_quoted(text)}" for name, text in given.items() if text is not None]
        yield f"      - {texts[0]}"
        yield from (f"        {text}" for text in texts[1:])


def descriptions(
    found: Iterable[Found], answers: Mapping[str, Answer], model: str
) -> tuple[Description, ...]:
    """Patterns of these findings, equal ones once: numbers, ids and the model's name stand for any other."""
    made = dict.fromkeys(
        _description(finding, answered(answers.get(probe.name)), model) for probe, finding in found
    )
    places: dict[tuple[str, Description], list[Description]] = defaultdict(list)
    for each in made:
        rest = (each.where or "").rpartition(": ")[2]
        places[rest, replace(each, where=None)].append(each)
    return tuple(
        group[0] if len(group) == 1 else replace(group[0], where=f"*: {rest}")
        for (rest, _), group in places.items()
    )


def _description(finding: Finding, answer: str, model: str) -> Description:
    """By the bytes of the answer where it is an error or the finding quotes it, else by what the finding got."""
    where = re.sub("[0-9]+", "#", re.sub("[*#~]|[^ -~]", "*", finding.where))
    if _STATUS.match(answer) and (answer[0] in "45" or _STATUS.match(finding.got)):
        more = "*" if len(answer) > LONGEST else ""
        return Description(where, answer=answer[:4] + general(answer[4:LONGEST], model) + more)
    return Description(where, got=general(finding.got, model) or None)


def general(text: str, model: str) -> str:
    """A text as a pattern that describes it, and what differs from it in what varies."""
    parts = re.split(rf"(?<!\w){re.escape(model)}(?!\w)", text) if model else [text]
    pattern = "*".join(_VARIES.sub(_sign, part) for part in parts)
    return re.sub(r"\*+", "*", pattern)


def _sign(match: re.Match[str]) -> str:
    return "#" if match["number"] and len(match["number"]) <= 20 else "*"


def _quoted(text: str) -> str:
    """A text of an engine as a string of YAML, on one line."""
    return json.dumps(visible(text), ensure_ascii=False)
