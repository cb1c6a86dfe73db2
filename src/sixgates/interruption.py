"""A run that is ended from outside: SIGTERM ends it as Ctrl-C does, and what it had gathered is judged."""

from __future__ import annotations

import signal
import threading
from collections.abc import Collection, Iterator, Mapping
from types import FrameType
from typing import TYPE_CHECKING

from sixgates import work_folder

if TYPE_CHECKING:
    from sixgates.cases import Case
    from sixgates.run import Run
    from sixgates.verdict import Cause, Gate, Key, Verdict


def ends_as_ctrl_c() -> bool:
    """Have SIGTERM, which cancels a job of CI, interrupt the run; where somebody else handles it, that stays."""
    if threading.current_thread() is not threading.main_thread():
        return False
    if signal.getsignal(signal.SIGTERM) not in (signal.SIG_DFL, work_folder.ended):
        return False
    signal.signal(signal.SIGTERM, _interrupt)
    return True


def undo() -> None:
    """Have SIGTERM end the process again."""
    if signal.getsignal(signal.SIGTERM) in (_interrupt, _wait):
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def let_it_end() -> None:
    """From here on SIGTERM waits: the report of an interrupted run is being written."""
    if signal.getsignal(signal.SIGTERM) is _interrupt:
        signal.signal(signal.SIGTERM, _wait)


def _interrupt(number: int, frame: FrameType | None) -> None:
    handler = signal.getsignal(signal.SIGINT)
    if callable(handler):  # asyncio's, while requests are under way
        handler(signal.SIGINT, frame)
    else:
        raise KeyboardInterrupt


def _wait(number: int, frame: FrameType | None) -> None:
    """Nothing: whoever is in a hurry sends SIGKILL next."""


def rest(
    run: Run, selected: Mapping[Gate, Collection[Key]], judged: Collection[tuple[Gate, Key]], why: Cause
) -> Iterator[Verdict]:
    """The verdicts of a run that was broken off which are still to be had, without asking anybody anything.

    What was answered is judged, the rest is BLOCKED. Cases that need nobody's answer stay unjudged.
    """
    from sixgates.cases.whole import FAMILIES
    from sixgates.config import ConfigError
    from sixgates.verdict import Gate

    asking = [Gate.INTEGRATION, *((Gate.CONTRACT, Gate.HEALTH) if run.live else ())]
    run.board.stopped = why
    for gate in (gate for gate in asking if selected.get(gate)):
        try:
            cases = {case.key: case for case in FAMILIES[gate](run)}
        except ConfigError:
            cases = {}
        for key in sorted(selected[gate]):
            if (gate, key) not in judged:
                yield _verdict(gate, key, cases.get(key), why)


def _verdict(gate: Gate, key: Key, case: Case | None, why: Cause) -> Verdict:
    from sixgates.verdict import Level, Outcome, Verdict

    provider, check = key
    blocked = Verdict(check, gate, Level.MUST, Outcome.BLOCKED, provider=provider or None, cause=why)
    if case is None:
        return blocked
    try:
        return case.judge()
    except Exception:  # noqa: BLE001 - what was broken off in the middle may be in any state
        return blocked
