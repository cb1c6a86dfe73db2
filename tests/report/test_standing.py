"""Clients and profiles in a report: the document, the Markdown, the terminal, merged reports."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from sixgates import catalogue
from sixgates.gates import Thresholds, judge_gates
from sixgates.readiness import Readiness, Standing, State
from sixgates.report import (
    Document,
    ReportError,
    RunInfo,
    build,
    compare,
    load,
    merge,
    render_markdown,
    render_table,
    write,
)
from sixgates.verdict import Gate, Outcome, Verdict

LLAMA = Readiness(
    "llama",
    (
        Standing("openai-python", State.SAFE),
        Standing("openai-python helper", State.SAFE),
        Standing("openai-node helper", State.BROKEN, ("chat.stream.role_first", "chat.stream.x", "chat.y")),
        Standing("litellm", State.AT_RISK, ("tools.call.shape",)),
    ),
    (
        Standing("core", State.FAILED, ("chat.stream.role_first",)),
        Standing("agent", State.PARTIAL, ("tools.a", "tools.b")),
        Standing("embeddings", State.NOT_OFFERED),
    ),
)
VLLM = Readiness(
    "vllm",
    tuple(Standing(one.name, State.SAFE) for one in LLAMA.clients),
    tuple(Standing(one.name, State.PASSED) for one in LLAMA.profiles),
)
Make = Callable[..., RunInfo]


@pytest.fixture
def ready(document: Document, make_run: Make) -> Document:
    """A report that says who is ready."""
    return {**document, "readiness": build(make_run(), [], [], (), (LLAMA, VLLM))["readiness"]}


def test_the_table_has_a_column_for_each_provider(ready: Document) -> None:
    """And shows the first check through which a client is broken."""
    text = render_markdown(ready)
    section = text.split("## Clients and profiles\n\n")[1].split("\n\n")[0]
    assert section == (
        "| | `llama` | `vllm` |\n"
        "|---|---|---|\n"
        "| openai-python | safe | safe |\n"
        "| openai-python helper | safe | safe |\n"
        "| openai-node helper | **broken**: `chat.stream.role_first` and 2 more | safe |\n"
        "| litellm | at risk: `tools.call.shape` | safe |\n"
        "| profile core | **failed**: `chat.stream.role_first` | passed |\n"
        "| profile agent | partial: `tools.a` and 1 more | passed |\n"
        "| profile embeddings | not offered | passed |"
    )
    assert text.index("## Clients and profiles") < text.index("## Failures")


def test_the_terminal_has_a_line_for_each_provider(ready: Document) -> None:
    """What is wrong by name, what is safe by number."""
    lines = render_table(ready, 120)
    start = lines.index("  clients") - 1
    assert lines[start : start + 7] == [
        "",
        "  clients",
        "    llama: broken openai-node helper (chat.stream.role_first and 2 more); "
        "at risk litellm (tools.call.shape); 2 safe",
        "    vllm: 4 safe",
        "  profiles",
        "    llama: failed core (chat.stream.role_first); partial agent (tools.a and 1 more); not offered embeddings",
        "    vllm: all 3 passed",
    ]


def test_clients_and_providers_that_stand_alike_are_said_together(ready: Document) -> None:
    """Two replicas of one engine, and all that one check puts at risk."""
    for provider in ready["readiness"]:
        for standing, through in zip(
            provider["clients"], (["a"], ["a", "b"], ["c", "a"], ["c", "a"]), strict=True
        ):
            standing |= {"state": "at risk", "through": through}
        provider["clients"][0] |= {"state": "safe", "through": []}
        provider["clients"].append({"name": "pydantic-ai", "state": "at risk", "through": ["a"]})
    lines = render_table(ready, 160)
    assert lines[lines.index("  clients") + 1] == (
        "    llama, vllm: at risk openai-python helper, pydantic-ai (a and others), "
        "openai-node helper, litellm (c and 1 more); 1 safe"
    )


def test_what_was_not_measured_says_so(document: Document, make_run: Make) -> None:
    """Beside the check, in the terminal and in the Markdown; the checks that are known come without it."""
    clients = (
        Standing("openai-node", State.AT_RISK, ("chat.a",), ("chat.a",)),
        Standing("litellm", State.AT_RISK, ("chat.b", "chat.a"), ("chat.b", "chat.a")),
        Standing("pydantic-ai", State.AT_RISK, ("chat.c", "chat.a"), ("chat.a",)),
        Standing("openai-python", State.SAFE),
    )
    readiness = build(
        make_run(), [], [], (), (Readiness("one", clients, (Standing("core", State.PASSED),)),)
    )["readiness"]
    found = {**document, "readiness": readiness}
    said = " ".join(line.strip() for line in render_table(found))
    assert "one: at risk openai-node (chat.a: not measured for this fault), litellm" in said
    assert (
        "(chat.b: not measured for this fault, and 1 more), pydantic-ai (chat.c and 1 more); 1 safe" in said
    )
    markdown = render_markdown(found)
    assert "| litellm | at risk: `chat.b`: not measured for this fault, and 1 more |" in markdown
    assert "| openai-node | at risk: `chat.a`: not measured for this fault |" in markdown
    assert readiness[0]["profiles"] == [{"name": "core", "state": "passed", "through": []}]


def test_a_server_that_is_down_takes_one_line(ready: Document) -> None:
    """All clients in one state are not listed."""
    for standing in ready["readiness"][0]["clients"]:
        standing |= {"state": "at risk", "through": ["chat.answered", "chat.shape.role"]}
    lines = render_table(ready, 120)
    assert lines[lines.index("  clients") + 1] == "    llama: all 4 at risk (chat.answered and others)"


def test_a_report_without_readiness_has_no_section(document: Document) -> None:
    """Such as that of a run of one check, or of an earlier version."""
    earlier = {key: value for key, value in document.items() if key != "readiness"}
    for one in (document, earlier):
        assert "Clients" not in render_markdown(one)
        assert "  clients" not in render_table(one)


def test_a_name_cannot_break_the_table_or_the_terminal(ready: Document) -> None:
    """Providers are named by people."""
    ready["readiness"][0]["provider"] = "a|b\x1b[31m"
    assert "| | `a\\|b\\x1b[31m` |" in render_markdown(ready)
    assert any("a|b\\x1b[31m:" in line for line in render_table(ready))


def test_a_merged_report_computes_its_readiness(document: Document, make_run: Make) -> None:
    """Of the results that count, whatever a report said of itself."""
    verdicts = [
        Verdict(check.id, Gate.CONTRACT, check.level, Outcome.PASSED, provider="p", breaks=check.breaks)
        for check in catalogue.load().checks.values()
    ]
    contract = build(make_run("a"), verdicts, judge_gates(verdicts, Thresholds()))
    assert contract["readiness"] == []
    later = {**document, "run": {**document["run"], "id": "b", "started_at": "2026-02-01T00:00:00.000Z"}}
    later["results"] = [result for result in later["results"] if result["gate"] != 4]
    merged = merge([contract, later])
    assert [one["provider"] for one in merged["readiness"]] == ["p"]
    assert {client["state"] for client in merged["readiness"][0]["clients"]} == {"safe"}
    assert merged["schema_version"] == "1.5"


def test_a_report_of_the_earlier_version_can_still_be_read(document: Document, tmp_path: Path) -> None:
    """As a baseline: it says nothing of clients, nothing of whom a check misleads, nothing of what a gate is."""
    earlier = {key: value for key, value in document.items() if key != "readiness"}
    earlier["results"] = [
        {key: value for key, value in result.items() if key != "misleads"} for result in document["results"]
    ]
    (tmp_path / "gates.json").write_text(json.dumps({**earlier, "schema_version": "1.0"}))
    before = load(tmp_path)
    assert compare(before, document) == {"newly failing": [], "fixed": [], "new": [], "gone": []}
    assert render_markdown(before)
    assert render_table(before)


def test_misleads_must_be_a_list_of_texts(document: Document, tmp_path: Path) -> None:
    """Where it is there."""
    (tmp_path / "gates.json").write_text(
        json.dumps({**document, "results": [{**document["results"][0], "misleads": "all"}]})
    )
    with pytest.raises(ReportError, match=r"results\[0\]\.misleads must be a list, and is 'all'"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("readiness", "message"),
    [
        ({}, "the document.readiness must be a list, and is {}"),
        ([1], "readiness[0] must be an object, and is int"),
        ([{"provider": "a", "clients": []}], "readiness[0] has no 'profiles'"),
        (
            [
                {
                    "provider": "a",
                    "clients": [{"name": "x", "state": "fine", "through": []}],
                    "profiles": [],
                }
            ],
            "readiness[0].clients[0].state is 'fine'; allowed: safe, at risk, broken, not measured, "
            "passed, partial, failed, not offered",
        ),
        (
            [
                {
                    "provider": "a",
                    "clients": [],
                    "profiles": [{"name": "x", "state": "passed", "through": [1]}],
                }
            ],
            "readiness[0].profiles[0].through[0] must be a string, and is 1",
        ),
    ],
)
def test_a_readiness_of_another_shape_is_refused(
    readiness: object, message: str, document: Document, tmp_path: Path
) -> None:
    path = write(document, tmp_path)
    path.write_text(json.dumps({**document, "readiness": readiness}))
    with pytest.raises(ReportError) as problem:
        load(path)
    assert str(problem.value) == f"{path}: {message}"


def test_the_schema_takes_it(ready: Document) -> None:
    """And no state that is none."""
    import jsonschema

    import sixgates.report as package

    schema = json.loads(Path(package.__file__).with_name("gates.schema.json").read_text("utf-8"))
    jsonschema.validate(ready, schema)
    ready["readiness"][0]["clients"][0]["state"] = "passed"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(ready, schema)
