"""Each output times each text of strangers: whatever a server or a file says, nothing acts on what shows it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from tests.hostile.texts import TEXTS, acts, columns, links

from sixgates.cli import main
from sixgates.config import LiteLLMConfig, Stack
from sixgates.config.mappings import Mappings
from sixgates.config.routing import Endpoint, Route, Via
from sixgates.config.ruleset import RULES
from sixgates.description import Description
from sixgates.drafting import _entry
from sixgates.exchange import Chunk, Exchange, Finding, Mendable, Response
from sixgates.gates import Thresholds, judge_gates
from sixgates.linting.formats import FORMATS
from sixgates.linting.reports import SHAPE, Report
from sixgates.probes.chat import chat
from sixgates.progress import Printer
from sixgates.report import (
    Document,
    ProviderInfo,
    RunInfo,
    build,
    render_failure,
    render_markdown,
    render_table,
)
from sixgates.routes.explain import Explainer, Journey, Stop
from sixgates.routes.text import journey_text, mermaid, table
from sixgates.sources import cassette
from sixgates.verdict import FOUND, Cause, Gate, Level, Outcome, Verdict
from sixgates.visible import visible, visible_json

WRITABLE = {name: text for name, text in TEXTS.items() if "surrogate" not in name}
"""Those that a file in UTF-8 can hold."""
each_text = pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
NOW = datetime(2026, 1, 2, tzinfo=UTC)


def verdicts(text: str) -> list[Verdict]:
    """One of each outcome, whose every text is this one."""
    made = [
        Verdict(
            text,
            Gate.CONTRACT,
            Level.MUST,
            outcome,
            text,
            text,
            text,
            text,
            (Finding(text, text, text, text), Finding("", text, text)),
            text,
            Cause(text, text, (text, text)) if outcome is Outcome.BLOCKED else None,
            (text,),
            (text,),
            (text,),
            text,
            luck=text,
            times=3,
            failed=1,
        )
        for outcome in Outcome
    ]
    undeclared = Verdict(
        f"capability.{text}", Gate.CONTRACT, Level.MAY, Outcome.NOT_APPLICABLE, reason=f"{FOUND}: {text}"
    )
    return [*made, undeclared]


def failed(text: str) -> Verdict:
    """One that failed, of a check of ours."""
    return replace(next(one for one in verdicts(text) if one.outcome is Outcome.FAILED), check="chat.id")


def document(text: str) -> Document:
    """A report whose every text is this one, but for those of a closed set."""
    info = ProviderInfo(text, text, text, text, text)
    run = RunInfo(text, NOW, NOW, text, text, text, (text,), False, (info,), True, 1)
    found = verdicts(text)
    made = build(run, found, judge_gates(found, Thresholds()))
    standing = [
        {"name": text, "state": state, "through": [text, text]} for state in ("broken", "safe", "misled")
    ]
    made["readiness"] = [{"provider": text, "clients": standing, "profiles": standing}]
    for gate in made["gates"]:
        gate |= {"name": text, "actual": text, "required": text}
    return made


def reports(text: str) -> list[Report]:
    """Findings of a lint whose every text is this one."""
    finding = Finding(f"{text}:2:3", text, text, text)
    rule = next(iter(RULES))
    return [
        Report(SHAPE, finding, f"first\n{text}\n{text}"),
        Report(rule, Finding(text, text, text), text),
        Report(rule, Mendable(f"{text}:1:1", text, text, text, text, text), text),
    ]


def journeys(text: str) -> Iterator[Journey]:
    """Answered, answered by nobody, and without a route."""
    stop = Stop(text, (Endpoint(text, text, 0.5), Endpoint(text, text, 0.5)), (text, text))
    route = Route(text, text, Via.MODEL, ())
    yield Journey(text, text, route, (stop, stop), stop, 1, 5.0)
    yield Journey(text, "", route, (stop,), None, 0, 5.0)
    yield Journey(text, text, None, (), None, 0, 5.0)


def explainer(text: str) -> Explainer:
    """A gateway whose groups, models and chains have this name."""
    params = {"model": f"openai/{text}", "api_base": f"http://{text}/v1"}
    made = LiteLLMConfig.model_validate(
        {
            "model_list": [
                {"model_name": text, "litellm_params": params},
                {"model_name": "b", "litellm_params": params},
            ],
            "router_settings": {"fallbacks": [{text: ["b"]}], "model_group_alias": {f"{text}2": text}},
        }
    )
    return Explainer(Stack(Path(), {}, Mappings(), made))


def described(text: str) -> tuple[Description, ...]:
    """What an entry says was seen, with such a text in each place."""
    return (Description(text, got=text), Description(answer=text))


WIDTHS = (40, 61, 100, 1000)


def in_width(width: int) -> Callable[[str], str]:
    """The table of a terminal that is this wide."""
    return lambda text: "\n".join(render_table(document(text), width, path=text))


def linted(form: str) -> Callable[[str], str]:
    """Findings in this format."""
    return lambda text: FORMATS[form](reports(text))


OF_LOGS: dict[str, Callable[[str], str]] = {
    **{f"the table, {width} wide": in_width(width) for width in WIDTHS},
    **{f"lint as {form}": linted(form) for form in FORMATS if form != "github"},
    "the table in ASCII": lambda text: "\n".join(render_table(document(text), encoding="ascii")),
    "a failure": lambda text: "\n".join(map(render_failure, verdicts(text))),
    "the comment": lambda text: render_markdown(document(text), {"new": [text], "newly failing": [text]}),
    "a journey": lambda text: "\n".join(journey_text(one, frozenset({text})) for one in journeys(text)),
    "routes": lambda text: table(explainer(text)),
    "routes as a graph": lambda text: mermaid(explainer(text)),
    "a draft of deviations": lambda text: "\n".join(_entry(failed(text), text, text, text, described(text))),
}


def printed() -> Iterator[Any]:
    """Each output with each text; names in a stack come from a file, which holds no lone surrogate."""
    for place, output in OF_LOGS.items():
        for name, text in (WRITABLE if place.startswith("routes") else TEXTS).items():
            yield pytest.param(output, text, id=f"{place}-{name}")


@pytest.mark.parametrize(("output", "text"), list(printed()))
def test_nothing_acts_in_a_log(output: Callable[[str], str], text: str) -> None:
    assert acts(output(text)) == []


@given(st.text(st.sampled_from(":#[]error ::add-mask\n\r\t\x1b\u00ad\ufe0f|`@%"), max_size=120))
def test_nothing_made_of_these_characters_acts(text: str) -> None:
    assert acts(render_failure(verdicts(text)[1])) == []
    assert acts("\n".join(render_table(document(text), 40))) == []
    assert json.loads(visible_json(json.dumps(text, ensure_ascii=False))) == text


@each_text
def test_what_was_shown_is_shown_alike_again(text: str) -> None:
    assert visible(visible(text)) == visible(text)


@each_text
def test_an_annotation_is_one_command(text: str) -> None:
    shown = FORMATS["github"](reports(text)).split("\n")
    assert len(shown) == 3
    for line in shown:
        head, _, data = line[2:].partition("::")
        assert head.split(" file=")[0] in {"error", "warning", "notice"}
        assert acts(data.lstrip()) in ([], [f"command {data.lstrip()!r}"])
        assert acts(line, commands=1) == []
        assert head.count(",") <= 3
        assert "%0A" not in line.replace("%250A", "")


@each_text
@pytest.mark.parametrize("name", ["json", "sarif"])
def test_json_means_what_was_found(name: str, text: str) -> None:
    shown = json.loads(FORMATS[name](reports(text)))
    if name == "json":
        assert shown[0]["got"] == text
    else:
        assert visible(text) in shown["runs"][0]["results"][0]["message"]["text"].replace("\\[", "[")


def test_a_link_in_a_message_of_sarif_is_text() -> None:
    shown = json.loads(FORMATS["sarif"](reports("[click](https://evil.example)")))
    assert "\\[click](https://evil.example)" in shown["runs"][0]["results"][0]["message"]["text"]


@each_text
def test_nothing_in_the_comment_is_a_link_or_a_cell(text: str) -> None:
    shown = render_markdown(document(text), {"new": [text], "newly failing": [text]})
    assert links(shown) == []
    assert all(len(set(rows)) == 1 for rows in columns(shown))
    assert [len(rows) for rows in columns(shown)] == [
        len(rows) for rows in columns(render_markdown(document("a")))
    ]


@pytest.mark.parametrize("text", ["GH-7", "#7", "a/b#7", "@me", "a5c3785", "https://x.y", "www.x.y", "a@b.c"])
def test_the_search_for_links_finds_them(text: str) -> None:
    """The control: raw, each is found."""
    assert links(text)
    assert not links(f"`{text}`")


def test_the_search_for_commands_finds_them() -> None:
    """The control: each text that is meant to act does so raw."""
    for name, text in TEXTS.items():
        meant = any(
            word in name for word in ("GitHub", "Azure", "TeamCity", "GitLab", "line", "colours", "bidi")
        )
        wrapped = text.replace(" ", "\n") if "wrap" in name or "after" in name else text
        assert bool(acts(wrapped)) == (meant or "surrogate" in name), name


@pytest.mark.parametrize("text", WRITABLE.values(), ids=WRITABLE)
def test_a_graph_has_one_label_a_line(text: str) -> None:
    for line in mermaid(explainer(text)).splitlines()[1:]:
        assert line.count('"') in (0, 2)


@each_text
def test_a_draft_is_yaml(text: str) -> None:
    drafted = "\n".join(_entry(failed(text), "a/b", text, "2026-01-02", described(text)))
    assert yaml.safe_load(drafted)[0]["versions"] == visible(text)


@each_text
def test_what_a_run_says_is_one_line(text: str, tmp_path: Path) -> None:
    log = io.StringIO()
    Printer(log, tmp_path).say(text)
    assert acts(log.getvalue()) == []


@each_text
def test_drift_shows_names_and_pointers(
    text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A server chooses the keys of its answers, and a recording says who it is of."""
    for name, body in (("old", {"id": 1}), ("new", {text: 1})):
        answer = Response(
            200, (("content-type", "application/json"),), (Chunk(json.dumps(body).encode(), 0.1),)
        )
        recorded = Exchange("chat", chat.request("m"), answer)
        label = cassette.Label("p", "vllm", text.encode("utf-8", "replace").decode(), "m", "2026-01-01")
        cassette.write(tmp_path / name, label, chat, recorded, "http://x")
    assert main(["drift", str(tmp_path / "old"), str(tmp_path / "new")]) == 0
    shown = capsys.readouterr()
    assert "+ /" in shown.out
    assert acts(shown.out + shown.err) == []


