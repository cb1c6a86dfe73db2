"""Files that are none, or too large, end in one message at once: pipes, devices, directories, sockets."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sixgates.inputs.file import Obstacle, UnreadableError, read_bytes

ROOT = Path(__file__).parents[2]
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "src")}


def endless(path: Path) -> None:
    path.symlink_to("/dev/zero")


def huge(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(200_000_000)


def listening(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as one:
        here = Path.cwd()
        os.chdir(path.parent)  # the name of a socket is short
        one.bind(path.name)
        os.chdir(here)


KINDS: dict[str, tuple[Callable[[Path], None], str]] = {
    "a pipe": (os.mkfifo, "a pipe"),
    "an endless device": (endless, "a device"),
    "a socket": (listening, "a socket"),
    "a huge file": (huge, "200,000,000 bytes"),
    "a loop": (lambda path: path.symlink_to(path.name), "too many levels of symbolic links"),
}


def sixgates(*arguments: str | Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """The command, ended after a while if it waits."""
    command = [
        sys.executable,
        "-c",
        "import sys; from sixgates.cli import main; sys.exit(main())",
        *map(str, arguments),
    ]
    return subprocess.run(
        command, cwd=folder, env=ENVIRONMENT, capture_output=True, text=True, timeout=30, check=False
    )


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_said_what_stands_there(kind: str, tmp_path: Path) -> None:
    make, got = KINDS[kind]
    make(tmp_path / "x")
    with pytest.raises(UnreadableError) as caught:
        read_bytes(tmp_path / "x", 10_000_000)
    assert str(caught.value).startswith(got)


def test_what_is_missing_and_a_directory(tmp_path: Path) -> None:
    for path, got, obstacle in (
        (tmp_path / "no", "no such file", Obstacle.MISSING),
        (tmp_path, "a directory", Obstacle.NOT_A_FILE),
        (tmp_path / "a\x00b", "embedded null byte", Obstacle.REFUSED),
    ):
        with pytest.raises(UnreadableError) as caught:
            read_bytes(path, 10)
        assert (str(caught.value), caught.value.obstacle) == (got, obstacle)


def test_a_file_that_grew_is_bounded_too(tmp_path: Path) -> None:
    """The system says of its own files that they are empty."""
    assert read_bytes(Path("/proc/self/stat"), 100_000)
    with pytest.raises(UnreadableError, match="at least 11 bytes, more than 10"):
        read_bytes(Path("/proc/self/stat"), 10)
    (tmp_path / "x").write_bytes(b"0123456789")
    assert read_bytes(tmp_path / "x", 10) == b"0123456789"


def test_a_pipe_of_the_shell_is_read(tmp_path: Path) -> None:
    """`--env-file <(command)`, of which the shell makes `/dev/fd/63`; a named pipe may have no writer."""
    ours, theirs = os.pipe()
    os.write(theirs, b"A=1\n")
    os.close(theirs)
    assert read_bytes(Path(f"/dev/fd/{ours}"), 10) == b"A=1\n"
    os.close(ours)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "command",
    [
        ["report", "x"],
        ["report", "folder"],
        ["drift", "folder", "folder"],
        ["lint", "x"],
        ["lint", "--gateway-config", "stack"],
        ["lint", "--gateway-config", "stack2", "--env-file", "x"],
        ["compile", "--gateway-config", "stack"],
        ["routes", "--gateway-config", "stack"],
        ["known", "vllm", "--gateway-config", "stack2", "--cassettes", "recorded"],
        ["record", "vllm", "--gateway-config", "stack"],
        ["demo", "--example", "stack"],
    ],
    ids=" ".join,
)
def test_no_command_waits_or_dies(command: list[str], kind: str, tmp_path: Path) -> None:
    """Each file that a command reads, once as each kind of thing."""
    if command[0] == "demo":
        pytest.importorskip("sixgates.engines.embedded")
    make, got = KINDS[kind]
    make(tmp_path / "x")
    for folder in ("folder", "stack", "recorded/vllm"):
        (tmp_path / folder).mkdir(parents=True)
    make(tmp_path / "folder" / "gates.json")
    make(tmp_path / "folder" / "chat.yaml")
    make(tmp_path / "folder" / "not-sent.json")
    shutil.copytree(ROOT / "config", tmp_path / "stack2")
    (tmp_path / "stack" / "model-mappings.yaml").write_text("{}\n")
    make(tmp_path / "stack" / "providers.yaml")
    for probe in (ROOT / "cassettes" / "vllm").glob("*.yaml"):
        make(tmp_path / "recorded" / "vllm" / probe.name)
    result = sixgates(*command, folder=tmp_path)
    assert result.returncode in {1, 2}
    said = result.stdout + result.stderr
    assert "Traceback" not in said
    if command[0] not in {"drift", "known", "demo", "record"}:
        assert got in said or (kind == "a loop" and "no such file" in said)


@pytest.mark.parametrize("kind", KINDS)
def test_a_run_does_not_wait_for_its_baseline(kind: str, pytester: pytest.Pytester) -> None:
    make, got = KINDS[kind]
    make(pytester.path / "x")
    suite = ["--pyargs", "sixgates.suites", "-m", "schema", "--gateway-config", str(ROOT / "config")]
    result = pytester.runpytest_subprocess(*suite, "--gates-report", "r", "--baseline", "x", timeout=30)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert got in result.stderr.str()
    assert "Traceback" not in result.stdout.str() + result.stderr.str()


def report_text(pytester: pytest.Pytester) -> str:
    """A report as a run writes it."""
    suite = ["--pyargs", "sixgates.suites", "-m", "schema", "--gateway-config", str(ROOT / "config")]
    assert pytester.runpytest_subprocess(*suite, "--gates-report", "r").ret == 0
    return (pytester.path / "r" / "gates.json").read_text("utf-8")


def test_what_json_of_others_holds_is_refused_in_one_line(pytester: pytest.Pytester) -> None:
    """Not a number, infinities however they are written, and halves of characters, in each kind of place."""
    document = json.loads(report_text(pytester))
    for value in (
        "NaN",
        "Infinity",
        "-Infinity",
        "1e999",
        '"\\ud800"',
        '{"\\udfff": 1}',
        "[" * 5000 + "]" * 5000,
    ):
        for place in ("run", "footer", "more"):
            target = document.setdefault(place, {})
            text = json.dumps({**document, place: {**target, "duration_s": "HERE"}}).replace('"HERE"', value)
            (pytester.path / "x.json").write_text(text)
            for more in ([], ["--output", "out"]):
                result = sixgates("report", "x.json", *more, folder=pytester.path)
                assert result.returncode == 2, (value, place, result.stdout)
                assert result.stderr.startswith("sixgates: x.json: ")
                assert "Traceback" not in result.stderr
                assert result.stderr.count("\n") == 1
