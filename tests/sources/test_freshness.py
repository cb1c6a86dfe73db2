"""A recording is fresh when its request is what the probe sends now, whatever the code that makes it looks like."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.catalogue import OVERFLOW, Auth, Probe, Taken
from sixgates.exchange import Chunk, Exchange, Finding, Request, Response
from sixgates.judge import NotRecorded
from sixgates.reference.provider import ReferenceProvider
from sixgates.select import Unmet
from sixgates.sources import cassette
from sixgates.sources.freshness import why_stale
from sixgates.sources.reference import answers
from sixgates.verdict import Cause

BODY: Mapping[str, Any] = {
    "model": "$model",
    "max_tokens": 4,
    "messages": [{"role": "user", "content": "Hi"}],
}
PROBE = Probe("chat", body=BODY, headers=(("X-A", "1"),))
SENT = PROBE.request("m")
PROBES = catalogue.load().probes()
ANSWERS = answers(ReferenceProvider(), PROBES)


def body_of(**more: Any) -> bytes:
    """The recorded body with other members."""
    return json.dumps({**json.loads(SENT.body or b""), **more}).encode()


def stale(request: Request, probe: Probe = PROBE, earlier: Exchange | None = None, recipe: int = 1) -> str:
    """Why the request is another one; empty where it is the same."""
    return why_stale(probe, request, model="m", recipe=recipe, earlier=earlier) or ""


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        (replace(SENT, method="PUT"), 'method: recorded "PUT", now "POST"'),
        (replace(SENT, path="/v1/x"), 'path: recorded "/v1/x", now "/v1/chat/completions"'),
        (replace(SENT, body=body_of(max_tokens=5)), "/max_tokens: recorded 5, now 4"),
        (replace(SENT, body=body_of(max_tokens=4.0)), "/max_tokens: recorded 4.0, now 4"),
        (replace(SENT, body=body_of(max_tokens=True)), "/max_tokens: recorded true, now 4"),
        (replace(SENT, body=body_of(n=1)), "/n: recorded 1, now nothing"),
        (replace(SENT, body=body_of(messages=[])), "/messages/0: recorded nothing, now {"),
        (replace(SENT, body=body_of(messages={})), "/messages: recorded {}, now ["),
        (replace(SENT, body=body_of(model="other")), '/model: recorded "other", now "m"'),
        (replace(SENT, body=b"{"), "body: recorded "),
        (replace(SENT, body=None), "body: recorded nothing, now {"),
        (replace(SENT, headers=SENT.headers[:-1]), 'header x-a: recorded nothing, now "1"'),
        (replace(SENT, headers=(*SENT.headers, ("X-B", "2"))), 'header x-b: recorded "2", now nothing'),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_another_request_is_stale_and_told(changed: Request, why: str) -> None:
    assert stale(changed).startswith(why)


def test_another_version_of_the_recipe_is_stale() -> None:
    """For what the request does not show."""
    expected = "it was recorded with version 1 of the probe's recipe, now it is 2"
    assert stale(SENT, replace(PROBE, recipe=2, auth=Auth.NONE)) == expected


@pytest.mark.parametrize(
    "same",
    [
        SENT,
        replace(SENT, body=json.dumps(json.loads(SENT.body or b""), indent=2, sort_keys=True).encode()),
        replace(SENT, headers=(*SENT.headers, ("Authorization", "Bearer x"))),
        replace(SENT, headers=(("x-a", "1"),)),
    ],
    ids=["the same", "spelled otherwise", "with a key", "without what every request has"],
)
def test_the_same_request_is_fresh(same: Request) -> None:
    assert stale(same) == ""


def test_raw_bytes_are_compared_as_bytes() -> None:
    probe = Probe("broken", raw=b"{")
    assert stale(probe.request("m"), probe) == ""
    assert stale(probe.request("m"), replace(probe, raw=b"{{")) == "body: recorded \"b'{'\", now \"b'{{'\""


def test_what_an_earlier_answer_gave_may_differ() -> None:
    """The rest of a derived body may not; an answer that gives nothing to build on leaves the recipe's version."""

    def derive(earlier: Exchange) -> Mapping[str, Any]:
        if earlier.response is None:
            raise Unmet(Finding("chat", "an answer", "none"))
        return {"model": "$model", "stop": [Taken(earlier.response.body.decode())], "n": 1}

    probe = Probe("stopped", after=PROBE, derive=derive)
    then, now = (Exchange("chat", SENT, Response(200, (), (Chunk(text, 0.1),))) for text in (b"$model", b"b"))
    sent = probe.request("m", then)
    assert json.loads(sent.body or b"") == {"model": "m", "stop": ["$model"], "n": 1}
    assert stale(sent, probe, now) == ""
    assert stale(sent, probe, None) == ""
    assert stale(sent, probe, replace(now, response=None)) == ""
    changed = replace(probe, derive=lambda earlier: {**derive(earlier), "n": 2})
    assert stale(sent, changed, now) == "/n: recorded 1, now 2"


def test_a_prompt_that_overflows_may_be_of_another_length() -> None:
    probe = Probe("long", body={"prompt": OVERFLOW})
    assert stale(probe.request("m", context_length=8), probe) == ""
    assert stale(replace(probe.request("m"), body=b'{"prompt": "hello you "}'), probe) != ""


def test_a_mark_hides_a_part_of_the_request() -> None:
    """A key that is a word of ours leaves a mark of its length."""
    probe = Probe("chat", body={"prompt": "Say hello now"})
    assert stale(replace(probe.request("m"), body=b'{"prompt": "Say sixga now"}'), probe) == ""
    assert stale(replace(probe.request("m"), body=b'{"prompt": "Say sixgates now"}'), probe) != ""


