"""What a run has under way: told by whoever asks, to whoever prints, and kept for whoever judges an interrupted run.

All of it lies in the folder that the processes of a run share, so that nothing is lost with one of them.
"""

from __future__ import annotations

import contextlib
import json
import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from sixgates.verdict import Cause

STOPPED = Cause(
    "run-interrupted",
    "not asked: the run was interrupted",
    ("run it again to the end; what was answered before is judged",),
)

LOST = Cause(
    "worker-lost",
    "not asked: a worker process of the run was lost",
    ("run it again, without -n, and look at memory: journalctl -k | grep -i 'out of memory'",),
)


class Watch:
    """Is told of what goes out and of what came of it; this one does nothing with it."""

    def expects(self, total: int) -> None:
        """So many answers will come in all."""

    def begins(self, name: str) -> None:
        """This is waited for now."""

    def ends(self, name: str) -> None:
        """It is waited for no longer; it may be sent again."""

    def keeps(self, name: str, what: object) -> None:
        """This is what came of it."""


class Printing(Protocol):
    """Shows on the terminal what is under way."""

    def say(self, text: str) -> None:
        """A line of its own."""

    def watching(self) -> AbstractContextManager[None]:
        """Show progress while a block lasts."""


@dataclass(slots=True)
class State:
    """What one process has under way; times are seconds since the epoch, which all processes share."""

    subject: str
    unit: str
    total: int = 0
    done: int = 0
    began: float = field(default_factory=lambda: time.time())
    waiting: dict[str, float] = field(default_factory=dict)
    pid: int = field(default_factory=os.getpid)


class _UnderWay(Watch):
    """Writes the state at every change, and keeps what came in a journal."""

    def __init__(self, path: Path, state: State, journal: Path | None, mask: Callable[[str], str]) -> None:
        self.path, self.state, self.journal, self.mask = path, state, journal, mask
        self.kept: set[str] = set()
        self._write()

    def expects(self, total: int) -> None:
        self.state.total = total
        self._write()

    def begins(self, name: str) -> None:
        self.state.waiting[self.mask(name)] = time.time()
        self._write()

    def ends(self, name: str) -> None:
        self.state.waiting.pop(self.mask(name), None)
        self._write()

    def keeps(self, name: str, what: object) -> None:
        self.kept.add(name)
        self.state.done = len(self.kept)
        self._write()
        if self.journal is not None:
            with contextlib.suppress(OSError), self.journal.open("ab", buffering=0) as file:
                file.write(pickle.dumps((name, what)))  # at once: its writer may be killed at any moment

    def _write(self) -> None:
        with contextlib.suppress(OSError):  # a full disk costs the progress, not the run
            fresh = self.path.with_suffix(".new")
            fresh.write_text(json.dumps(asdict(self.state)), encoding="utf-8")
            fresh.replace(self.path)


@dataclass(slots=True)
class Board:
    """What a run has under way; without a folder nobody looks, and nothing is kept.

    `stopped` is set when the run was interrupted: from then on nothing is asked, and what was kept is judged.
    """

    folder: Path | None = None
    printer: Printing | None = None
    stopped: Cause | None = None
    mask: Callable[[str], str] = str

    @contextmanager
    def under_way(self, subject: str, unit: str, total: int = 0, journal: str = "") -> Iterator[Watch]:
        """Tell of what a block asks for; with a journal what came is kept beyond it."""
        if self.folder is None:
            yield Watch()
            return
        path = self.folder / f"{_file_name(f'{subject} {unit}')}.json"
        watch = _UnderWay(
            path,
            State(self.mask(subject), unit, total),
            self._journal(journal) if journal else None,
            self.mask,
        )
        try:
            with self.printer.watching() if self.printer else nullcontext():
                yield watch
        finally:
            with contextlib.suppress(OSError):
                path.unlink(missing_ok=True)

    def say(self, text: str) -> None:
        """Have a line printed: by this process, or by the one that has the terminal."""
        text = self.mask(text)
        if self.printer is not None:
            self.printer.say(text)
        elif self.folder is not None:
            with contextlib.suppress(OSError), (self.folder / SAID).open("a", encoding="utf-8") as file:
                file.write(json.dumps(text) + "\n")

    def kept(self, journal: str) -> Mapping[str, Any]:
        """What a journal holds, also where its writer was killed in the middle of it."""
        found: dict[str, Any] = {}
        if self.folder is None:
            return found
        # What follows half an entry may be read as anything, and raise anything.
        with contextlib.suppress(Exception), self._journal(journal).open("rb") as file:
            while True:
                # Written by a process of this run, in a folder that is its user's alone.
                name, found[name] = pickle.load(file)  # noqa: S301
        return found

    def _journal(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / f"{_file_name(name)}.kept"


SAID = "said"


def states(folder: Path) -> list[State]:
    """What is under way in all processes that live, by subject."""
    found = []
    for path in folder.glob("*.json"):
        with contextlib.suppress(OSError, ValueError, TypeError):
            state = State(**json.loads(path.read_text(encoding="utf-8")))
            if _lives(state.pid):
                found.append(state)
    return sorted(found, key=lambda state: (state.subject, state.unit))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _file_name(text: str) -> str:
    return quote(text, safe="")
