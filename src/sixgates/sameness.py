"""Whether the server that ends a run is the one that began it, told from the same probes at both ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from sixgates.catalogue import CHAT_PATH, Probe
from sixgates.exchange import Exchange, Finding, Response
from sixgates.judge import Answer
from sixgates.known import identify
from sixgates.preflight import first_probes
from sixgates.probes.chat import chat, chat_again, chat_stream, chat_unicode
from sixgates.probes.models import models_list
from sixgates.repeats import limited
from sixgates.select import Unmet, shown
from sixgates.tries import transcript
from sixgates.verdict import Attempt, Gate, Level, Outcome, Verdict
from sixgates.views import ChatStream, Document, members

Answers = Mapping[str, Answer]
SAME_SERVER = "contract.same_server"
SAME_BEHAVIOUR = "contract.same_behaviour"
NAMES = (SAME_SERVER, SAME_BEHAVIOUR)
REQUIREMENTS = {
    SAME_SERVER: "The server that ends the run is the one that began it: engine, version, model, server, status.",
    SAME_BEHAVIOUR: (
        "The server answers at the end of the run as at its start: "
        "fingerprint, model, members of the answer, headers that name it."
    ),
}
LUCK = "A server that was exchanged and came back in between shows neither at the start nor at the end."
NAMING = ("via", "x-powered-by", "openai-version", "x-litellm-version")
"""Headers that say who answers, and not how or when."""
_BEGINNING = (chat, chat_again, chat_unicode)
"""The first answers of a run: where these differ among themselves, a difference at the end says nothing."""


def looked_at(capabilities: Iterable[str]) -> tuple[Probe, ...]:
    """The probes that are sent once more at the end: the first two, and a plain stream of a provider that chats."""
    first = first_probes(capabilities)
    return (*first, chat_stream) if chat in first else first


def differs(start: Answers, look: Answers, model: str) -> bool:
    """Whether anything at all is not as it was."""
    hard = next(changed(start, look, model), None)
    return hard is not None or bool(_unlike(_soft(start), _soft(look)))


def same_server(start: Answers, looks: Sequence[Answers], model: str) -> Verdict:
    """Broken where each look differs, flaky where some do."""
    plain = _plain(SAME_SERVER, Level.MUST)
    if not looks:
        return _unseen(plain)
    found = [tuple(changed(start, look, model)) for look in looks]
    broken = [findings for findings in found if findings]
    tried = replace(plain, times=len(looks), failed=len(broken), findings=broken[0] if broken else ())
    if not broken:
        return tried
    if len(broken) == len(found):
        return replace(tried, outcome=Outcome.FAILED)
    attempts = tuple(_attempt(findings, look) for findings, look in zip(found, looks, strict=True))
    return replace(tried, outcome=Outcome.FLAKY, attempts=attempts)


def same_behaviour(start: Answers, looks: Sequence[Answers]) -> Verdict:
    """An advisory where all looks agree with each other, and not with the start."""
    plain = _plain(SAME_BEHAVIOUR, Level.SHOULD)
    if not looks:
        return _unseen(plain)
    ends = [_soft(look) for look in looks]
    names = _unlike(_soft(start), ends[0])
    if len(looks) == 1 and names:
        return replace(
            plain, reason=f"not judged: {_listed(names)} differed at the end, and could not be asked again"
        )
    varying = [name for name in names if not _steady(name, start, ends)]
    kept = [name for name in names if name not in varying]
    reason = f"changes from answer to answer, and so says nothing: {_listed(varying)}" if varying else ""
    was = _soft(start)
    findings = tuple(
        Finding(name, f"{shown(was[name])}, as at the start of the run", shown(ends[0][name]))
        for name in kept
    )
    outcome = Outcome.ADVISORY if findings else Outcome.PASSED
    failed = len(looks) if findings else 0
    return replace(plain, outcome=outcome, findings=findings, reason=reason, times=len(looks), failed=failed)


def _plain(check: str, level: Level) -> Verdict:
    return Verdict(
        check, Gate.CONTRACT, level, Outcome.PASSED, requirement=REQUIREMENTS[check], source="live", luck=LUCK
    )


def _unseen(plain: Verdict) -> Verdict:
    reason = "the first probes were not answered once more at the end of the run"
    return replace(plain, outcome=Outcome.NOT_EXERCISED, reason=reason)


def _attempt(findings: tuple[Finding, ...], look: Answers) -> Attempt:
    exchanges = tuple(transcript(answer) for answer in look.values() if isinstance(answer, Exchange))
    return Attempt(Outcome.FAILED if findings else Outcome.PASSED, findings, exchanges)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def changed(start: Answers, look: Answers, model: str) -> Iterator[Finding]:
    """What no sound server changes in the middle of a run, whoever else uses it and however busy it is."""
    for name in look:
        yield from _of_transport(name, start.get(name), look[name])
    before, after = _listing(start), _listing(look)
    if before is not None and after is not None and model in before and model not in after:
        expected = f"the model {shown(model)}, which it listed at the start of the run"
        yield Finding(f"{models_list.name}: /data", expected, f"only {shown(after)}")
    said, says = identify(start), identify(look)
    was, now = said.likely, says.likely
    if was and now and was is not now:
        yield Finding("engine", f"{was}, as at the start of the run", str(now))
    elif was and was is now and said.versions[was] and says.versions[was] not in ("", said.versions[was]):
        expected = f"version {said.versions[was]}, as at the start of the run"
        yield Finding("engine", expected, f"version {says.versions[was]}")


def _of_transport(name: str, before: Answer | None, after: Answer) -> Iterator[Finding]:
    if not isinstance(before, Exchange) or not isinstance(after, Exchange) or before.response is None:
        return
    if limited(before) or limited(after):
        return
    was, response = before.response, after.response
    expected = f"{was.status}, as at the start of the run"
    if response is None:
        yield Finding(
            f"{name}: status", expected, f"no answer: {after.error.detail if after.error else 'nothing'}"
        )
    elif response.status != was.status:
        yield Finding(f"{name}: status", expected, str(response.status))
    elif _servers(response) != _servers(was):
        expected = f"{_servers(was)}, as at the start of the run"
        yield Finding(f"{name}: header server", expected, _servers(response))


def _servers(response: Response) -> str:
    values = [shown(value) for name, value in response.headers if name.lower() == "server"]
    return ", ".join(values) or "none"


def _listing(answers: Answers) -> list[str] | None:
    document = _document(answers.get(models_list.name))
    if document is None or not isinstance(document["data"].value, list):
        return None
    return [each["id"].value for each in members(document["data"]) if isinstance(each["id"].value, str)]


def _document(answer: Answer | None) -> Document | None:
    try:
        return Document.of(answer) if isinstance(answer, Exchange) else None
    except Unmet:
        return None


def _soft(answers: Answers) -> dict[str, object]:
    """What may tell servers apart, by the probe and what it is; what was not answered with 200 is left out."""
    found: dict[str, object] = {}
    for name, answer in answers.items():
        if isinstance(answer, Exchange) and answer.response is not None and answer.response.status == 200:
            found |= {f"{name}: {trait}": value for trait, value in _traits(answer).items()}
    return found


def _traits(exchange: Exchange) -> dict[str, object]:
    response = exchange.response
    found: dict[str, object] = (
        {f"header {name}": response.header(name) for name in NAMING} if response else {}
    )
    try:
        streamed = response is not None and response.media_type == "text/event-stream"
        if exchange.probe == models_list.name:
            return found
        document = ChatStream.of(exchange).completion_chunks[0] if streamed else Document.of(exchange).root
        found |= {
            key: document[key].value if document[key].given else None
            for key in ("system_fingerprint", "model")
        }
        found["members"] = sorted(document.value)
        if exchange.request.path == CHAT_PATH:
            found["members of a choice"] = sorted(document["choices"].elements[0].value)
    except (Unmet, AttributeError, TypeError):
        pass
    return found


def _unlike(start: Mapping[str, object], end: Mapping[str, object]) -> list[str]:
    return [name for name, value in start.items() if name in end and end[name] != value]


def _steady(name: str, start: Answers, ends: Sequence[Mapping[str, object]]) -> bool:
    """Whether the first answers agree among themselves, and all those at the end."""
    if any(end.get(name) != ends[0][name] for end in ends):
        return False
    probe, _, trait = name.partition(": ")
    if trait.startswith("members") or probe not in {chat.name, chat_stream.name}:
        return True
    answers = [start.get(each.name) for each in (*_BEGINNING, chat_stream)]
    said = [_traits(answer) for answer in answers if isinstance(answer, Exchange)]
    values = [each[trait] for each in said if trait in each]
    return all(value == values[0] for value in values)
