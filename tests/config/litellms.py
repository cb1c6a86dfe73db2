"""The real LiteLLMs that the model of the router and the rules are compared with, each by its own interpreter."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sixgates.engines.cache import folder
from sixgates.gateway.locate import find_litellm, version_of

NEW, OLD = "1.106.2", "1.79.3"
VERSIONS = [NEW, pytest.param(OLD, marks=pytest.mark.slow)]
_ENGINES = {NEW: "litellm", OLD: "litellm_1_79"}
ORACLES = Path(__file__).parent / "oracle"


def python_of(version: str) -> Path:
    """The interpreter of an installed LiteLLM of this version; a skip that says how to get one."""
    found = find_litellm(None)
    installed = folder(_ENGINES[version]) / "bin" / "litellm"
    for command in (found, installed):
        if isinstance(command, Path) and version_of(command) == version:
            return command.parent / "python"
    pytest.skip(f"no LiteLLM {version} found: sixgates engine {_ENGINES[version]} --install-only")


def asked(version: str, oracle: str, questions: list[Any]) -> list[Any]:
    """What the LiteLLM of this version answers to an oracle's questions."""
    done = subprocess.run(
        [str(python_of(version)), str(ORACLES / oracle)],
        input=json.dumps(questions),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    answers: list[Any] = json.loads(done.stdout.splitlines()[-1])
    assert len(answers) == len(questions)
    return answers
