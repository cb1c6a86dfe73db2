"""The snapshots of LiteLLM's words: which is taken, and that LiteLLM still says the same."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from tests.config.litellms import VERSIONS, python_of

from sixgates.config import LiteLLMConfig
from sixgates.config import vocabulary as package
from sixgates.config.vocabulary import versions, vocabulary

SCRIPT = Path(package.__file__).with_name("installed.py")


@pytest.mark.parametrize(
    ("asked", "taken"), [(None, versions()[-1]), ("999.0.0", versions()[-1]), ("0.1", versions()[0])]
)
def test_the_nearest_older_snapshot_is_taken(asked: str | None, taken: str) -> None:
    assert vocabulary(asked).version == taken


def test_words_that_the_rules_rest_on_are_there() -> None:
    """Each set is asked for a word that LiteLLM has and one that it has not."""
    known = vocabulary("1.106.2")
    assert "model_group_alias" in known.router
    assert "max_retries" not in known.router
    assert "server_settings" not in known.sections
    assert {"guardrails", "model_list", "litellm_settings"} <= known.sections
    assert {"weight", "order", "rpm", "mock_response", "temperature"} <= known.params
    assert "context_length" not in known.params
    assert "master_key" in known.general
    assert "drop_params" in known.litellm
    assert "least-busy" in known.strategies
    assert {"hosted_vllm", "ollama_chat"} <= known.providers
    assert "gpt-4o" in known.models


@pytest.mark.parametrize("version", versions())
def test_every_section_that_litellm_reads_has_a_place_in_the_shape(version: str) -> None:
    assert vocabulary(version).sections <= set(LiteLLMConfig.model_fields)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_installed_litellm_says_the_same(version: str) -> None:
    """The generator, run by LiteLLM's own interpreter, gives the snapshot of its version."""
    done = subprocess.run(
        [str(python_of(version)), str(SCRIPT)], capture_output=True, text=True, timeout=180, check=True
    )
    kept = json.loads(SCRIPT.with_name(f"{version}.json").read_text(encoding="utf-8"))
    assert json.loads(done.stdout) == kept
