"""The proxy is found or its absence explained, sees no real key, and leaves nothing behind."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from sixgates.gateway.locate import NEXT_STEPS, find_litellm
from sixgates.gateway.proxy import Proxy, ProxyFailedError, child_environment, redacted
from sixgates.gateway.rehearsal import configured_retries, rehearse, stand_in_secrets
from sixgates.verdict import Cause

SERVER = """
import http.server, os, subprocess, sys
child = subprocess.Popen(["sleep", "300"])
open("pids", "w").write(f"{os.getpid()} {child.pid}")
class Ready(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.HTTPServer(("127.0.0.1", port), Ready).serve_forever()
"""


def command(folder: Path, code: str) -> Path:
    path = folder / "litellm"
    path.write_text(f"#!{sys.executable}\n{code}")
    path.chmod(0o755)
    return path


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_the_search_goes_from_what_was_told_to_what_was_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Option, variable, PATH, this environment, installer's cache: the first that is there."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "bin" / "python"))
    places = [tmp_path / name for name in ("option", "variable", "path", "bin", "home/engines/litellm/bin")]
    for place in places:
        place.mkdir(parents=True)
    told, variable, on_path, here, installed = (command(place, "") for place in places)
    environ = {
        "SIXGATES_LITELLM": str(variable),
        "PATH": str(on_path.parent),
        "SIXGATES_HOME": str(tmp_path / "home"),
    }
    assert find_litellm(str(told), environ) == told
    assert find_litellm(None, environ) == variable
    assert find_litellm(None, {**environ, "SIXGATES_LITELLM": ""}) == on_path
    on_path.unlink()
    assert find_litellm(None, {**environ, "SIXGATES_LITELLM": ""}) == here
    here.unlink()
    assert find_litellm(None, {**environ, "SIXGATES_LITELLM": ""}) == installed


def test_a_missing_litellm_says_where_it_was_sought_and_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cause names every place and three ways out."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    cause = find_litellm(None, {"PATH": "", "SIXGATES_HOME": str(tmp_path)})
    looked = f"PATH, {tmp_path}/litellm, {tmp_path}/engines/litellm/bin/litellm"
    assert cause == Cause("litellm-missing", f"no litellm command found (looked at {looked})", NEXT_STEPS)
    assert [step for step in NEXT_STEPS if "sixgates engine litellm --install-only" in step]
    assert [step for step in NEXT_STEPS if "pip install 'sixgates[gateway]'" in step]
    assert [step for step in NEXT_STEPS if "--litellm PATH" in step]


@pytest.mark.parametrize(("source", "option"), [("--litellm", True), ("SIXGATES_LITELLM", False)])
def test_a_told_path_is_not_replaced_by_another(tmp_path: Path, source: str, option: bool) -> None:
    """Who names a command wants that one: a wrong path is said, not worked around."""
    missing = str(tmp_path / "nothing")
    found = find_litellm(missing if option else None, {} if option else {"SIXGATES_LITELLM": missing})
    assert isinstance(found, Cause)
    assert found.summary == f"{source} names {missing}, which is not a file"
    plain = tmp_path / "plain"
    plain.write_text("")
    found = find_litellm(str(plain), {})
    assert isinstance(found, Cause)
    assert found.summary == f"--litellm names {plain}, which is not executable"


def test_the_proxy_and_its_children_end_with_the_block(tmp_path: Path) -> None:
    """The whole process group is gone when the block is left."""
    with Proxy(command(tmp_path, SERVER), {}, tmp_path / "work", {}) as proxy:
        pids = [int(pid) for pid in (tmp_path / "work" / "pids").read_text().split()]
        assert all(alive(pid) for pid in pids)
        arguments = Path(f"/proc/{pids[0]}/cmdline").read_bytes().decode()
        assert proxy.key not in arguments
    deadline = time.monotonic() + 5
    while any(alive(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(alive(pid) for pid in pids)


def test_a_proxy_that_ends_at_start_shows_its_log_without_secrets(tmp_path: Path) -> None:
    """The cause carries the exit code and the end of the log; keys in it are redacted."""
    code = (
        "import os; print('bad config', os.environ['LITELLM_MASTER_KEY'], 'sk-canary'); raise SystemExit(3)"
    )
    proxy = Proxy(command(tmp_path, code), {}, tmp_path / "work", {})
    with pytest.raises(ProxyFailedError) as caught, proxy:
        pass
    cause = caught.value.cause
    expected = (
        "LiteLLM ended with exit code 3 at start; the end of its log:\nbad config [redacted] [redacted]"
    )
    assert (cause.key, cause.summary) == ("litellm-start", expected)


def test_a_proxy_that_is_never_ready_is_given_up(tmp_path: Path) -> None:
    """The deadline ends the wait."""
    proxy = Proxy(command(tmp_path, "import time; time.sleep(60)"), {}, tmp_path / "work", {}, start_s=0.5)
    with (
        pytest.raises(ProxyFailedError, match=r"LiteLLM was not ready within 0\.5 s; it printed nothing"),
        proxy,
    ):
        pass


def test_no_key_of_the_user_reaches_the_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only harmless variables are inherited; what the config refers to gets a stand-in."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "HTTPS_PROXY", "DATABASE_URL"):
        monkeypatch.setenv(name, "sk-canary")
    config = {"model_list": [{"litellm_params": {"api_key": "os.environ/OPENAI_API_KEY"}}]}
    environ = child_environment(stand_in_secrets(config), "sk-master")
    assert "sk-canary" not in environ.values()
    assert environ["OPENAI_API_KEY"] == "stand-in-for-OPENAI_API_KEY"
    assert environ["LITELLM_MASTER_KEY"] == "sk-master"
    assert environ["PATH"] == os.environ["PATH"]


def test_redaction_takes_given_keys_and_what_looks_like_one() -> None:
    """A log line may hold the master key, another key, or a bearer token."""
    assert redacted("a topsecret b Bearer abc.def c sk-1234 d", "topsecret") == (
        "a [redacted] b [redacted] c [redacted] d"
    )


def test_the_rehearsed_config_keeps_routes_and_drops_waits_and_side_effects() -> None:
    """Waits, retries, limits, cache, callbacks and database go; names, weights and chains stay."""
    config: dict[str, Any] = {
        "model_list": [{"model_name": "a", "litellm_params": {"model": "m", "weight": 0.5, "timeout": 600}}],
        "router_settings": {
            "fallbacks": [{"a": ["b"]}], "num_retries": 3, "cooldown_time": 60, "allowed_fails": 1,
            "redis_host": "r", "routing_strategy": "simple-shuffle", "optional_pre_call_checks": ["x"],
        },
        "litellm_settings": {"cache": True, "success_callback": ["langfuse"], "drop_params": True},
        "general_settings": {"database_url": "postgres://", "master_key": "sk-real"},
    }  # fmt: skip
    made = rehearse(config)
    assert made["model_list"] == [{"model_name": "a", "litellm_params": {"model": "m", "weight": 0.5}}]
    assert made["router_settings"] == {
        "fallbacks": [{"a": ["b"]}], "routing_strategy": "simple-shuffle", "timeout": 3.0,
        "stream_timeout": 3.0, "num_retries": 0, "disable_cooldowns": True, "enable_pre_call_checks": False,
    }  # fmt: skip
    assert made["litellm_settings"] == {"drop_params": True, "request_timeout": 3.0, "telemetry": False}
    assert made["general_settings"] == {"master_key": "os.environ/LITELLM_MASTER_KEY"}
    assert configured_retries(config) == 3
    assert configured_retries({}) == 2
    assert config["model_list"][0]["litellm_params"]["timeout"] == 600
