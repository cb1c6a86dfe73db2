"""Runs of several machines as one report: nothing lost, nothing greener than what its runs say."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from itertools import permutations
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sixgates.cli import main
from sixgates.gates import Scope, Thresholds, judge_gates, weight
from sixgates.report import (
    Document,
    ReportError,
    RunInfo,
    build,
    compare,
    load,
    merge,
    render_markdown,
    write,
)
from sixgates.report.terminal import render_table
from sixgates.verdict import Attempt, Gate, Key, Level, Outcome, Verdict

MakeDocument = Callable[..., Document]
O = Outcome  # noqa: E741 - tables of outcomes read better with a short name
START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
NOW = START + timedelta(days=1)
DEFAULT = Thresholds()
CHECKS = ("a.one", "b.two")
BOTH: frozenset[Key] = frozenset((provider, check) for provider in ("vllm", "ollama") for check in CHECKS)
SCHEMA = json.loads((resources.files("sixgates.report") / "gates.schema.json").read_text("utf-8"))


def one(
    outcome: Outcome = O.PASSED,
    check: str = "a.one",
    provider: str | None = "vllm",
    gate: Gate = Gate.CONTRACT,
    level: Level = Level.MUST,
) -> Verdict:
    return Verdict(check, gate, level, outcome, "It holds.", provider)


def report(
    verdicts: Iterable[Verdict],
    name: str = "run",
    *,
    host: str = "gpu1",
    hour: int = 0,
    live: bool = True,
    expected: Iterable[Key] = BOTH,
    gate: Gate = Gate.CONTRACT,
    digest: str = "d1",
    thresholds: Thresholds = DEFAULT,
    strict: bool = False,
    bounds: tuple[str, ...] = (),
) -> Document:
    """The document of a run whose gate consists of these cases."""
    judged = list(verdicts)
    scopes = {gate: Scope(frozenset(expected), bounds=bounds)}
    begun = START + timedelta(hours=hour)
    run = RunInfo(
        name,
        begun,
        begun + timedelta(minutes=1),
        "0.1.0",
        "3.11",
        "linux",
        ("pytest",),
        live,
        host=host,
        digest=digest,
        source="config",
        strict=strict,
        thresholds=thresholds,
        scopes=scopes,
    )
    return build(run, judged, judge_gates(judged, thresholds, strict=strict, scopes=scopes))


def whole(outcome: Outcome = O.PASSED, *providers: str) -> list[Verdict]:
    return [one(outcome, check, provider) for provider in providers or ("vllm", "ollama") for check in CHECKS]


def contract(document: Document) -> Any:
    return document["gates"][Gate.CONTRACT - 1]


def outcomes(document: Document) -> dict[tuple[str, str], str]:
    return {(result["provider"] or "", result["check"]): result["outcome"] for result in document["results"]}


def test_parts_that_make_the_whole_meet_the_gate() -> None:
    """Each provider was judged on the machine that reaches it."""
    first = report(whole(O.PASSED, "vllm"), "a")
    second = report(whole(O.PASSED, "ollama"), "b", host="gpu2", hour=1)
    assert contract(first)["status"] == contract(second)["status"] == "PARTIAL"
    for order in ([first, second], [second, first]):
        found = merge(order, NOW)
        assert contract(found)["status"] == "MET"
        assert contract(found)["cases"] == {"expected": 4, "judged": 4}
        assert found["run"]["merged_from"] == ["a", "b"]
        assert found["run"]["host"] == "gpu1, gpu2"


def test_a_provider_that_nobody_judged_blocks_its_gate() -> None:
    found = contract(merge([report(whole(O.PASSED, "vllm"))], NOW))
    assert found["status"] == "BLOCKED"
    (blocker,) = found["blockers"]
    assert blocker["summary"] == "nobody judged provider ollama for gate 4"
    assert blocker["next_steps"] == [
        "where it can be reached: pytest -m contract --live --provider ollama --gates-report DIR, "
        "and merge that report too"
    ]
    assert found["actual"].endswith("2 of 4 cases judged")


def test_a_red_machine_is_never_lost() -> None:
    """A dead provider on one machine, a green one on another: neither the order nor the clock decides."""
    dead = report(whole(O.BLOCKED, "vllm") + whole(O.PASSED, "ollama"), "dead", host="gpu2")
    green = report(whole(), "green", host="gpu1", hour=5)
    for order in ([dead, green], [green, dead]):
        assert contract(merge(order, NOW))["status"] == "BLOCKED"


def test_seven_green_parts_do_not_make_a_red_whole_green() -> None:
    red = report(whole(O.FAILED), "red")
    parts = [report([one(check=check)], f"part{n}", hour=n + 1) for n, check in enumerate(CHECKS * 3)]
    found = merge([*parts, red], NOW)
    assert contract(found)["status"] == "NOT MET"
    assert set(outcomes(found).values()) == {"FAILED"}


def test_a_later_run_of_one_provider_does_not_replace_what_was_said_of_another() -> None:
    full = report(whole(O.PASSED, "vllm") + whole(O.FAILED, "ollama"), "full")
    narrow = report(whole(O.PASSED, "vllm"), "narrow", hour=1)
    assert contract(merge([full, narrow], NOW))["status"] == "NOT MET"


def test_a_host_repairs_its_own_provider() -> None:
    """The later run is complete for the gate and the provider, and of the same machine."""
    red = report(whole(O.FAILED, "vllm") + whole(O.PASSED, "ollama"), "red")
    again = report(whole(O.PASSED, "vllm"), "again", hour=1)
    found = merge([red, again], NOW)
    assert contract(found)["status"] == "MET"
    assert found["replaced"] == [{"run": "red", "gate": 4, "provider": "vllm"}]
    assert "  replaced by a later run of the same host: gpu1 (run red): gate 4 of vllm" in render_table(found)


@pytest.mark.parametrize(
    "again",
    [
        report(whole(O.PASSED, "vllm"), "other host", host="gpu2", hour=1),
        report([one()], "incomplete", hour=1),
        report(whole(O.PASSED, "vllm"), "at once", hour=0),
        report(whole(O.PASSED, "vllm"), "recorded", hour=1, live=False),
        report(whole(O.PASSED, "vllm"), "knows of fewer", hour=1, expected=[("vllm", "a.one")]),
    ],
    ids=lambda document: document["run"]["id"],
)
def test_nothing_else_repairs(again: Document) -> None:
    red = report([*whole(O.FAILED, "vllm"), one(O.FAILED, "c.three"), *whole(O.PASSED, "ollama")], "red")
    assert contract(merge([red, again], NOW))["status"] == "NOT MET"


def test_hosts_without_a_name_are_never_taken_for_one() -> None:
    red = report(whole(O.FAILED), "red", host="")
    assert contract(merge([red, report(whole(), "green", host="", hour=1)], NOW))["status"] == "NOT MET"


def test_what_is_judged_differently_is_shown_from_both_sides() -> None:
    bad = report(whole(O.FAILED, "vllm") + whole(O.PASSED, "ollama"), "bad", host="gpu2")
    found = merge([bad, report(whole(), "good", host="gpu1", hour=1)], NOW)
    lines = render_table(found)
    assert lines[0] == "sixgates: gate 4 Contract NOT MET (gates 1, 2, 3, 5, 6 not run), 2 runs of 2 hosts"
    start = lines.index("  judged differently: 2, the worse outcome holds")
    assert lines[start + 1 : start + 3] == [
        "    a.one [vllm]: FAILED on gpu2, PASSED on gpu1",
        "    b.two [vllm]: FAILED on gpu2, PASSED on gpu1",
    ]
    page = render_markdown(found)
    assert "Merged from 2 runs of 2 hosts. Where they differ, the worse outcome holds." in page
    assert "## Judged differently\n\n- `a.one [vllm]`: FAILED on gpu2, PASSED on gpu1\n" in page
    assert [each["outcome"] for each in found["results"][0].get("others", [])] == ["PASSED"]


def test_what_was_only_skipped_says_nothing_against_a_judgement() -> None:
    """Without --live gate 6 says why it judged nothing; where it was judged, that holds."""
    keys = {("vllm", "health.port_open")}
    idle = report(
        [one(O.NOT_APPLICABLE, "health.port_open", gate=Gate.HEALTH)],
        "ci",
        host="ci",
        live=False,
        gate=Gate.HEALTH,
        expected=keys,
    )
    live = report(
        [one(O.PASSED, "health.port_open", gate=Gate.HEALTH)], "gpu", gate=Gate.HEALTH, expected=keys
    )
    assert merge([idle, live], NOW)["gates"][5]["status"] == "MET"
    assert merge([idle], NOW)["gates"][5]["status"] == "NOT RUN"


def test_another_configuration_is_refused() -> None:
    other = report(whole(), "b", digest="d2", host="gpu2", hour=1)
    with pytest.raises(
        ReportError,
        match=r"^run b of host gpu2 \(config, d2\) judged another configuration than run a of host gpu1 "
        r"\(config, d1\): merge reports of one state of the files, and judge again what was judged before they "
        r"changed$",
    ):
        merge([report(whole(), "a"), other], NOW)


@pytest.mark.parametrize("word", ["started_at", "finished_at"])
def test_a_clock_that_is_ahead_is_refused(word: str) -> None:
    ahead = report(whole(), "a")
    ahead["run"][word] = "2031-01-02T03:04:05.000Z"
    with pytest.raises(
        ReportError,
        match=rf"^run a of host gpu1: {word} is 2031-01-02T03:04:05\.000Z, more than 5 minutes ahead of this "
        r"machine's clock \(2026-01-03T03:04:05\+00:00\): set the clock that is wrong, and run again$",
    ):
        merge([ahead], NOW)
    ahead["run"][word] = "2026-01-03T03:08:05.000Z"
    merge([ahead], NOW)


def test_an_older_schema_is_good_as_a_baseline_only() -> None:
    old = report(whole(), "a")
    old["schema_version"] = "1.2"
    with pytest.raises(
        ReportError,
        match=r"^run a: version 1\.2 of gates\.json does not say what each gate consists of: it can be a "
        r"--baseline, but not be merged; run again with this sixgates$",
    ):
        merge([old], NOW)
    assert compare(old, report(whole(), "b"))["newly failing"] == []


def test_two_tales_of_one_run_are_refused() -> None:
    message = r"^run a is told in two ways: one of the files was edited; give each run once, as --gates-report wrote"
    with pytest.raises(ReportError, match=message):
        merge([report(whole(), "a"), report(whole(O.FAILED), "a")], NOW)
    twice = report(whole(), "a")
    assert merge([twice, twice], NOW) == merge([twice], NOW)


def test_what_is_too_old_counts_only_where_it_is_red() -> None:
    """`max_age` of gates.yaml: green results of last week say nothing of today, red ones were never taken back."""
    aged = Thresholds(max_age_s={Gate.CONTRACT: 3600})
    found = contract(merge([report(whole(), "a", thresholds=aged)], NOW))
    assert found["status"] == "BLOCKED"
    assert found["actual"] == "no result counts, 0 of 4 cases judged"
    (blocker,) = found["blockers"]
    assert blocker["summary"] == (
        "the results of gate 4 are older than max_age allows, 3600 s in gates.yaml: "
        "a of gpu1, 2026-01-02T03:05:05.000Z"
    )
    assert blocker["next_steps"] == ["run it again: pytest -m contract, and merge that report"]
    red = report(whole(O.FAILED), "b", thresholds=aged, host="gpu2")
    assert contract(merge([red], NOW))["status"] == "NOT MET"
    fresh = report(whole(), "c", thresholds=aged, hour=24)
    assert contract(merge([report(whole(), "a", thresholds=aged), fresh], NOW + timedelta(minutes=2)))[
        "status"
    ] == ("MET")


def test_the_strictest_of_several_thresholds_holds() -> None:
    strict = report([*whole(), one(O.ADVISORY, "c.three", level=Level.SHOULD)], "a", strict=True)
    mild = report([*whole(), one(O.ADVISORY, "c.three", level=Level.SHOULD)], "b", host="gpu2")
    assert contract(mild)["status"] == "MET"
    assert contract(merge([mild, strict], NOW))["status"] == "NOT MET"


def test_the_row_names_what_a_gate_leaves_out_by_design() -> None:
    bounded = report(whole(), "a", bounds=("by the first model of vllm (of 3)",))
    for document in (bounded, merge([bounded], NOW)):
        assert contract(document)["status"] == "MET"
        assert contract(document)["actual"].endswith(", by the first model of vllm (of 3)")
        assert contract(document)["bounds"] == ["by the first model of vllm (of 3)"]


def test_a_merged_document_is_a_document(tmp_path: Path) -> None:
    parts = [
        report([one(gate=gate)], gate.name, hour=int(gate), gate=gate, expected=[("vllm", "a.one")])
        for gate in Gate
    ]
    merged = merge([merge(parts[:3], NOW), merge(parts[3:], NOW)], NOW)
    jsonschema.Draft202012Validator(SCHEMA).validate(merged)
    assert load(write(merged, tmp_path)) == merged
    assert [gate["status"] for gate in merged["gates"]] == ["MET"] * 6
    assert merged["run"]["merged_from"] == [gate.name for gate in Gate]
    assert [gate["run"] for gate in merged["gates"]] == [gate.name for gate in Gate]


def test_states_are_never_believed(tmp_path: Path) -> None:
    """A file without results that says MET six times, once merged as six gates MET."""
    document = report(whole())
    for gate in document["gates"]:
        gate["status"] = "MET"
    document["results"], document["footer"] = [], {"results": 0}
    (tmp_path / "gates.json").write_text(json.dumps(document))
    message = (
        r"gates\[0\]\.status is 'MET', and the results make it 'NOT RUN': the file was edited, "
        r"or written by another version; run again$"
    )
    with pytest.raises(ReportError, match=message):
        load(tmp_path)


def test_the_command_says_why_it_refuses(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name, digest in (("a", "d1"), ("b", "d2")):
        write(report(whole(), name, digest=digest), tmp_path / name)
    assert main(["report", str(tmp_path / "a"), str(tmp_path / "b")]) == 2
    assert "judged another configuration" in capsys.readouterr().err
    assert main(["report", str(tmp_path / "a")]) == 1
    assert "gate 4 Contract MET (gates 1, 2, 3, 5, 6 not run)" in capsys.readouterr().out


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterable[tuple[Any, ...]]:
    """Where anything stands in a document."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


