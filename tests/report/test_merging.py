"""Runs of several machines as one report, and one report against an earlier one."""

from __future__ import annotations

import json
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import jsonschema
import pytest

from sixgates.report import Document, ReportError, RunInfo, compare, load, merge, write
from sixgates.verdict import Gate, Level, Outcome, Verdict

MakeDocument = Callable[..., Document]
MakeRun = Callable[..., RunInfo]


def one(
    gate: Gate, outcome: Outcome = Outcome.PASSED, check: str = "area.topic", provider: str = "llama"
) -> Verdict:
    return Verdict(check, gate, Level.MUST, outcome, provider=provider)


def statuses(document: Document) -> list[str]:
    return [gate["status"] for gate in document["gates"]]


def test_each_gate_comes_from_the_latest_run_that_ran_it(
    make_document: MakeDocument, make_run: MakeRun
) -> None:
    ci = make_document([one(Gate.UNIT), one(Gate.CONTRACT, Outcome.FAILED)], make_run("ci"))
    gpu = make_document([one(Gate.CONTRACT)], make_run("gpu", later=1, live=True))
    merged = merge([gpu, ci])
    assert statuses(merged) == ["NOT RUN", "NOT RUN", "MET", "MET", "NOT RUN", "NOT RUN"]
    assert [merged["gates"][number]["run"] for number in (2, 3)] == ["ci", "gpu"]
    assert [result["outcome"] for result in merged["results"]] == ["PASSED", "PASSED"]
    assert merged["run"]["merged_from"] == ["ci", "gpu"]
    assert (merged["run"]["mode"], merged["run"]["duration_s"]) == ("mixed", 3.0)
    assert (merged["run"]["started_at"], merged["run"]["finished_at"]) == (
        "2026-01-02T03:04:05.000Z",
        "2026-01-02T04:04:06.500Z",
    )


def test_a_later_failure_is_not_hidden_by_an_earlier_success(
    make_document: MakeDocument, make_run: MakeRun
) -> None:
    good = make_document([one(Gate.CONTRACT)], make_run("a"))
    bad = make_document([one(Gate.CONTRACT, Outcome.FAILED)], make_run("b", later=1))
    assert statuses(merge([bad, good]))[3] == statuses(merge([good, bad]))[3] == "NOT MET"


def test_what_was_only_skipped_keeps_its_reasons(make_document: MakeDocument, make_run: MakeRun) -> None:
    skipped = make_document([one(Gate.HEALTH, Outcome.NOT_APPLICABLE)], make_run("a"))
    assert len(merge([skipped, make_document([], make_run("b", later=1))])["results"]) == 1


def test_a_merged_document_is_a_document(
    make_document: MakeDocument, make_run: MakeRun, tmp_path: Path
) -> None:
    parts = [make_document([one(gate)], make_run(gate.name, later=int(gate))) for gate in Gate]
    merged = merge([merge(parts[:3]), merge(parts[3:])])
    schema = json.loads((resources.files("sixgates.report") / "gates.schema.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(merged)
    assert load(write(merged, tmp_path)) == merged
    assert statuses(merged) == ["MET"] * 6
    assert merged["run"]["merged_from"] == [gate.name for gate in Gate]


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ReportError, match=r"^nothing to merge: give at least one gates\.json$"):
        merge([])


def test_a_comparison_names_what_changed(make_document: MakeDocument) -> None:
    contract = Gate.CONTRACT
    before = make_document(
        [
            one(contract, check="a.stays"),
            one(contract, check="b.breaks"),
            one(contract, Outcome.FAILED, check="c.fixed"),
            one(contract, Outcome.FAILED, check="d.skipped"),
            one(contract, check="e.gone"),
            one(Gate.UNIT, check="f.unasked"),
        ]
    )
    after = make_document(
        [
            one(contract, check="a.stays"),
            one(contract, Outcome.FAILED, check="b.breaks"),
            one(contract, check="c.fixed"),
            one(contract, Outcome.NOT_APPLICABLE, check="d.skipped"),
            one(contract, Outcome.BLOCKED, check="g.new_and_red"),
            one(contract, check="h.new", provider=""),
        ]
    )
    assert compare(before, after) == {
        "newly failing": ["b.breaks [llama]", "g.new_and_red [llama]"],
        "fixed": ["c.fixed [llama]"],
        "new": ["h.new"],
        "gone": ["e.gone [llama]"],
    }
