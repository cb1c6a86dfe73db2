"""A stranger's project, and a stack to judge beside it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.neighbours.strangers import FILES, write

ROOT = Path(__file__).parents[2]


@pytest.fixture
def stranger(pytester: pytest.Pytester) -> pytest.Pytester:
    """A project that has nothing to do with us, in the current folder."""
    write(pytester.path, FILES, LIVE="(True, 'big', ['me'])")
    return pytester


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A folder with the configuration of a stack, outside every project."""
    folder: Path = shutil.copytree(ROOT / "config", tmp_path / "stack")
    return folder