MERGED = merge(
    [
        report([*whole(O.FAILED, "vllm"), replace(one(check="c.x"), attempts=(Attempt(O.FAILED),))], "a"),
        report(
            whole(O.PASSED, "vllm"), "b", host="gpu2", hour=1, thresholds=Thresholds(max_age_s={Gate.UNIT: 9})
        ),
        report(whole(), "c", hour=2),
    ],
    NOW,
)
junk: st.SearchStrategy[Any] = (
    st.none()
    | st.booleans()
    | st.integers(-1, 9)
    | st.text(max_size=3)
    | st.just([])
    | st.just({})
    | st.just([1])
)


@given(
    st.sampled_from([MERGED, report(whole(), "a")]).flatmap(
        lambda document: st.tuples(
            st.just(document), st.sampled_from(list(places(document))), junk | st.just("gone")
        )
    )
)
def test_a_spoiled_document_is_refused_or_read(
    tmp_path_factory: pytest.TempPathFactory, spoiled: tuple[Document, tuple[Any, ...], Any]
) -> None:
    """Whatever stands in one place of a report, there is an answer, and no traceback."""
    document, path, value = spoiled
    copied = json.loads(json.dumps(document))
    *way, last = path
    holder = copied
    for key in way:
        holder = holder[key]
    if value == "gone":
        del holder[last]
    else:
        holder[last] = value
    folder = tmp_path_factory.getbasetemp() / "spoiled"
    folder.mkdir(exist_ok=True)
    (folder / "gates.json").write_text(json.dumps(copied))
    try:
        read = load(folder)
        merged = merge([read], NOW)
    except ReportError:
        return
    for each in (read, merged):
        assert render_table(each)
        assert render_markdown(each)


