"""Finds the `litellm` command that the integration gate runs and its version, or says how to get one."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from sixgates.engines.cache import home
from sixgates.verdict import Cause

KEY = "litellm-missing"
NEXT_STEPS = (
    "sixgates engine litellm --install-only   (an environment of its own, about 750 MB)",
    "or: pip install 'sixgates[gateway]'   (the same environment; needs openai < 3)",
    "or: pytest --litellm PATH, or SIXGATES_LITELLM=PATH, to name a litellm command that is already there",
)


def find_litellm(option: str | None = None, environ: Mapping[str, str] | None = None) -> Path | Cause:
    """The command to run: the option, SIXGATES_LITELLM, PATH, this environment, the installer's cache."""
    environ = os.environ if environ is None else environ
    for source, told in (("--litellm", option), ("SIXGATES_LITELLM", environ.get("SIXGATES_LITELLM"))):
        if told:
            return _told(source, Path(told).expanduser())
    on_path = shutil.which("litellm", path=environ.get("PATH", ""))
    candidates = [Path(on_path)] if on_path else []
    candidates += [Path(sys.executable).with_name("litellm"), installed_litellm(environ)]
    found = next((path for path in candidates if _executable(path)), None)
    if found:
        return found
    searched = ", ".join(["PATH", *(str(path) for path in candidates)])
    return Cause(KEY, f"no litellm command found (looked at {searched})", NEXT_STEPS)


def version_of(command: Path) -> str:
    """The version of the LiteLLM behind a command, from the name of its metadata; empty where that cannot be told.

    The environment is the one that the command lies in, or else the one of its interpreter; nothing is imported.
    """
    prefixes = [command.parent.parent, command.resolve().parent.parent, *_of_interpreter(command)]
    for prefix in dict.fromkeys(prefixes):
        for found in sorted(prefix.glob("lib*/python3*/site-packages/litellm-*.dist-info")):
            return found.name.removeprefix("litellm-").removesuffix(".dist-info")
    return ""


def _of_interpreter(command: Path) -> list[Path]:
    try:
        with command.open("rb") as script:
            first = script.readline(1000).decode(errors="replace")
    except OSError:
        return []
    interpreter = first.removeprefix("#!").split()[:1] if first.startswith("#!") else []
    return [Path(path).parent.parent for path in interpreter]


def installed_litellm(environ: Mapping[str, str]) -> Path:
    """Where `sixgates engine litellm` puts the command."""
    return home(environ) / "engines" / "litellm" / "bin" / "litellm"


def _told(source: str, path: Path) -> Path | Cause:
    if _executable(path):
        return path
    what = "is not executable" if path.is_file() else "is not a file"
    return Cause(KEY, f"{source} names {path}, which {what}", NEXT_STEPS)


def _executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)
