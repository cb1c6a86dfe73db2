"""A part is never the whole: whatever a selection leaves out, its gate is PARTIAL, and so is what is merged of it."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from sixgates.cli import main

ROOT = Path(__file__).parents[2]


def run(report: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    """A run of this repository's suites in a process of its own: its exit status and its report."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *arguments, "--gates-report", str(report)],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (report / "gates.json").exists(), done.stdout + done.stderr
    return done.returncode, json.loads((report / "gates.json").read_text(encoding="utf-8"))


@pytest.fixture
def startable(tmp_path: Path) -> tuple[str, str]:
    """The options of a stack whose engines can all be recorded anew, so that its recordings lack nothing."""
    folder = tmp_path / "config"
    shutil.copytree(ROOT / "config", folder)
    providers = yaml.safe_load((folder / "providers.yaml").read_text(encoding="utf-8"))
    for name, entry in providers["providers"].items():
        if (ROOT / "cassettes" / name / "engine.json").exists():
            entry["status"] = "disabled"
    (folder / "providers.yaml").write_text(yaml.safe_dump(providers, sort_keys=False), encoding="utf-8")
    with contextlib.redirect_stdout(io.StringIO()):
        assert main(["compile", "--gateway-config", str(folder), "--force"]) == 0
    return "--gateway-config", str(folder)


def merged(*reports: Path) -> tuple[int, str]:
    """What `sixgates report` says of these: its exit status, and its words."""
    words = io.StringIO()
    with contextlib.redirect_stdout(words), contextlib.redirect_stderr(words):
        status = main(["report", *map(str, reports)])
    return status, words.getvalue()


SELECTIONS = [
    (4, ["contracts", "-k", "models.list"]),
    (4, ["contracts/test_models.py"]),
    (4, ["contracts", "-k", "llama_cpp-chat.shape.id"]),
    (4, ["contracts", "--provider", "vllm"]),
    (1, ["unit", "-k", "compile-drift"]),
    (1, ["unit", "-m", "config", "-k", "not compile-drift"]),
    (2, ["unit", "-m", "schema", "-k", "gates.yaml"]),
    (3, ["unit/test_routing.py", "-k", "default"]),
    (3, ["unit/test_routing.py", "--deselect", "unit/test_routing.py::test_routing_entry[default]"]),
    (4, ["contracts", "-k", "models.list", "-n", "2"]),
]


@pytest.mark.parametrize(
    ("gate", "selection"), SELECTIONS, ids=lambda value: " ".join(value) if isinstance(value, list) else ""
)
def test_a_selection_is_partial(tmp_path: Path, gate: int, selection: list[str]) -> None:
    """Each of these was MET once; the row says how much of the gate was judged, and pytest's status is its own."""
    status, document = run(tmp_path, *selection)
    found = document["gates"][gate - 1]
    cases = found["cases"]
    assert (status, found["status"]) == (0, "PARTIAL")
    assert 0 < cases["judged"] < cases["expected"]
    assert f"{cases['judged']} of {cases['expected']} cases judged" in found["actual"]
    assert not any(one["status"] == "MET" for one in document["gates"])


def test_the_whole_is_met_with_one_process_and_with_two(tmp_path: Path, startable: tuple[str, str]) -> None:
    """Nothing is left out: as many cases are judged as there are, also where a provider has its deviations."""
    told = []
    for name, more in (("alone", []), ("together", ["-n", "2"]), ("twice", ["-n", "2", "--dist", "each"])):
        status, document = run(tmp_path / name, "unit", "contracts", *startable, *more)
        gates = document["gates"][:4]
        assert status == 0
        assert [gate["status"] for gate in gates] == ["MET"] * 4
        assert all(gate["cases"]["judged"] == gate["cases"]["expected"] > 4 for gate in gates)
        told.append([(gate["actual"], gate["cases"]) for gate in gates])
    assert told[0] == told[1] == told[2]


def test_the_chain_of_parts_over_a_red_whole(tmp_path: Path) -> None:
    """Seven green runs of one case each, over a red run of all, were six gates MET once."""
    red, parts = tmp_path / "red", [tmp_path / str(number) for number in range(4)]
    status, document = run(red, "contracts", "--cassettes", "cassettes/versions")
    assert (status, document["gates"][3]["status"]) == (1, "BLOCKED")
    for part, case in zip(parts, ("models.list", "chat.shape.id", "usage", "errors"), strict=True):
        assert run(part, "contracts", "-k", case)[1]["gates"][3]["status"] == "PARTIAL"
    status, text = merged(red, *parts)
    assert status == 1
    assert "4 Contract       BLOCKED" in text
    assert "gate 4 Contract BLOCKED (gates 1, 2, 3, 5, 6 not run), " in text


def test_parts_of_one_host_make_the_whole(tmp_path: Path, startable: tuple[str, str]) -> None:
    """Each provider judged by itself is the gate judged, once their reports are merged; one is not."""
    names = ("vllm", "llama_cpp", "llama_cpp_python", "llama_cpp_embeddings", "vllm_embeddings")
    for name in names:
        run(tmp_path / name, "contracts", *startable, "--provider", name)
    status, text = merged(*(tmp_path / name for name in names[:-1]))
    assert status == 1
    assert "4 Contract       BLOCKED" in text
    assert "nobody judged provider vllm_embeddings for gate 4" in text
    status, text = merged(*(tmp_path / name for name in names))
    assert status == 1
    assert "4 Contract       MET" in text
    assert "gate 4 Contract MET (gates 1, 2, 3, 5, 6 not run), " in text