def test_nothing_cannot_be_merged() -> None:
    with pytest.raises(ReportError, match=r"^nothing to merge: give at least one gates\.json$"):
        merge([])


any_level = st.sampled_from(Level)
any_result = st.builds(
    one,
    st.sampled_from(Outcome),
    st.sampled_from(CHECKS),
    st.sampled_from(["vllm", "ollama"]),
    st.sampled_from([Gate.CONTRACT, Gate.INTEGRATION, Gate.UNIT]),
    any_level,
)
any_results = st.lists(any_result, max_size=8, unique_by=lambda verdict: (verdict.gate, verdict.key))


@st.composite
def reports(draw: st.DrawFn, count: int = 4) -> list[Document]:
    """Reports of a few hosts about one configuration, each of any part of the cases."""
    found = []
    for number in range(draw(st.integers(1, count))):
        verdicts = draw(any_results)
        gate = draw(st.sampled_from([Gate.CONTRACT, Gate.INTEGRATION, Gate.UNIT]))
        found.append(
            report(
                verdicts,
                f"run{number}",
                host=draw(st.sampled_from(["gpu1", "gpu2"])),
                hour=draw(st.integers(0, 3)),
                live=draw(st.booleans()),
                gate=gate,
                strict=draw(st.booleans()),
            )
        )
    return found


