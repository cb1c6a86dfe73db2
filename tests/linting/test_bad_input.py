"""Whatever `sixgates lint` is shown, it ends in one message and 1 or 2, and never in a traceback."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest
from tests.without_litellm import NEWEST

from sixgates.cli import main

BOMB = "\n".join(
    ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
)
BAD = {
    "empty": (b"", ":1:1: error[shape] expected a mapping at the top, got an empty file."),
    "tabs": (b"a:\n\tb: 1\n", ":2:1: error[shape] expected valid YAML, got a character that begins"),
    "a list": (b"- a\n", ":1:1: error[shape] expected a mapping at the top, got a list."),
    "50 MB": (
        b"a: 1 #" + b"x" * 50_000_000,
        "error[shape] expected at most 10,000,000 bytes, got ",
    ),
    "binary": (b"\x7fELF\x00\x01", ":1:1: error[shape] expected text in UTF-8, got binary data"),
    "UTF-16 without a mark": ("a: 1\n".encode("utf-16-le"), "error[shape] expected "),
    "an alias bomb": (BOMB.encode(), "error[shape] expected at most 1,000,000 values, got more than"),
    "a thousand levels": (
        b"a: " + b"[" * 1000,
        "error[shape] expected at most 100 nested levels, got one more.",
    ),
    "an unknown tag": (
        b"a: !env X\n",
        ":1:4: error[shape] expected plain values without tags, got the tag !env.",
    ),
    "a key twice": (
        b"a: 1\r\nb: 2\ra: 3\n",
        ":3:1: error[shape] expected each key once, got `a` again (first",
    ),
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("way", ["path", "stdin", "stack"])
def test_bad_input_is_one_message(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    way: str,
) -> None:
    """As a LiteLLM config by its path, on standard input, and as a file of a stack."""
    data, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    argument = "-"
    if way == "stdin":
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data)))
    else:
        argument = "gateway.yaml" if way == "path" else "providers.yaml"
        Path(argument).write_bytes(data)
        Path("model-mappings.yaml").write_text("{}\n")
    assert main(["lint", argument]) == 1
    shown = capsys.readouterr()
    assert message in shown.out
    assert shown.out.count("error[") == 1
    assert shown.err == f"1 error, {NEWEST}\n"
    assert len(shown.out) < 2000


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize("file", ["providers.yaml", "model-mappings.yaml", "litellm-unified.yaml"])
@pytest.mark.parametrize(
    ("command", "status"),
    [(["compile"], 1), (["compile", "--check"], 1), (["route", "chat"], 2), (["routes"], 2)],
)
def test_commands_that_need_a_stack_say_the_same(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    name: str,
    file: str,
    command: list[str],
    status: int,
) -> None:
    """One message for each file that cannot be read, as lint has it."""
    data, message = BAD[name]
    monkeypatch.chdir(tmp_path)
    Path("providers.yaml").write_text("providers: {}\n")
    Path("model-mappings.yaml").write_text("{}\n")
    Path(file).write_bytes(data)
    assert main([*command, "--gateway-config", "."]) == status
    shown = capsys.readouterr()
    (line,) = (shown.out + shown.err).splitlines()
    assert line.startswith(file)
    assert message.replace("error[shape] ", "").removeprefix(":") in line


@pytest.mark.parametrize("kind", ["directory", "pipe", "nothing", "locked"])
def test_what_is_no_file_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], kind: str
) -> None:
    """1 where a part of a stack is missing, 2 where there is nothing to look at."""
    monkeypatch.chdir(tmp_path)
    path = Path("gateway.yaml")
    expected = {
        "directory": (
            1,
            "gateway.yaml/providers.yaml: error[shape] expected a readable YAML file, got no such",
        ),
        "pipe": (
            1,
            "gateway.yaml: error[shape] expected a readable YAML file, got a pipe.",
        ),
        "nothing": (
            2,
            "sixgates: gateway.yaml: no such file or directory; give a folder with providers.yaml",
        ),
        "locked": (1, "gateway.yaml: error[shape] expected a readable YAML file, got permission denied."),
    }
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "locked":
        if os.geteuid() == 0:
            pytest.skip("root reads every file")
        path.write_text("a: 1\n")
        path.chmod(0)
    status, message = expected[kind]
    assert main(["lint", "gateway.yaml"]) == status
    shown = capsys.readouterr()
    assert message in shown.out + shown.err


def test_a_folder_that_cannot_be_entered_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The question whether a path exists can itself be refused."""
    monkeypatch.chdir(tmp_path)

    def refused(self: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "exists", refused)
    assert main(["lint", "locked/gateway.yaml"]) == 2
    assert capsys.readouterr().err == "sixgates: locked/gateway.yaml: permission denied\n"


def test_mixed_line_ends_keep_their_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A finding names the line that an editor shows."""
    monkeypatch.chdir(tmp_path)
    text = (
        b"model_list: []\r\nrouter_settings:\n  num_retriess: 1\r\ngeneral_settings:\n  master_key: sk-1234\n"
    )
    Path("gateway.yaml").write_bytes(text)
    assert main(["lint", "gateway.yaml"]) == 1
    shown = capsys.readouterr().out
    assert "gateway.yaml:3:3: error[unknown-router-key]" in shown
    assert "     3 |   num_retriess: (not shown)\n" in shown
    assert "gateway.yaml:5:15: error[master-key-weak]" in shown
