"""Installs engines into the cache, once; an installation that was interrupted is done anew."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sixgates.engines import cache
from sixgates.engines.process import EngineError
from sixgates.engines.registry import ENGINES, Engine
from sixgates.engines.steps import Build, Report

VENV = ("-m", "venv")


@dataclass(frozen=True, slots=True)
class Installed:
    """A complete installation: its folder is a virtual environment."""

    engine: Engine
    folder: Path

    @property
    def bin(self) -> Path:
        """The directory of the environment's commands."""
        return self.folder / "bin"


def engine_named(name: str) -> Engine:
    """The registry's entry; raises EngineError that lists the names there are."""
    if name not in ENGINES:
        raise EngineError(f"No engine is called {name!r}. There are: {', '.join(ENGINES)}.")
    return ENGINES[name]


def installed(name: str) -> Installed | None:
    """The engine where it is completely installed by today's recipe, else None."""
    engine = engine_named(name)
    if cache.stamped(name) != engine.recipe:
        return None
    return Installed(engine, cache.folder(name))


def install(name: str, *, report: Report) -> Installed:
    """The engine, installed now when it was not; two calls at once do it once. Raises EngineError."""
    engine = engine_named(name)
    needs = {need: install(need, report=report).folder for need in engine.needs}
    if found := installed(name):
        return found
    with _locked(name, report):
        # Whoever held the lock before may have done it.
        return installed(name) or _build(engine, needs, report)


@contextlib.contextmanager
def _locked(name: str, report: Report) -> Iterator[None]:
    from filelock import FileLock, Timeout  # `sixgates lint` loads this module too, and waits for no lock

    path = cache.home() / "engines" / f"{name}.lock"
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = FileLock(path)
    try:
        lock.acquire(timeout=0)
    except Timeout:
        report(f"{name}: another process is installing it; waiting for that to end…")
        lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _build(engine: Engine, needs: dict[str, Path], report: Report) -> Installed:
    folder, log = cache.folder(engine.name), cache.log(f"install-{engine.name}")
    begun = time.monotonic()
    if folder.exists():
        report(f"{engine.name}: what lies in {folder} is incomplete or of another version; starting anew")
        shutil.rmtree(folder)
    build = Build(engine.name, folder, log, report, needs)
    if engine.steps:
        build.command([sys.executable, *VENV, str(folder)], "making a virtual environment")
    else:
        folder.mkdir(parents=True)
    for step in engine.steps:
        step.run(build)
    cache.stamp(engine.name, engine.recipe)
    report(
        f"{engine.name}: installed in {time.monotonic() - begun:.0f} s, {_megabytes(folder)} MB in {folder}"
    )
    return Installed(engine, folder)


def _megabytes(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*")) // 1_000_000
