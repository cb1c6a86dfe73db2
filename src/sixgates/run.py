"""One run's options and the stack they point at; what every family of cases starts from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from sixgates.config import Stack, load_stack


@dataclass(frozen=True)
class Run:
    """What the command line asked for; `workdir` is shared by all workers of the run."""

    config_dir: Path
    cassettes: Path
    workdir: Path
    live: bool = False
    record: bool = False
    strict: bool = False
    only: tuple[str, ...] = ()
    gateway_url: str | None = None
    litellm: str | None = None
    base_url: str | None = None
    model: str | None = None
    api_key_env: str | None = None
    capabilities: tuple[str, ...] | None = None

    @cached_property
    def stack(self) -> Stack:
        """The configuration under test, read once; raises ConfigError when a file has not its shape."""
        return load_stack(self.config_dir)
