"""Stacks to break: copies of the sound one with single edits."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from sixgates.config import Stack, load_stack
from sixgates.config.compile import compile_gateway

DATA = Path(__file__).parent / "data"
Edit = tuple[str, str, str]


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the sound stack as `config/` of the working directory."""
    copy = tmp_path / "config"
    shutil.copytree(DATA / "sound", copy)
    monkeypatch.chdir(tmp_path)
    return copy


@pytest.fixture
def edited(directory: Path) -> Callable[..., Stack]:
    """Builds the sound stack with edits `(file, old, new)`, its gateway file compiled from the result."""

    def build(*edits: Edit, compiled: bool = True) -> Stack:
        for file, old, new in edits:
            path = directory / file
            text = path.read_text(encoding="utf-8") if path.exists() else ""
            assert old in text, f"{old!r} is not in {file}"
            path.write_text(text.replace(old, new, 1), encoding="utf-8")
        if compiled:
            text = compile_gateway(load_stack(directory)).text
            (directory / "litellm-unified.yaml").write_text(text, encoding="utf-8")
        return load_stack(directory)

    return build