@given(reports())
def test_merging_is_blind_to_order(documents: list[Document]) -> None:
    expected = merge(documents, NOW)
    for order in permutations(documents):
        assert merge(order, NOW) == expected


@given(reports())
def test_merging_in_steps_is_merging_at_once(documents: list[Document]) -> None:
    at_once = merge(documents, NOW)
    stepwise = (
        merge([merge(documents[:2], NOW), *documents[2:]], NOW) if documents[2:] else merge([at_once], NOW)
    )
    assert stepwise["results"] == at_once["results"]
    assert stepwise["gates"] == at_once["gates"]


def complete(document: Document, gate: int, provider: str) -> bool:
    """Whether a report judged all that its gate consists of for one provider."""
    return {(gate, provider, check) for check in CHECKS} <= {
        (result["gate"], result["provider"], result["check"]) for result in document["results"]
    }


@given(reports())
def test_merging_is_never_greener_and_loses_nothing(documents: Sequence[Document]) -> None:
    """Every result counts as it is or heavier, or a later complete run of its host took its place."""
    merged = merge(documents, NOW)
    strict = merged["run"]["thresholds"]["strict"]
    found = {(each["gate"], each["provider"], each["check"]): each for each in merged["results"]}
    gone = {(entry["run"], entry["gate"], entry["provider"]) for entry in merged["replaced"]}
    for document in documents:
        run = document["run"]
        for result in document["results"]:
            where = (result["gate"], result["provider"])
            if (run["id"], *where) in gone:
                assert any(
                    other["run"]["host"] == run["host"]
                    and other["run"]["started_at"] > run["started_at"]
                    and complete(other, *where)
                    for other in documents
                )
                continue
            kept = found[*where, result["check"]]
            told = [
                {key: value for key, value in each.items() if key not in {"run", "others"}}
                for each in (kept, *kept.get("others", ()))
            ]
            assert result in told
            heavy, light = (Verdict.from_json(each) for each in (told[0], result))
            assert weight(heavy, Thresholds(), strict=strict) >= weight(light, Thresholds(), strict=strict)


