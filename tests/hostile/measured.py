"""Judges each provider whose address is given, as a run does."""

import sys
import tempfile
from pathlib import Path

from sixgates import capability, catalogue
from sixgates.judge import Judgement, Subject
from sixgates.sources import cassette
from sixgates.sources.live import Target, fetch

known = catalogue.load()
for url in sys.argv[1:]:
    with tempfile.TemporaryDirectory() as folder:
        found = fetch(Target("monster", url, "m", "sk-a-key", deadline_s=2.0), known.probes())
        label = cassette.Label("monster", "vllm", "", "m", "2026-01-01")
        cassette.save(Path(folder), label, "http://127.0.0.1", known.probes(), found)
        answers = cassette.answers(Path(folder), "monster", known.probes())[1]
        subject = Subject("monster", "m", frozenset(capability.CAPABILITIES))
        Judgement(known, subject, answers).verdicts()
