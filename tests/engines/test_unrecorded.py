"""What a recording lacks is listed, and made from exchanges of the same requests that somebody wrote down."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from sixgates import catalogue
from sixgates.bundles.following import ALL, among
from sixgates.cli import main
from sixgates.exchange import Exchange
from sixgates.gates import Thresholds, judge_gates
from sixgates.judge import Answer, Judgement
from sixgates.reference import mutants
from sixgates.reference.mutants import MutantProvider
from sixgates.reference.provider import ReferenceProvider
from sixgates.run import Run
from sixgates.sources import cassette
from sixgates.sources.reference import answers
from sixgates.verdict import Gate, Level, Outcome

STACK = """
providers:
  ollama:
    type: ollama
    base_url: http://127.0.0.1:11434
    status: active
    models: [{name: reference, context_length: 2048}]
    capabilities: [tools]
    health_endpoint: /api/version
"""
LACKING = ("tool-auto", "tool-none", "models-list")
PROBES = catalogue.load().probes()
ANSWERS = answers(ReferenceProvider(), PROBES)
LABEL = cassette.Label("ollama", "ollama", "0.32.15", "reference", "2026-11-20")


@pytest.fixture
def stack(tmp_path: Path) -> Path:
    """A stack of one provider, whose recording lacks three probes, and whose engine cannot be started."""
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "providers.yaml").write_text(STACK)
    (tmp_path / "config" / "model-mappings.yaml").write_text("exact_matches: {}\n")
    found = {name: answer for name, answer in ANSWERS.items() if name not in LACKING}
    cassette.save(tmp_path / "cassettes" / "ollama", LABEL, "http://127.0.0.1:11434", PROBES, found)
    (tmp_path / "cassettes" / "ollama" / "engine.json").write_text('{"cannot_be_started": "nobody has it"}')
    return tmp_path


def record(stack: Path, *more: str) -> int:
    """`sixgates record ollama` in this stack."""
    folders = ("--gateway-config", str(stack / "config"), "--into", str(stack / "cassettes"))
    return main(["record", "ollama", *folders, *more])


def judgement(stack: Path) -> Judgement:
    """The recorded provider, judged."""
    run = Run(stack / "config", stack / "cassettes", stack)
    return run.contract(run.parties()[0]).judgement().first


def written(stack: Path, name: str, **changed: Any) -> Path:
    """The reference's answer to a probe as an exchange in a file."""
    answer = ANSWERS[name]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    body = answer.response.body.decode()
    headers = dict(answer.request.headers)
    others = [list(pair) for pair in answer.response.headers if pair[0].lower() != "date"]
    del headers["Accept-Encoding"]
    document: Mapping[str, Any] = {
        "request": {
            "method": answer.request.method,
            "path": answer.request.path,
            "headers": {"Host": "ollama.invalid:11434", **headers, "Content-Length": "9"},
            "body": (answer.request.body or b"").decode(),
        },
        "response": {
            "status": answer.response.status,
            "reason": "OK",
            "headers": [["Date", "Thu, 26 Nov 2026 22:01:09 GMT"], *others],
            "body": body,
            "pieces": [[7, 3], [9, len(body.encode()) - 3]],
            "complete": True,
        },
        "ended": "server closed",
    }
    folder = stack / "exchanges"
    folder.mkdir(exist_ok=True)
    path = folder / f"some-{name}.json"
    path.write_text(json.dumps({**document, **changed}))
    return path


def test_what_is_not_recorded_is_not_exercised_and_counted(stack: Path) -> None:
    """Of an engine that cannot be started; the gate is not met by it."""
    judged = judgement(stack)
    verdict = judged.verdict("tools.auto.no_crash")
    assert verdict.outcome is Outcome.NOT_EXERCISED
    assert verdict.reason == "not recorded: tool-auto (nobody has it)"
    assert verdict.not_recorded == ("tool-auto",)
    assert judged.verdict("models.list.shape").outcome is Outcome.NOT_EXERCISED
    verdicts = judged.verdicts()
    lacking = [each for each in verdicts if each.not_recorded]
    assert any(each.level is Level.MUST for each in lacking)
    gate = next(each for each in judge_gates(verdicts, Thresholds()) if each.gate is Gate.CONTRACT)
    assert f", {len(lacking)} not recorded" in gate.actual
    assert gate.status.value == "PARTIAL"


def test_a_check_that_was_judged_in_part_says_so(stack: Path) -> None:
    """It judges several probes, each by itself, and one of them was not recorded."""
    partly = [
        each for each in judgement(stack).verdicts() if each.not_recorded and each.outcome is Outcome.PASSED
    ]
    assert partly
    assert all(len(catalogue.load().checks[each.check].probes) > len(each.not_recorded) for each in partly)


def test_of_any_other_engine_it_stays_blocked(stack: Path) -> None:
    (stack / "cassettes" / "ollama" / "engine.json").unlink()
    verdict = judgement(stack).verdict("tools.auto.no_crash")
    assert verdict.outcome is Outcome.BLOCKED
    assert verdict.not_recorded == ()


