"""`sixgates route` and `sixgates routes`: what becomes of a name, and what is said when it cannot be told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from sixgates.cli import main

ROOT = Path(__file__).parents[2]
Capture = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The shipped stack in the working directory."""
    shutil.copytree(ROOT / "config", tmp_path / "config")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def test_an_alias_with_its_first_provider_down(capsys: Capture) -> None:
    """The whole text: declared where, the walk, who answers, and the price."""
    assert main(["route", "chat", "--down", "vllm"]) == 0
    assert capsys.readouterr().out == (
        "chat -> smollm2-vllm (by alias)\n"
        "  declared: capabilities chat (config/model-mappings.yaml:34)\n"
        "  1 chat down\n"
        "      hosted_vllm/smollm2 at http://127.0.0.1:8001/v1\n"
        "  2 smollm2-llamacpp\n"
        "      openai/smollm2 at http://127.0.0.1:8002/v1\n"
        "  3 smollm2-python\n"
        "      openai/smollm2 at http://127.0.0.1:8003/v1\n"
        "  4 smollm2-vllm down\n"
        "      hosted_vllm/smollm2 at http://127.0.0.1:8001/v1\n"
        "  answers with vllm down: smollm2-llamacpp (llama_cpp)\n"
        "  at worst: 4 upstream calls in 240 s (4 stops, no retries, 60 s a call)\n"
    )


def test_a_shared_name_shows_its_shares(capsys: Capture) -> None:
    assert main(["route", "smollm2"]) == 0
    shown = capsys.readouterr().out
    assert "hosted_vllm/smollm2 at http://127.0.0.1:8001/v1 70%\n" in shown
    assert "answers when all is up: smollm2 (vllm, llama_cpp)\n" in shown


def test_a_name_that_a_pattern_takes(capsys: Capture) -> None:
    assert main(["route", "HuggingFaceTB/any", "--down", "vllm"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("HuggingFaceTB/any -> HuggingFaceTB/* (by wildcard)\n")
    assert "declared: pattern ^HuggingFaceTB/.* (config/model-mappings.yaml:27)" in shown
    assert "answers with vllm down: HuggingFaceTB/any (order 2) (llama_cpp)" in shown


def test_everything_down_answers_nobody(capsys: Capture) -> None:
    assert main(["route", "chat", "--down", "vllm", "llama_cpp", "llama_cpp_python"]) == 1
    expected = "answers with llama_cpp, llama_cpp_python, vllm down: nobody, the client gets the first error"
    assert expected in capsys.readouterr().out


def test_the_walk_is_that_of_the_version(capsys: Capture) -> None:
    """An old LiteLLM asks names again."""
    assert main(["route", "chat", "--litellm-version", "1.79.3"]) == 0
    shown = capsys.readouterr()
    assert "at worst: 17 upstream calls" in shown.out
    assert shown.err == "as LiteLLM 1.79.3 reads it (--litellm-version)\n"


@pytest.mark.parametrize("command", [["route", "chat"], ["routes"]])
def test_what_is_no_version_is_said(command: list[str], capsys: Capture) -> None:
    assert main([*command, "--litellm-version", "new"]) == 2
    said = "sixgates: --litellm-version new: expected a version; known are 1.79.3, 1.106.2\n"
    assert capsys.readouterr().err == said


def test_an_unknown_name_has_no_route(capsys: Capture) -> None:
    assert main(["route", "nope"]) == 1
    assert capsys.readouterr().out == "nope: no route, the gateway answers 400\n  declared: nowhere\n"


def test_a_pattern_that_no_wildcard_says_is_declared_and_leads_nowhere(stack: Path, capsys: Capture) -> None:
    text = (stack / "model-mappings.yaml").read_text()
    (stack / "model-mappings.yaml").write_text(text.replace("^HuggingFaceTB/.*", "^smol(lm|vlm)-[0-9]+m$"))
    assert main(["route", "smolvlm-256m"]) == 1
    assert capsys.readouterr().out == (
        "smolvlm-256m: no route, the gateway answers 400\n"
        "  declared: pattern ^smol(lm|vlm)-[0-9]+m$ (config/model-mappings.yaml:27)\n"
    )


def test_an_unknown_provider_is_said(capsys: Capture) -> None:
    assert main(["route", "chat", "--down", "olama"]) == 2
    known = (
        "vllm, llama_cpp, llama_cpp_python, llama_cpp_embeddings, vllm_embeddings, "
        "ollama, ollama_thinking, ollama_embeddings"
    )
    assert capsys.readouterr().err == f"sixgates: --down olama: no such provider; there are: {known}\n"


def test_a_stack_that_cannot_be_read_is_said(stack: Path, capsys: Capture) -> None:
    (stack / "providers.yaml").write_text("providers: 1\n")
    assert main(["routes"]) == 2
    assert capsys.readouterr().err.startswith("config/providers.yaml:1:12: expected a mapping, got 1.")


def test_a_hop_to_a_public_address_is_marked(stack: Path, capsys: Capture) -> None:
    """Retries count too, with what they wait."""
    text = (stack / "litellm-unified.yaml").read_text()
    text = text.replace("http://127.0.0.1:8003/v1", "https://llm.example.com/v1")
    (stack / "litellm-unified.yaml").write_text(text.replace("num_retries: 0", "num_retries: 1"))
    assert main(["route", "code"]) == 0
    shown = capsys.readouterr().out
    assert (
        "  2 smollm2-python, leaves this machine\n      openai/smollm2 at https://llm.example.com/v1\n"
        in shown
    )
    assert "at worst: 8 upstream calls in 488 s (4 stops, 1 retries each, 60 s a call)" in shown
    assert main(["routes"]) == 0
    assert "smollm2-python [https://llm.example.com/v1!]" in capsys.readouterr().out


def test_the_graph_as_mermaid(capsys: Capture) -> None:
    """Names point to groups and providers, fallbacks are dotted and numbered."""
    assert main(["routes", "--format", "mermaid"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[:7] == [
        "flowchart LR",
        '  n0(["smollm2-vllm"])',
        '  n1[["vllm"]]',
        "  n0 --> n1",
        '  n2(["smollm2-llamacpp"])',
        "  n0 -.->|1| n2",
        '  n3(["smollm2-python"])',
    ]
    assert sum('(["chat"])' in line for line in lines) == 1
    assert any("-->|70%|" in line for line in lines)


def test_the_graph_as_lines(capsys: Capture) -> None:
    assert main(["routes"]) == 0
    walk = "smollm2-vllm [vllm] -> smollm2-llamacpp [llama_cpp] -> smollm2-python [llama_cpp_python]"
    assert capsys.readouterr().out.splitlines()[0] == f"smollm2-vllm        {walk}"
