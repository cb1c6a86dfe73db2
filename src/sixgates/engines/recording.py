"""Records one provider's contract exchanges from a real engine that is started for it."""

from __future__ import annotations

import os
import secrets
import signal
import sys
from pathlib import Path
from typing import Any

import yaml

from sixgates.config.yaml_file import MAX_BYTES
from sixgates.engines.process import EngineError, guarded
from sixgates.engines.ready import warm_up
from sixgates.engines.running import RunningEngine, running
from sixgates.engines.steps import Report
from sixgates.inputs.file import Obstacle, UnreadableError, read_bytes
from sixgates.work_folder import work_folder


def record(
    provider: str,
    config: Path,
    *,
    engine: str | None = None,
    into: Path | None = None,
    report: Report = print,
) -> int:
    """Starts the engine, runs the contracts with `--record` against it, and returns pytest's exit status.

    The recording goes into the provider's folder below `into`, or below the usual one.
    """
    entry = _entry(provider, config)
    variable = entry.get("api_key_env")
    key = secrets.token_urlsafe(24) if variable else None
    if key is not None:
        os.environ[str(variable)] = key
    model = _model(provider, entry)
    with (
        work_folder("sixgates-record-") as folder,
        running(engine or provider, model_alias=model, report=report, key=key) as server,
    ):
        write_config(folder, provider, entry, server, config)
        warm_up(server.url, model, key)
        return run_pytest(
            *("contracts", "--live", "--record", "--provider", provider, "--gateway-config", str(folder)),
            *(() if into is None else ("--cassettes", str(into))),
        )


def write_config(
    folder: Path, provider: str, entry: dict[str, Any], server: RunningEngine, config: Path
) -> None:
    """A stack of this provider alone, at the engine's real address and with its version."""
    served = {**entry, "base_url": server.url, "status": "active", "engine_version": server.version}
    _write(folder / "providers.yaml", {"providers": {provider: served}})
    _write(folder / "model-mappings.yaml", {"exact_matches": {}})
    declared = _read(config / "deviations.yaml").get("deviations") or []
    mine = [each for each in declared if isinstance(each, dict) and each.get("provider") == provider]
    _write(folder / "deviations.yaml", {"deviations": mine})


def run_pytest(*arguments: str) -> int:
    """pytest in a process of its own, its output beside ours; Ctrl-C lets it write its report."""
    argv = [sys.executable, "-m", "pytest", *arguments]
    with guarded(argv, None, gently=signal.SIGINT) as child:
        return child.wait()


def _entry(provider: str, config: Path) -> dict[str, Any]:
    if not (config / "providers.yaml").is_file():
        raise EngineError(
            f"{config / 'providers.yaml'} does not exist; name its folder: --gateway-config DIR."
        )
    providers = _read(config / "providers.yaml").get("providers") or {}
    if provider not in providers:
        known = ", ".join(providers) or "none"
        raise EngineError(f"{config / 'providers.yaml'} has no provider {provider!r}. It has: {known}.")
    entry: dict[str, Any] = providers[provider]
    return entry


def _model(provider: str, entry: dict[str, Any]) -> str:
    models = entry.get("models") or []
    first = models[0] if models else None
    name = first.get("name") if isinstance(first, dict) else first
    if not isinstance(name, str):
        raise EngineError(f"provider {provider} lists no model; add the one that the engine is to serve.")
    return name


def _read(path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(read_bytes(path, MAX_BYTES))
    except UnreadableError as error:
        if error.obstacle is Obstacle.MISSING:
            return {}
        raise EngineError(f"cannot read {path}: {error}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise EngineError(f"cannot read {path}: {error}") from error
    return content if isinstance(content, dict) else {}


def _write(path: Path, content: dict[str, Any]) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