def test_what_is_missing_is_listed(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert record(stack, "--missing") == 0
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[0] for line in lines[:-2]) == sorted(LACKING)
    assert next(line for line in lines if line.startswith("tool-auto")).startswith(
        "tool-auto  POST /v1/chat/completions  for "
    )
    assert re.search(r"cassettes/ollama: 3 of \d+ probes are not recorded$", lines[-2])
    assert lines[-1] == "ollama cannot be recorded here: nobody has it"
    (stack / "cassettes" / "ollama" / "engine.json").unlink()
    assert record(stack, "--missing") == 0
    last = capsys.readouterr().out.splitlines()[-1]
    assert last == "record them, with everything else: sixgates record ollama"


def refusing(stack: Path) -> Mapping[str, Answer]:
    """The recording of a server that refuses names in messages, without what was asked after that."""
    provider = MutantProvider(mutants.load()["name-refused"], ReferenceProvider())
    found = answers(provider, PROBES)
    folder = stack / "cassettes" / "ollama"
    first = {name: answer for name, answer in found.items() if name not in ALL}
    shutil.rmtree(folder)
    cassette.save(folder, LABEL, "http://127.0.0.1:11434", PROBES, first)
    return found


def test_what_a_refusal_calls_for_is_missing_too(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A request for several things was refused, and the recording was made before each was asked for alone."""
    found = refusing(stack)
    assert record(stack, "--missing") == 0
    lines = capsys.readouterr().out.splitlines()
    apart = sorted(name for name in found if name.startswith("chat-replayed-with-"))
    assert len(apart) == 4
    assert sorted(lines[:-2]) == [
        f"{name}  POST /v1/chat/completions  to tell what was refused" for name in apart
    ]
    assert re.search(r": 4 of \d+ probes are not recorded$", lines[-2])
    follow_ups = among(found)
    cassette.save(
        stack / "cassettes" / "ollama", LABEL, "http://127.0.0.1:11434", (*PROBES, *follow_ups), found
    )
    assert record(stack, "--missing") == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert re.search(r": 0 of \d+ probes are not recorded$", line)


def test_an_exchange_of_the_same_request_becomes_the_recording(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With its bytes, its times and its day; what asked for something else makes none."""
    written(stack, "tool-auto")
    other = written(stack, "tool-none")
    document = json.loads(other.read_text())
    document["request"]["body"] = document["request"]["body"].replace('"none"', '"auto"')
    other.write_text(json.dumps(document))
    assert record(stack, "--exchanges", str(stack / "exchanges")) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "tool-auto: made from some-tool-auto.json"
    assert said[1].endswith("cassettes/ollama: 1 recordings made from 2 exchanges")
    probe = next(probe for probe in PROBES if probe.name == "tool-auto")
    label, exchange = cassette.read(stack / "cassettes" / "ollama" / "tool-auto.yaml", probe)
    answer = ANSWERS["tool-auto"]
    assert isinstance(answer, Exchange)
    assert answer.response is not None
    assert exchange.response is not None
    assert exchange.response.body == answer.response.body
    assert [chunk.at for chunk in exchange.response.chunks] == [0.007, 0.009]
    assert (label.recorded, label.engine_version) == ("2026-11-26", "0.32.15")
    assert judgement(stack).verdict("tools.auto.no_crash").outcome is Outcome.PASSED


@pytest.mark.parametrize(
    "changed", [{"ended": "client hung up"}, {"response": {"complete": False}}], ids=["left", "cut"]
)
def test_an_exchange_that_did_not_end_makes_no_recording(
    stack: Path, changed: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    written(stack, "tool-auto", **changed)
    assert record(stack, "--exchanges", str(stack / "exchanges")) == 0
    assert capsys.readouterr().out.strip().endswith("0 recordings made from 1 exchanges")


def test_a_file_that_is_no_exchange_is_named(stack: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = written(stack, "tool-auto", response=7)
    assert record(stack, "--exchanges", str(path.parent)) == 1
    assert "some-tool-auto.json: no exchange (TypeError: " in capsys.readouterr().err
    document = json.loads(written(stack, "tool-auto").read_text())
    document["response"]["pieces"] = [[1, 2]]
    path.write_text(json.dumps(document))
    assert record(stack, "--exchanges", str(path.parent)) == 1
    assert "bytes, its pieces 2)" in capsys.readouterr().err
    document = json.loads(written(stack, "tool-auto").read_text())
    del document["response"]["headers"][0]
    path.write_text(json.dumps(document))
    assert record(stack, "--exchanges", str(path.parent)) == 1
    assert "the response has no Date" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "told"),
    [
        (("--missing", "--exchanges", "x"), "not allowed with argument"),
        (("--exchanges", "nowhere"), "nowhere holds no exchange; name a folder of *.json files."),
    ],
)
def test_wrong_options_are_told(
    stack: Path, more: tuple[str, ...], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        status = record(stack, *more)
    except SystemExit as left:
        status = int(left.code or 0)
    assert status != 0
    assert told in capsys.readouterr().err


def test_a_provider_without_a_recording_has_nothing_to_add_to(
    stack: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    written(stack, "tool-auto")
    folders = ("--gateway-config", str(stack / "config"), "--into", str(stack / "elsewhere"))
    assert main(["record", "ollama", *folders, "--exchanges", str(stack / "exchanges")]) == 1
    assert "holds no recording to add to; record the provider first." in capsys.readouterr().err
    assert main(["record", "vllm", *folders, "--missing"]) == 1
    assert "has no active provider 'vllm'" in capsys.readouterr().err
