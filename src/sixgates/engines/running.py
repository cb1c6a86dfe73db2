"""Starts an installed engine for as long as a `with` block lasts."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sixgates.engines import cache
from sixgates.engines.installation import install
from sixgates.engines.process import EngineError, free_port, guarded
from sixgates.engines.ready import await_ready
from sixgates.engines.registry import Engine
from sixgates.engines.steps import HERE, Report

TEMPLATE = HERE / "chatml-tools.jinja"


@dataclass(frozen=True, slots=True)
class RunningEngine:
    """A server that answers; `pid` is its guard, whose end is the end of every process of the engine."""

    engine: Engine
    url: str
    pid: int
    log_path: Path
    ready_s: float

    @property
    def version(self) -> str:
        """The version that the registry pins."""
        return self.engine.version


@contextlib.contextmanager
def running(
    name: str,
    *,
    report: Report = print,
    port: int | None = None,
    model_alias: str = "smollm2",
    chat_template: Path = TEMPLATE,
    extra_args: Sequence[str] = (),
    key: str | None = None,
) -> Iterator[RunningEngine]:
    """Installs the engine when needed and starts it until the block is left; raises EngineError.

    With a `key` the engine asks every client for it.
    """
    found = install(name, report=report)
    engine = found.engine
    if not engine.argv:
        raise EngineError(
            f"{name} is only installed, in {found.folder}; it is not an engine that can be started."
        )
    if key is not None and engine.key_env is None:
        raise EngineError(f"{name} cannot be told to ask for a key; choose another engine.")
    port = free_port() if port is None else port
    places = {need: str(cache.folder(need)) for need in engine.needs}
    argv = [
        part.format(
            here=found.folder,
            scripts=HERE / "scripts",
            port=port,
            alias=model_alias,
            template=chat_template,
            **places,
        )
        for part in engine.argv
    ]
    log, url = cache.log(f"{name}-{port}"), f"http://127.0.0.1:{port}"
    report(f"{name}: starting on port {port}…")
    env = dict(engine.env) | ({engine.key_env: key} if key and engine.key_env else {})
    with guarded([*argv, *extra_args], log, env=env) as child:
        seconds = await_ready(name, child, url + engine.ready, engine.patience_s, log, key)
        report(f"{name}: ready after {seconds:.0f} s on {url} (log {log})")
        yield RunningEngine(engine, url, child.pid, log, seconds)
