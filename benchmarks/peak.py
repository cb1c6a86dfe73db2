"""Runs pytest with the arguments given; its last line is the peak of this process's own memory, in bytes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest


def peak() -> int:
    """On Linux `ru_maxrss` starts at the peak of the process that started this one, VmHWM does not."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    status = pytest.main()
    print(peak())
    sys.exit(status)
