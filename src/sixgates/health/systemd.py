"""Whether a provider's systemd unit is active, asked of the user's manager first and of the system's next."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from sixgates.config import Provider

_BOOTED = Path("/run/systemd/system")
_PATIENCE_S = 10


@dataclass(frozen=True, slots=True)
class Unit:
    """What systemd says of one unit; `missing` says why nothing could be asked."""

    name: str
    state: str = ""
    scope: str = "--user"
    missing: str = ""

    @property
    def active(self) -> bool:
        """Whether the unit runs."""
        return self.state.split(" ")[0] == "active"


def unit_of(provider: Provider) -> str:
    """The unit's name from `service`, or from the file name of `service_file`; empty when none is named."""
    named = provider.service or PurePosixPath(provider.service_file or "").name
    return named if not named or "." in named else f"{named}.service"


def ask(name: str, booted: Path = _BOOTED) -> Unit:
    """The unit's state; never raises, and ends within seconds."""
    if not shutil.which("systemctl") or not booted.exists():
        return Unit(name, missing="systemd does not run on this machine")
    last = Unit(name, missing="systemctl did not answer")
    for scope in ("--user", "--system"):
        found = _show(name, scope)
        if found.state and not found.state.startswith("not-found"):
            return found
        last = found if found.state or not last.state else last
    return last


def _show(name: str, scope: str) -> Unit:
    properties = "--property=LoadState,ActiveState,SubState"
    try:
        done = subprocess.run(  # noqa: S603 - the unit's name is one argument after `--`
            ["systemctl", scope, "show", properties, "--", name],  # noqa: S607 - the user's PATH decides
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Unit(name, scope=scope, missing=f"systemctl {scope} failed: {type(error).__name__}")
    said = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    if done.returncode or "ActiveState" not in said:
        return Unit(name, scope=scope, missing=f"systemctl {scope} failed: {done.stderr.strip()[:120]}")
    if said.get("LoadState") == "not-found":
        return Unit(name, "not-found", scope)
    return Unit(name, f"{said['ActiveState']} ({said.get('SubState', '')})", scope)
