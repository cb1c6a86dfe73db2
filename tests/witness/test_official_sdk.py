"""The official SDK, in both majors, reads the reference provider without raising and without losing anything."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from tests.serving import served

from sixgates.gateway.locate import find_litellm
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider

CLIENT = Path(__file__).with_name("sdk_client.py")
STORY = "Hi! A small boat left the harbour at dawn. The wind was kind, the sea was"


@pytest.fixture
def serving() -> Iterator[Any]:
    """Serve a provider on a socket until the test ends; returns its base URL."""
    with ExitStack() as stack:
        yield lambda provider: f"{stack.enter_context(served(provider))}/v1"


def python_with_openai_2() -> str:
    """The interpreter of LiteLLM's own environment, which pins openai below 3."""
    command = find_litellm(None)
    if not isinstance(command, Path):
        pytest.skip(f"openai 2.x comes with LiteLLM: {command.summary}; {' or '.join(command.next_steps)}")
    return str(command.parent / "python")


def ask(python: str, url: str) -> subprocess.CompletedProcess[str]:
    """The client's output in an interpreter."""
    return subprocess.run(
        [python, str(CLIENT), url, "reference"], capture_output=True, text=True, timeout=120, check=False
    )


@pytest.mark.parametrize("major", [3, 2])
def test_both_majors_lose_nothing(serving: Any, major: int) -> None:
    """Text, stream, helper, usage, tool call and the class of an error."""
    python = sys.executable if major == 3 else python_with_openai_2()
    result = ask(python, serving(ReferenceProvider()))
    assert result.returncode == 0, result.stderr
    seen = json.loads(result.stdout)
    assert seen.pop("version").startswith(f"{major}.")
    assert seen == {
        "models": ["reference"],
        "plain": STORY,
        "stream": STORY,
        "helper": "Hi! A small boat left the harbour at dawn. The wind was kind, the sea was calm, and",
        "usage": 27,
        "call": ["ping", {"to": "here"}],
        "refusal": ["NotFoundError", "model_not_found"],
        "embeddings": [[8, 8], True],
        "completions": ["A small boat left", "A small boat left"],
        "responses": [STORY, STORY, True, ["ping", {"to": "here"}]],
    }


BREAKING = [
    *("models-bare-array", "embeddings-base64-torn", "completions-stream-deltas"),
    *("response-never-created", "response-created-unwrapped", "response-item-never-added"),
    *("response-item-without-output-index", "response-never-ended", "response-end-with-empty-output"),
    *("response-end-with-another-item-id", "response-id-changes", "response-done-item-id-changes"),
    *("response-call-id-changes", "response-event-not-json", "response-call-arguments-object"),
]


@pytest.mark.parametrize("name", BREAKING)
def test_a_defect_that_we_claim_to_break_the_sdk_breaks_it(serving: Any, name: str) -> None:
    """The witness can fail: these mutants make the SDK raise."""
    result = ask(sys.executable, serving(MutantProvider(mutants.load()[name])))
    assert result.returncode != 0
