"""`sixgates lint` and `sixgates rules`: what they print in each format, their exit status, and what --fix changes."""

from __future__ import annotations

import io
import json
import shutil
from pathlib import Path

import pytest
from tests.without_litellm import NEWEST

from sixgates.cli import main

ROOT = Path(__file__).parents[2]
BROKEN = """\
# what is served
model_list:
  - model_name: small   # the small one
    litellm_params:
      model: "vllm/qwen3-4b"
      api_base: 127.0.0.1:8002
      api_key: ${KEY}
router_settings:
  routing_strategy: least_busy
  fallbacks:
    - default: [small]
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
"""
MENDED = """\
# what is served
model_list:
  - model_name: small   # the small one
    litellm_params:
      model: "hosted_vllm/qwen3-4b"
      api_base: http://127.0.0.1:8002/v1
      api_key: os.environ/KEY
router_settings:
  routing_strategy: least-busy
  fallbacks:
    - "*": [small]
general_settings: {master_key: os.environ/LITELLM_MASTER_KEY}
"""
ONE = (
    BROKEN.replace("vllm/", "hosted_vllm/")
    .replace("127.0.0.1:8002", "http://127.0.0.1:8002/v1")
    .replace("${KEY}", "os.environ/KEY")
    .replace("default: [small]", '"*": [small]')
)
"""Only the strategy is wrong."""


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A LiteLLM config in the working directory."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "gateway.yaml"
    path.write_text(ONE)
    return path