@pytest.mark.parametrize("text", WRITABLE.values(), ids=WRITABLE)
@pytest.mark.parametrize(
    "command",
    [
        ["lint"],
        ["lint", "--format", "json"],
        ["lint", "--format", "sarif"],
        ["compile"],
        ["compile", "--check"],
        ["route", "TEXT"],
        ["route", "TEXT", "--down", "TEXT"],
        ["routes"],
        ["routes", "--format", "mermaid"],
        ["known", "TEXT"],
        ["TEXT"],
        ["routes", "--format", "TEXT"],
        ["lint", "TEXT"],
        ["lint", "--env-file", "TEXT"],
        ["lint", "--litellm-version", "TEXT"],
        ["schema", "TEXT"],
        ["report", "TEXT"],
        ["drift", "TEXT", "TEXT"],
        ["serve", "--mutant", "TEXT"],
        ["catalogue", "--output", "TEXT/x"],
        ["rules", "--output", "TEXT/x"],
        ["engine", "TEXT"],
    ],
    ids=" ".join,
)
def test_a_command_over_a_stack_of_such_names(
    command: list[str],
    text: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Names of providers, models and aliases, values of every key, and the arguments themselves."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config").mkdir()
    provider = {"type": "vllm", "base_url": "http://127.0.0.1:1", "models": [text, f"{text}b"], text: text}
    files = {
        "providers.yaml": {"providers": {text or "p": provider}},
        "model-mappings.yaml": {
            "exact_matches": {text: {"provider": text, "model": text}},
            "capabilities": {text: {"models": [text], text: text}},
            "patterns": [{"pattern": text, "provider": text}],
            text: text,
        },
    }
    for name, content in files.items():
        (tmp_path / "config" / name).write_text(yaml.safe_dump(content), "utf-8")
    with suppress(SystemExit):
        # The system takes no argument with a NUL in it.
        main([one.replace("TEXT", text.replace("\x00", "")) for one in command])
    shown = capsys.readouterr()
    assert shown.out + shown.err
    assert acts(shown.out + shown.err) == []
