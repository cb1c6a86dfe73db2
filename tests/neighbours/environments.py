"""Environments of their own for the tests that need packages which nobody else here has."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, slots=True)
class Judged:
    """What a gate report says: rows, and how often each check of each provider had each outcome."""

    gates: tuple[tuple[int, str, str], ...]
    outcomes: Counter[tuple[str, str, str]]

    @classmethod
    def read(cls, path: Path) -> Judged:
        """The report in a file."""
        document = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple((gate["id"], gate["status"], str(gate["actual"])) for gate in document["gates"])
        results = document["results"]
        found = Counter((each["check"], each["provider"] or "", each["outcome"]) for each in results)
        return cls(rows, found)


@dataclass(frozen=True, slots=True)
class Environment:
    """A virtual environment with this clone in it."""

    folder: Path

    @classmethod
    def create(cls, folder: Path, *packages: str) -> Environment:
        """Made with pip, from the package index."""
        made = cls(folder)
        _call(sys.executable, "-m", "venv", str(folder))
        pip = ("-m", "pip", "install", "--quiet", "--disable-pip-version-check")
        _call(made.python, *pip, "--editable", str(ROOT), *packages)
        return made

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.folder / "bin" / "python")

    def pytest(
        self, *arguments: str, cwd: Path, more: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run pytest in a folder."""
        return self.run("-m", "pytest", *arguments, cwd=cwd, more=more)

    def run(
        self, *arguments: str, cwd: Path, more: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run Python, without what the surrounding pytest has set."""
        inherited = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PYTHON"))
        }
        return subprocess.run(
            [self.python, *arguments],
            cwd=cwd,
            env={**inherited, **(more or {})},
            check=False,
            capture_output=True,
            text=True,
            timeout=600,
        )

    def versions(self) -> dict[str, str]:
        """What is installed, by name."""
        listed: list[dict[str, Any]] = json.loads(
            _call(self.python, "-m", "pip", "--disable-pip-version-check", "list", "--format", "json")
        )
        return {package["name"].lower().replace("_", "-"): package["version"] for package in listed}


def _call(*command: str) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
