"""The official SDK, in both majors, reads every recording of this repository and every answer of the reference."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.catalogue import CHAT_PATH, COMPLETIONS_PATH, EMBEDDINGS_PATH, RESPONSES_PATH
from sixgates.completion import asked_for_stream
from sixgates.exchange import Exchange
from sixgates.gateway.locate import find_litellm
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.sources import cassette
from sixgates.sources.reference import answers

ROOT = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("read_exchanges.py")
PROBES = {probe.name: probe for probe in catalogue.load().probes()}
PLAIN = {CHAT_PATH: "chat", COMPLETIONS_PATH: "legacy", EMBEDDINGS_PATH: "embeddings", "/v1/models": "models"}
LOST = {
    "llama_cpp/chat-stream-two-choices-helper": "chat.stream.n2_indices",
    "llama_cpp/response-agent-stream-responses_helper": "responses.stream.indices",
    "llama_cpp/response-stream-responses_helper": "responses.stream.indices",
    "llama_cpp/response-thought-stream-responses_helper": "responses.stream.indices",
    "llama_cpp/response-tool-cut-stream-responses_helper": "responses.stream.indices",
    "llama_cpp/response-tool-stream-responses_helper": "responses.stream.indices",
    "llama_cpp/response-unicode-stream-responses_helper": "responses.stream.indices",
    "llama_cpp_python/tool-cut-stream-helper": "tools.stream.id_once",
    "llama_cpp_python/tool-named-stream-helper": "tools.stream.id_once",
    "llama_cpp_python/tool-no-arguments-stream-helper": "tools.stream.id_once",
    "llama_cpp_python/tool-unicode-stream-helper": "tools.stream.id_once",
}
"""What recordings show to be lost, each with the check that names the cause; versions of an engine share them."""
LOST_BY_2 = LOST | {"llama_cpp/response-tool-led-stream-responses_helper": "responses.stream.indices"}
"""The same of the SDK's major 2, which also trips over a lone item without an index."""
Pair = tuple[str, Exchange]


def readings(exchange: Exchange) -> Iterator[str]:
    """The ways in which applications read an exchange; none where it was refused, cut or left by us."""
    response = exchange.response
    if response is None or response.status != 200 or exchange.error is not None or exchange.left is not None:
        return
    path, streamed = exchange.request.path, asked_for_stream(exchange.request)
    if path == RESPONSES_PATH:
        yield from ("responses", "responses_helper") if streamed else ("responses",)
    elif path in PLAIN and response.body:
        yield PLAIN[path]
        if path == CHAT_PATH and streamed:
            yield "helper"


def recorded(path: Path) -> Exchange | None:
    """The exchange of a cassette; None when its probe is no more or has changed, which another test forbids."""
    try:
        return cassette.read(path, PROBES[path.stem])[1]
    except (KeyError, cassette.CassetteError):
        return None


@cache
def pairs() -> dict[str, Pair]:
    """Every reading of every recording and of the reference, by a name."""
    found: dict[str, Exchange] = {
        f"reference/{name}": answer
        for name, answer in answers(ReferenceProvider(), PROBES.values()).items()
        if isinstance(answer, Exchange)
    }
    for path in sorted((ROOT / "cassettes").rglob("*.yaml")):
        exchange = recorded(path)
        if exchange is not None:
            found[f"{_folder(path.parent)}/{path.stem}"] = exchange
    return {f"{name}-{way}": (way, each) for name, each in found.items() for way in readings(each)}


def _folder(path: Path) -> str:
    """The provider, after the version where it is another one."""
    *version, provider = path.relative_to(ROOT / "cassettes").parts
    return f"{version[-1]} {provider}" if version else provider


def python_of(major: int) -> str:
    """The interpreter that has this major of the SDK; LiteLLM's own environment pins openai below 3."""
    import openai

    if openai.__version__.startswith(f"{major}."):
        return sys.executable
    command = find_litellm(None)
    if major == 3 or not isinstance(command, Path):
        pytest.skip(f"openai {major}.x is not installed: sixgates engine litellm --install-only brings 2.x")
    return str(command.parent / "python")


@cache
def seen(major: int) -> dict[str, list[list[str]]]:
    """What one major finds, by the names of the pairs; one process for all."""
    return read(python_of(major), major, pairs())


def read(python: str, major: int, given: dict[str, Pair]) -> dict[str, list[list[str]]]:
    """What an interpreter's SDK finds of these."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    result = subprocess.run(
        [python, str(SCRIPT)],
        input=pickle.dumps(list(given.values())),
        capture_output=True,
        env=environment,
        timeout=300,
        check=False,
    )
    assert result.returncode == 0, result.stderr.decode()
    said = json.loads(result.stdout)
    assert said["version"].startswith(f"openai-python {major}.")
    return dict(zip(given, said["found"], strict=True))


@pytest.mark.parametrize("major", [3, 2])
@pytest.mark.parametrize("name", pairs())
def test_the_sdk_reads_it_and_loses_nothing(name: str, major: int) -> None:
    """Text, tool calls, finish reason, usage, vectors and ids; what is lost is on the list, with its cause."""
    lost = LOST_BY_2 if major == 2 else LOST
    assert bool(seen(major)[name]) is (name.rpartition(" ")[2] in lost), seen(major)[name]


def test_every_cause_on_the_list_is_a_check_that_names_the_helper() -> None:
    checks = catalogue.load().checks
    assert all("openai-python helper" in checks[cause].breaks for cause in LOST_BY_2.values())


def test_every_recorded_provider_is_read() -> None:
    """And the reference; a folder of which nothing is read would go unnoticed."""
    folders = {_folder(path.parent) for path in (ROOT / "cassettes").rglob("*.yaml")}
    assert {name.partition("/")[0] for name in pairs()} == {*folders, "reference"}


@pytest.mark.parametrize("major", [3, 2])
def test_both_majors_can_fail(major: int) -> None:
    """The control: an answer that says gzip and is not, and deltas that the helper cannot add up."""
    defects = {
        "chat": ("chat", "answers-say-gzip"),
        "embeddings": ("embeddings", "answers-say-gzip"),
        "response-stream": ("responses_helper", "answers-say-gzip"),
        "chat-stream": ("helper", "stream-citations-without-index"),
    }
    given: dict[str, Pair] = {}
    for probe, (way, defect) in defects.items():
        provider = MutantProvider(mutants.load()[defect], ReferenceProvider())
        exchange = answers(provider, [PROBES[probe]])[probe]
        assert isinstance(exchange, Exchange)
        given[probe] = (way, exchange)
    found = read(python_of(major), major, given)
    assert {probe: [where for where, _ in each] for probe, each in found.items()} == {
        "chat": ["chat.completions.create()"],
        "embeddings": ["embeddings.create()"],
        "response-stream": ["responses.stream()"],
        "chat-stream": ["chat.completions.stream()"],
    }