def test_a_finding_shows_its_line_and_what_happens(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", str(file)]) == 1
    shown = capsys.readouterr()
    lines = shown.out.splitlines()
    assert lines[0].startswith(
        "gateway.yaml:9:21: error[routing-strategy-invalid] expected one of cost-based-routing, "
    )
    assert lines[0].endswith("got `least_busy`. Write `least-busy`.")
    assert lines[1:] == [
        "     9 |   routing_strategy: least_busy",
        "       |                     ^",
        "  what happens: LiteLLM 1.106.2 refuses to start; 1.79.3 starts and finds no deployment for any request.",
    ]
    assert shown.err == f"1 error, {NEWEST}\n"


def test_a_line_with_a_key_is_not_shown(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(ONE.replace("os.environ/KEY", "hf_canarycanarycanary"))
    assert main(["lint", str(file)]) == 1
    shown = capsys.readouterr()
    assert "error[plaintext-secret]" in shown.out
    assert "canary" not in shown.out + shown.err


def test_what_would_act_on_a_terminal_is_shown_as_its_escape(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """In names, and in the line that is shown."""
    file.write_text(ONE.replace("least_busy", '"least\\e[2J_busy"'))
    main(["lint", str(file)])
    assert "got 'least\\x1b[2J_busy'." in capsys.readouterr().out
    file.write_bytes(b"a: x\x1b[2J\n")
    main(["lint", str(file)])
    file.write_text(SOUND + '"se\\nct\\e[2Jion": 1\n')
    main(["lint", str(file)])
    shown = capsys.readouterr().out
    assert "got `se\\nct\\x1b[2Jion`." in shown
    assert "\x1b" not in shown


def test_json_and_github_say_the_same(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--format", "json", str(file)]) == 1
    (found,) = json.loads(capsys.readouterr().out)
    assert found | {"expected": ""} == {
        "rule": "routing-strategy-invalid",
        "severity": "error",
        "file": "gateway.yaml",
        "line": 9,
        "column": 21,
        "expected": "",
        "got": "`least_busy`",
        "hint": "Write `least-busy`.",
        "requirement": "The routing strategy is one that LiteLLM knows.",
        "happens": "LiteLLM 1.106.2 refuses to start; 1.79.3 starts and finds no deployment for any request.",
        "mend": "Use one of the names that LiteLLM knows; leave it out for simple-shuffle.",
        "evidence": [],
        "fix": {"old": "least_busy", "new": "least-busy"},
    }
    assert main(["lint", "--format", "github", str(file)]) == 1
    head = "::error file=gateway.yaml,line=9,col=21,title=sixgates routing-strategy-invalid::expected one of "
    assert capsys.readouterr().out.startswith(head)


def test_sarif_names_rule_place_and_level(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["lint", "--format", "sarif", str(file)]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["version"] == "2.1.0"
    (run,) = document["runs"]
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == "routing-strategy-invalid"
    assert rule["help"]["text"].startswith("LiteLLM 1.106.2 refuses to start;")
    (result,) = run["results"]
    assert (result["level"], result["ruleIndex"]) == ("error", 0)
    place = result["locations"][0]["physicalLocation"]
    assert place == {
        "artifactLocation": {"uri": "gateway.yaml"},
        "region": {"startLine": 9, "startColumn": 21},
    }


def test_standard_input_is_a_litellm_config(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(ONE.encode())))
    assert main(["lint", "-"]) == 1
    assert capsys.readouterr().out.startswith("stdin.yaml:9:21: error[routing-strategy-invalid]")


def test_what_an_editor_has_not_saved_is_judged_beside_the_other_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What stands in the file does not count, what stands beside it does."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    mappings = tmp_path / "config" / "model-mappings.yaml"
    unsaved = mappings.read_text().replace("default_provider: vllm", "default_provider: vlm")
    mappings.write_text("- a\n")
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(unsaved.encode())))
    assert main(["lint", "--stdin-filename", "config/model-mappings.yaml", "-"]) == 1
    shown = capsys.readouterr()
    assert "config/model-mappings.yaml:58:21: error[provider-unknown]" in shown.out
    assert "got `vlm`. Did you mean `vllm`?" in shown.out
    assert shown.out.count("error[") == 1


def test_fix_mends_and_keeps_comments_quotes_and_layout(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What one edit showed is mended too: the address has a scheme first, and then its /v1."""
    file.write_text(BROKEN)
    assert main(["lint", "--fix", str(file)]) == 0
    assert file.read_text() == MENDED
    shown = capsys.readouterr()
    assert (
        shown.err
        == f"mended 5 places in gateway.yaml\nmended 1 place in gateway.yaml\nnothing found, {NEWEST}\n"
    )
    assert shown.out == ""


def test_fix_keeps_line_ends_and_the_byte_order_mark(file: Path) -> None:
    data = b"\xef\xbb\xbf" + BROKEN.replace("\n", "\r\n").encode()
    file.write_bytes(data)
    assert main(["lint", "--fix", str(file)]) == 0
    assert file.read_bytes() == b"\xef\xbb\xbf" + MENDED.replace("\n", "\r\n").encode()


def test_a_stack_is_a_directory_or_one_of_its_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    assert main(["lint"]) == 0
    assert main(["lint", "--gateway-config", "config"]) == 0
    assert main(["lint", "config", "config/providers.yaml"]) == 0
    mappings = tmp_path / "config" / "model-mappings.yaml"
    mappings.write_text(mappings.read_text().replace("default_provider: vllm", "default_provider: vlm"))
    capsys.readouterr()
    assert main(["lint", "config/providers.yaml", "config/model-mappings.yaml"]) == 1
    shown = capsys.readouterr()
    assert shown.out.count("error[provider-unknown]") == 1
    assert "Did you mean `vllm`?" in shown.out


def test_a_file_without_its_shape_says_only_that(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "config" / "gates.yaml").write_text("gates: {unit: 1}\n")
    assert main(["lint"]) == 1
    shown = capsys.readouterr()
    assert shown.out.startswith("config/gates.yaml:1:15: error[shape] expected a mapping, got 1.")
    assert shown.err == f"1 error, {NEWEST}\n"


def test_the_rules_say_more_about_the_gateways_file_than_its_shape(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One finding for one place, whatever is wrong with the other files."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    unified = tmp_path / "config" / "litellm-unified.yaml"
    unified.write_text(unified.read_text().replace("chat: smollm2-vllm\n", "chat: [smollm2-vllm]\n"))
    (tmp_path / "config" / "gates.yaml").write_text("gates: {unit: 1}\n")
    assert main(["lint"]) == 1
    shown = capsys.readouterr()
    assert "litellm-unified.yaml:118:11: error[alias-not-string] expected the name of a model" in shown.out
    assert "what happens: LiteLLM starts; a request for the alias finds no deployment" in shown.out
    assert "config/gates.yaml:1:15: error[shape]" in shown.out
    assert shown.out.count("error[") == 2


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["nowhere.yaml"],
            "nowhere.yaml: no such file or directory; give a folder with providers.yaml, or a LiteLLM config",
        ),
        (
            ["--litellm-version", "newest", "."],
            "--litellm-version newest: expected a version; known are 1.79.3, 1.106.2",
        ),
        (["--fix", "-"], "--fix needs a file: standard input cannot be mended in place"),
        ([".", "--gateway-config", "."], "give PATHs or --gateway-config, not both"),
    ],
)
def test_what_cannot_be_looked_at_ends_with_2(
    arguments: list[str], text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["lint", *arguments]) == 2
    assert capsys.readouterr().err == f"sixgates: {text}\n"


def test_the_version_selects_what_litellm_does(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(ONE.replace("least_busy", "lar1"))
    assert main(["lint", "--litellm-version", "1.106.2", str(file)]) == 0
    assert main(["lint", "--litellm-version", "1.79.3", str(file)]) == 1
    shown = capsys.readouterr()
    assert "routing-strategy-invalid" in shown.out
    assert shown.err.endswith("1 error, as LiteLLM 1.79.3 reads it (--litellm-version)\n")


def test_a_version_between_is_judged_as_the_one_before(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["lint", "--litellm-version", "1.82.0", str(file)])
    said = "as LiteLLM 1.79.3 reads it, the nearest known to 1.82.0 (--litellm-version)\n"
    assert capsys.readouterr().err.endswith(said)


SOUND = ONE.replace("least_busy", "least-busy")
UNSET = (
    "gateway.yaml:7:16: error[env-ref-unset] expected KEY to be set, got no such variable in {}. "
    "Set it where the gateway is started.\n"
)


def test_variables_are_looked_at_when_asked_alone(
    file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """CI does not know the gateway's environment; what is set to nothing is not set."""
    file.write_text(SOUND)
    monkeypatch.setenv("LITELLM_MASTER_KEY", "sk-canary")
    monkeypatch.setenv("KEY", " ")
    assert main(["lint", str(file)]) == 0
    capsys.readouterr()
    assert main(["lint", "--env", str(file)]) == 1
    shown = capsys.readouterr()
    assert UNSET.format("this environment") in shown.out
    assert shown.out.count("error[") == 1
    assert "canary" not in shown.out
    monkeypatch.setenv("KEY", "canary")
    assert main(["lint", "--env", str(file)]) == 0


def test_variables_are_those_of_the_file_that_starts_the_gateway(
    file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file.write_text(SOUND)
    variables = Path("gateway.env")
    variables.write_text("# keys\nexport LITELLM_MASTER_KEY='sk-canary'\nKEYS=canary\nKEY=\"\"\n")
    assert main(["lint", "--env-file", str(variables), str(file)]) == 1
    shown = capsys.readouterr()
    said = UNSET.format("gateway.env").replace("Set it where the gateway is started.", "Did you mean `KEYS`?")
    assert said in shown.out
    variables.write_text("LITELLM_MASTER_KEY = x\n  KEY=y\n")
    assert main(["lint", "--env-file", str(variables), str(file)]) == 0
    variables.write_bytes(b"\xff\xfe")
    assert main(["lint", "--env-file", str(variables), str(file)]) == 2
    said = "sixgates: gateway.env: expected lines of NAME=value in UTF-8, got binary data\n"
    assert capsys.readouterr().err.endswith(said)
    assert main(["lint", "--env-file", "nowhere.env", str(file)]) == 2
    assert capsys.readouterr().err == "sixgates: nowhere.env: no such file; give a file of NAME=value lines\n"


def test_what_the_file_sets_itself_is_set(file: Path) -> None:
    file.write_text(SOUND + "environment_variables: {KEY: a, LITELLM_MASTER_KEY: b}\n")
    Path("empty.env").write_text("")
    assert main(["lint", "--env-file", "empty.env", str(file)]) == 0


def test_a_note_alone_is_no_failure(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_text(
        ONE.replace("least_busy", "least-busy").replace(
            "      api_key:", "      stream: true\n      api_key:"
        )
    )
    assert main(["lint", str(file)]) == 0
    shown = capsys.readouterr()
    assert "info[stream-in-params]" in shown.out
    assert shown.err == f"1 note, {NEWEST}\n"


def test_the_page_of_rules_is_fresh(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules"]) == 0
    page = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
    assert capsys.readouterr().out == page, "write it again: sixgates rules --output docs/rules.md"


def test_a_page_that_cannot_be_written_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["rules", "--output", str(tmp_path / "no" / "rules.md")]) == 2
    assert capsys.readouterr().err.endswith("rules.md: No such file or directory\n")
