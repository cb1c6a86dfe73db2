"""A recording that the disk refuses ends in one message, and the run stays red."""

from __future__ import annotations

from pathlib import Path

from sixgates.cases.contract import _judge
from sixgates.config import Model, Provider, ProviderType
from sixgates.contract import Contract
from sixgates.party import Party
from sixgates.sources.cassette import CassetteError
from sixgates.verdict import Outcome


class _FullDisk(Contract):
    def judgement(self) -> None:  # type: ignore[override]
        raise CassetteError("cassettes/p/chat.yaml: cannot be written: No space left on device")


def test_a_full_disk_is_a_cause_with_a_next_step(tmp_path: Path) -> None:
    """The file, what the disk said, and what to do; no traceback."""
    entry = Provider(type=ProviderType.VLLM, base_url="http://127.0.0.1:1", models=[Model(name="m")])
    verdict = _judge(_FullDisk(Party("p", entry), tmp_path, tmp_path), "chat.answered")
    assert (verdict.check, verdict.provider, verdict.outcome) == ("chat.answered", "p", Outcome.BLOCKED)
    assert verdict.cause is not None
    assert verdict.cause.summary == "cassettes/p/chat.yaml: cannot be written: No space left on device"
    assert verdict.cause.next_steps == (
        "free space there or make it writable, or name another folder with --cassettes DIR, and record again",
    )
