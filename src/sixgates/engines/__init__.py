"""Real engines for recordings and live runs: installed once outside the repository, started on demand."""

from sixgates.engines.installation import Installed, install, installed
from sixgates.engines.process import EngineError
from sixgates.engines.registry import ENGINES, Engine
from sixgates.engines.running import RunningEngine, running

__all__ = [
    "ENGINES",
    "Engine",
    "EngineError",
    "Installed",
    "RunningEngine",
    "install",
    "installed",
    "running",
]
