"""The demonstration: two llama.cpp servers behind a LiteLLM proxy, judged by all six gates, live."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path

from sixgates.config import load_stack
from sixgates.config.compile import compile_gateway
from sixgates.config.yaml_file import MAX_BYTES
from sixgates.engines import cache
from sixgates.engines.installation import install
from sixgates.engines.process import EngineError, free_port, guarded
from sixgates.engines.ready import await_ready, warm_up
from sixgates.engines.recording import run_pytest
from sixgates.engines.running import running
from sixgates.engines.steps import Report
from sixgates.inputs.file import UnreadableError, read_bytes

ENGINE = "llama_cpp_portable"
MODEL = "smollm2"
EXAMPLE = Path("examples/embedded")
WORK = Path(".sixgates/embedded")
# The addresses that the example's files name; each run puts free ports in their place.
WRITTEN = {"llama_cpp_a": "http://127.0.0.1:8081", "llama_cpp_b": "http://127.0.0.1:8082"}


def judge_embedded(
    example: Path = EXAMPLE, *, gates_report: Path = Path("gates-report"), report: Report = print
) -> int:
    """Starts the example stack, runs every gate against it, stops it, and returns pytest's exit status."""
    if not (example / "providers.yaml").is_file():
        raise EngineError(
            f"{example}/providers.yaml is not there; run this in a clone of sixgates, or say --example DIR."
        )
    litellm = install("litellm", report=report).bin / "litellm"
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(running(ENGINE, model_alias=MODEL, report=report)) for _ in WRITTEN]
        addresses = dict(zip(WRITTEN.values(), (server.url for server in servers), strict=True))
        for server in servers:
            warm_up(server.url, MODEL)
        config = write_config(example, WORK / "config", addresses)
        url = stack.enter_context(_gateway(litellm, config, report))
        report(f"judging six gates on {', '.join(addresses.values())} and the gateway {url}…")
        return run_pytest(
            *_suites(),
            *("--live", "--gateway-config", str(config), "--gateway-url", url),
            *("--litellm", str(litellm), "--gates-report", str(gates_report)),
        )


def write_config(example: Path, folder: Path, addresses: Mapping[str, str]) -> Path:
    """A copy of the example with the real addresses, its gateway file compiled anew from it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in sorted(example.glob("*.yaml")):
        try:
            text = read_bytes(source, MAX_BYTES).decode("utf-8")
        except (UnreadableError, UnicodeDecodeError) as error:
            raise EngineError(f"cannot read {source}: {error}") from error
        for written, real in addresses.items():
            text = text.replace(written, real)
        (folder / source.name).write_text(text, encoding="utf-8")
    compiled = compile_gateway(load_stack(folder))
    (folder / "litellm-unified.yaml").write_text(compiled.text, encoding="utf-8")
    return folder


@contextlib.contextmanager
def _gateway(litellm: Path, config: Path, report: Report) -> Iterator[str]:
    port, log = free_port(), cache.log("embedded-litellm")
    # The gate that asks the running gateway takes its key from the same variable.
    os.environ.setdefault("LITELLM_MASTER_KEY", f"sk-{secrets.token_urlsafe(24)}")
    argv = [
        *(str(litellm), "--config", str(config / "litellm-unified.yaml"), "--host", "127.0.0.1"),
        *("--port", str(port), "--num_workers", "1", "--telemetry", "False"),
    ]
    report(f"litellm: starting on port {port}…")
    with guarded(argv, log, env={"LITELLM_LOCAL_MODEL_COST_MAP": "True"}) as child:
        url = f"http://127.0.0.1:{port}"
        seconds = await_ready("litellm", child, f"{url}/health/readiness", 90, log)
        report(f"litellm: ready after {seconds:.0f} s on {url} (log {log})")
        yield url


def _suites() -> tuple[str, ...]:
    clone = ("unit", "contracts", "integration")
    return clone if all(Path(name).is_dir() for name in clone) else ("--pyargs", "sixgates.suites")