def _leaves(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list) and value:
        for key in value if isinstance(value, dict) else range(len(value)):
            yield from _leaves(value[key], (*path, key))
    else:
        yield path


def _with(value: Any, path: tuple[Any, ...], to: Any) -> Any:
    if not path:
        return to
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[path[0]] = _with(value[path[0]], path[1:], to)
    return copy


@pytest.mark.parametrize("probe", PROBES, ids=lambda probe: probe.name)
def test_every_probe_sees_every_change_of_its_own_request(probe: Probe) -> None:
    """But of what is taken from an earlier answer, which only the version of the recipe can tell."""
    answer = ANSWERS[probe.name]
    assert isinstance(answer, Exchange)
    found = ANSWERS.get(probe.after.name) if probe.after else None
    earlier = found if isinstance(found, Exchange) else None

    def judge(request: Request) -> str | None:
        return why_stale(probe, request, model="reference", recipe=1, earlier=earlier)

    assert judge(answer.request) is None
    assert judge(replace(answer.request, method="PATCH")) is not None
    if probe.raw is not None or answer.request.body is None:
        assert judge(replace(answer.request, body=b"other")) is not None
        return
    body = json.loads(answer.request.body)
    unseen = 0
    for path in _leaves(body):
        changed = json.dumps(_with(body, path, ["changed"])).encode()
        unseen += judge(replace(answer.request, body=changed)) is None
    assert unseen == 0 or (probe.derive is not None and unseen < len(list(_leaves(body))))


def _other(value: Any, name: str = "") -> Any:
    """An answer of the same shape that says something else, and is shorter or longer."""
    if isinstance(value, dict):
        return {key: _other(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [_other(each, name) for each in value] + (value[:2] if name == "embedding" else [])
    says = isinstance(value, str) and name in {"content", "text", "id", "arguments", "reasoning"}
    return f"Something else and {value} more" if says and name != "arguments" else value


@pytest.mark.parametrize(
    "probe", [each for each in PROBES if each.derive is not None], ids=lambda each: each.name
)
def test_what_any_probe_takes_from_an_answer_may_be_another_today(probe: Probe) -> None:
    """It is marked as taken, so that a new recording of the answer before leaves this one fresh."""
    answer, earlier = ANSWERS[probe.name], ANSWERS[probe.after.name if probe.after else ""]
    assert isinstance(answer, Exchange)
    assert isinstance(earlier, Exchange)
    assert earlier.response is not None
    text = earlier.response.body.decode()
    if earlier.response.media_type == "text/event-stream":
        lines = [line for line in text.splitlines(keepends=True) if '"content": null' not in line]
        body = "".join([*lines[: len(lines) // 2], "\n", "data: [DONE]\n\n"])
    else:
        body = json.dumps(_other(json.loads(text)))
    assert body != text
    other = replace(
        earlier, response=replace(earlier.response, chunks=(Chunk(body.encode(), 0.1),)), left=None
    )
    assert why_stale(probe, answer.request, model="reference", recipe=1, earlier=other) is None


def test_recordings_that_carry_a_hash_are_read_as_the_first_recipe(tmp_path: Path) -> None:
    """They were made before recipes had versions; what counts is their request."""
    label = cassette.Label("vllm", "vllm", "0.32.0", "m", "2026-11-23")
    recorded = Exchange("chat", SENT, Response(200))
    path = cassette.write(tmp_path, label, PROBE, recorded, "http://127.0.0.1:1")
    path.write_text(path.read_text().replace("recipe: 1", "fingerprint: 437f9034610bd463"))
    assert cassette.read(path, PROBE) == (label, recorded)
    (tmp_path / "not-sent.json").write_text('{"other": {"fingerprint": "x", "reason": "empty"}}')
    found = cassette.answers(tmp_path, "vllm", [PROBE, Probe("other", body={})])[1]
    assert found["chat"] == recorded
    assert getattr(found["other"], "reason", None) == "empty"


def test_a_probe_that_an_engine_lacks_which_cannot_be_started_is_not_recorded(tmp_path: Path) -> None:
    """Of every other engine it is a cause, and so is a stale recording."""
    label = cassette.Label("ollama", "ollama", "0.32.15", "m", "2026-11-26")
    cassette.save(tmp_path, label, "http://x", [PROBE], {"chat": Exchange("chat", SENT, Response(200))})
    other = Probe("other", body={})
    assert isinstance(cassette.answers(tmp_path, "ollama", [PROBE, other])[1]["other"], Cause)
    (tmp_path / "engine.json").write_text('{"cannot_be_started": "no package has it"}')
    found = cassette.answers(tmp_path, "ollama", [replace(PROBE, recipe=2), other])[1]
    assert found["other"] == NotRecorded("other", "no package has it")
    stale_one = found["chat"]
    assert isinstance(stale_one, Cause)
    assert (
        "stale, the probe chat has changed since it was recorded: it was recorded with" in stale_one.summary
    )


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cannot_be_started": ""}', '{"cannot_be_started": 1}'])
def test_a_broken_mark_of_an_engine_is_told(tmp_path: Path, text: str) -> None:
    """It excuses nothing."""
    (tmp_path / "engine.json").write_text(text)
    found = cassette.answers(tmp_path, "ollama", [PROBE])[1]["chat"]
    assert isinstance(found, Cause)
    assert found.summary.endswith('engine.json: expected {"cannot_be_started": "why"}')
