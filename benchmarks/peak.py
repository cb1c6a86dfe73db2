"""Runs a script, or -m and a module, with its arguments; the last line is the peak of its memory, in bytes."""

from __future__ import annotations

import resource
import runpy
import sys
from pathlib import Path


def peak() -> int:
    """On Linux `ru_maxrss` starts at the peak of the process that started this one, VmHWM does not."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    _, *sys.argv = sys.argv
    try:
        if sys.argv[0] == "-m":
            _, *sys.argv = sys.argv
            runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
        else:
            runpy.run_path(sys.argv[0], run_name="__main__")
    finally:
        print(peak())
