"""Judges each provider whose address is given, as a run does, and prints the peak of its memory in bytes."""

import resource
import sys
import tempfile
from pathlib import Path

from sixgates import capability, catalogue
from sixgates.judge import Judgement, Subject
from sixgates.sources import cassette
from sixgates.sources.live import Target, fetch


def peak() -> int:
    """The peak of this process alone: on Linux `ru_maxrss` starts at the peak of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM:"))
        return int(line.split()[1]) * 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


known = catalogue.load()
for url in sys.argv[1:]:
    with tempfile.TemporaryDirectory() as folder:
        found = fetch(Target("monster", url, "m", "sk-a-key", deadline_s=2.0), known.probes())
        label = cassette.Label("monster", "vllm", "", "m", "2026-01-01")
        cassette.save(Path(folder), label, "http://127.0.0.1", known.probes(), found)
        answers = cassette.answers(Path(folder), "monster", known.probes())[1]
        subject = Subject("monster", "m", frozenset(capability.CAPABILITIES))
        Judgement(known, subject, answers).verdicts()
print(peak())