any_gate_cases = st.sets(
    st.tuples(st.sampled_from(["", "vllm", "ollama"]), st.sampled_from("abcdef")), min_size=1
)


@given(st.sampled_from(Gate), any_gate_cases, st.data())
def test_no_part_of_a_gate_is_met(gate: Gate, cases: set[Key], data: st.DataObject) -> None:
    """Whatever subset of the cases was judged, and however well: MET takes all of them."""
    chosen = data.draw(st.sets(st.sampled_from(sorted(cases))))
    verdicts = [
        replace(one(O.PASSED, check, provider or None), gate=gate) for provider, check in sorted(chosen)
    ]
    scopes = {gate: Scope(frozenset(cases), frozenset(chosen))}
    result = judge_gates(verdicts, Thresholds(), scopes=scopes)[gate - 1]
    assert (result.status == "MET") == (chosen == cases)
    assert (result.judged, result.expected) == (len(chosen), len(cases))
    document = report(verdicts, gate=gate, expected=cases)
    assert (merge([document], NOW)["gates"][gate - 1]["status"] == "MET") == (chosen == cases)


def test_a_comparison_names_what_changed(make_document: MakeDocument) -> None:
    before = make_document(
        [
            one(check="a.stays"),
            one(check="b.breaks"),
            one(O.FAILED, check="c.fixed"),
            one(O.FAILED, check="d.skipped"),
            one(check="e.gone"),
            one(check="f.unasked", gate=Gate.UNIT),
        ]
    )
    after = make_document(
        [
            one(check="a.stays"),
            one(O.FAILED, check="b.breaks"),
            one(check="c.fixed"),
            one(O.NOT_APPLICABLE, check="d.skipped"),
            one(O.BLOCKED, check="g.new_and_red"),
            one(check="h.new", provider=""),
        ]
    )
    assert compare(before, after) == {
        "newly failing": ["b.breaks [vllm]", "g.new_and_red [vllm]"],
        "fixed": ["c.fixed [vllm]"],
        "new": ["h.new"],
        "gone": ["e.gone [vllm]"],
    }
