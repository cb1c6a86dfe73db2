"""What a gate consists of: every case of every suite, each named before it is judged as it is judged."""

from __future__ import annotations

import importlib.util
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from sixgates.cases import Case
from sixgates.cases.whole import FAMILIES, bounds, whole
from sixgates.run import Run
from sixgates.verdict import Gate

ROOT = Path(__file__).parents[2]
PROVIDERS = """
providers:
  several: {type: vllm, base_url: "http://127.0.0.1:1", status: active, models: [a, b, c]}
  single: {type: vllm, base_url: "http://127.0.0.1:2", status: active, models: [d]}
"""
BROKEN, NONE, FOREIGN = (
    "providers: [",
    "providers: {}",
    "providers: {a: {type: web_ui, base_url: 'http://h:1', status: active}}",
)


def stack(folder: Path, providers: str) -> Path:
    """A folder with these providers and one name."""
    folder.mkdir(exist_ok=True)
    (folder / "providers.yaml").write_text(providers)
    (folder / "model-mappings.yaml").write_text("exact_matches: {}\n")
    return folder


def run_on(config: Path, tmp_path: Path, **more: object) -> Run:
    """A run on a folder, with the recordings of this repository, and without a LiteLLM."""
    return Run(config, ROOT / "cassettes", tmp_path / "work", litellm="no-such-litellm", **more)  # type: ignore[arg-type]


@pytest.fixture(params=["own", "several", "broken", "none", "foreign", "endpoint", "narrowed", "live"])
def run(request: pytest.FixtureRequest, tmp_path: Path) -> Run:
    """Runs of every kind, judged without asking anybody anything."""
    match request.param:
        case "own":
            return run_on(ROOT / "config", tmp_path)
        case "narrowed":
            return run_on(ROOT / "config", tmp_path, only=("vllm",))
        case "several":
            return run_on(stack(tmp_path / "config", PROVIDERS), tmp_path)
        case "live":
            return run_on(stack(tmp_path / "config", PROVIDERS), tmp_path, live=True)
        case "endpoint":
            return run_on(
                stack(tmp_path / "config", PROVIDERS), tmp_path, base_url="http://127.0.0.1:1", model="m"
            )
        case "broken":
            return run_on(stack(tmp_path / "config", BROKEN), tmp_path)
        case "foreign":
            return run_on(stack(tmp_path / "config", FOREIGN), tmp_path)
        case _:
            return run_on(stack(tmp_path / "config", NONE), tmp_path)


@pytest.mark.parametrize("gate", Gate)
def test_no_two_cases_of_a_gate_are_one(run: Run, gate: Gate) -> None:
    """The provider and the check tell them apart."""
    cases = whole(run, gate)
    assert cases
    assert [key for key, count in Counter(case.key for case in cases).items() if count > 1] == []
    assert len({case.id for case in cases}) == len(cases)


@pytest.mark.parametrize(
    "gate", [Gate.CONFIGURATION, Gate.SCHEMA, Gate.UNIT, Gate.CONTRACT, Gate.INTEGRATION]
)
def test_a_case_is_judged_as_what_it_says_it_is(run: Run, gate: Gate) -> None:
    """Else it would count as left out though it was judged."""
    if run.live and gate is Gate.CONTRACT:
        run = run_on(run.config_dir, run.workdir)
    for case in FAMILIES[gate](run):
        verdict = case.judge()
        assert (verdict.gate, verdict.key) == (gate, case.key)


def suites() -> Iterator[tuple[Gate, list[Case]]]:
    """The cases that the suite files make, by the gate whose marker they bear."""
    run = run_on(ROOT / "config", ROOT / "none")
    for path in (
        sorted(ROOT.glob("unit/test_*.py"))
        + sorted(ROOT.glob("contracts/test_*.py"))
        + sorted(ROOT.glob("integration/test_*.py"))
    ):
        spec = importlib.util.spec_from_file_location(f"suite_{path.stem}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        marked = module.pytestmark if isinstance(module.pytestmark, list) else [module.pytestmark]
        (gate,) = [gate for gate in Gate for mark in marked if mark.name == gate.marker]
        for name in vars(module):
            for mark in getattr(getattr(module, name), "pytestmark", ()) if name.startswith("test_") else ():
                if mark.name == "cases":
                    family, *arguments = mark.args
                    yield gate, family(run, *arguments)


def test_the_suites_make_the_cases_of_their_gates_and_no_others() -> None:
    """A suite file that a gate does not know of would never be missed, and one without a file never be judged."""
    made: dict[Gate, Counter[tuple[str, str]]] = {gate: Counter() for gate in Gate}
    for gate, cases in suites():
        made[gate].update(case.key for case in cases)
    run = run_on(ROOT / "config", ROOT / "none")
    for gate in Gate:
        assert made[gate] == Counter(case.key for case in whole(run, gate))


def test_a_narrowed_run_knows_the_whole(tmp_path: Path) -> None:
    """`--provider` selects; it does not change what gates 4 and 6 consist of."""
    narrow, wide = (run_on(ROOT / "config", tmp_path, only=only) for only in (("vllm",), ()))
    for gate in Gate:
        assert [case.key for case in whole(narrow, gate)] == [case.key for case in whole(wide, gate)]
    assert len(FAMILIES[Gate.CONTRACT](narrow)) < len(whole(narrow, Gate.CONTRACT))


def test_the_first_model_of_a_provider_is_a_bound_that_is_named(tmp_path: Path) -> None:
    """Gate 4 asks no other model, and says so where there are others."""
    run = run_on(stack(tmp_path / "config", PROVIDERS), tmp_path)
    assert bounds(run, Gate.CONTRACT) == ("by the first model of several (of 3)",)
    assert bounds(run_on(ROOT / "config", tmp_path), Gate.CONTRACT) == ()
    assert bounds(run_on(stack(tmp_path / "config", BROKEN), tmp_path), Gate.CONTRACT) == ()


def test_the_digest_is_of_the_files_and_of_the_options(tmp_path: Path) -> None:
    """The same files give the same digest on each machine, whatever ends their lines; another file another one."""
    first = stack(tmp_path / "first", PROVIDERS)
    second = stack(tmp_path / "second", PROVIDERS.replace("\n", "\r\n"))
    same = {run_on(folder, tmp_path).digest for folder in (first, second)}
    assert len(same) == 1
    (first / "gates.yaml").write_text("gates: {}\n")
    given = {"base_url": "http://u:secret@127.0.0.1:1", "model": "m"}
    others = [run_on(first, tmp_path), run_on(second, tmp_path, **given)]
    assert len(same | {run.digest for run in others}) == 3
    assert (
        run_on(second, tmp_path, **given).digest
        == run_on(second, tmp_path, base_url="http://127.0.0.1:1", model="m").digest
    )
    assert "secret" not in others[1].source
