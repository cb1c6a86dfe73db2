"""Progress while a run asks: on a terminal one line that is written anew, elsewhere now and then a line."""

from __future__ import annotations

import contextlib
import json
import os
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from sixgates.board import SAID, State, states
from sixgates.visible import inert, visible

TICK_S = 0.25
QUIET_S = 1.0
"""A terminal on which others write is left to them."""
EVERY_S = 15.0
EVERY_S_IF_QUIET = 60.0
SLOW_S = 2.0
MOST_SHOWN = 3
_CLEAR = "\r\x1b[K"
_DEFAULT_WIDTH = 80


def told(found: Sequence[State], now: float) -> str:
    """What is under way, in one line: how far it is, how long it takes, and what it waits for."""
    shown = [_told(state, now) for state in found[:MOST_SHOWN]]
    if (left := len(found) - MOST_SHOWN) > 0:
        shown.append(f"{left} more")
    return "; ".join(shown)


def _told(state: State, now: float) -> str:
    of = f" of {state.total}" if state.total else ""
    said = f"{state.subject}: {state.done}{of} {state.unit}, {max(now - state.began, 0):.0f} s"
    if not state.waiting:
        return said
    name, since = min(state.waiting.items(), key=lambda one: one[1])
    if now - since < SLOW_S:
        return said
    more = f" and {len(state.waiting) - 1} more" if len(state.waiting) > 1 else ""
    return f"{said}, waits {now - since:.0f} s for {name}{more}"


class Printer:
    """Prints what all processes of a run have under way and what they say, past the capture of pytest.

    `rewrites` is for a terminal; else a line comes every `every_s` seconds, or never where that is None.
    """

    def __init__(
        self,
        stream: TextIO,
        folder: Path,
        *,
        rewrites: bool = False,
        every_s: float | None = EVERY_S,
    ) -> None:
        self.stream, self.folder = stream, folder
        self.rewrites, self.every_s = rewrites, every_s
        self._lock = threading.RLock()
        self._heard = 0  # bytes of what others said
        self._clean = False  # whether the cursor stands at the beginning of a line
        self._drawn = False
        self._last: float | None = None
        self._others_at = 0.0

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Show progress from a thread while a block lasts."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(TICK_S):
                self.tick()

        thread = threading.Thread(target=watch, name="sixgates-progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()
            self.rest()

    def tick(self) -> None:
        """Print what is due now."""
        with self._lock:
            self._hear()
            now = time.time()
            found = states(self.folder) if self.rewrites or self.every_s is not None else []
            if not found:
                self._hide()
            elif self.rewrites:
                if now - self._others_at >= QUIET_S:
                    self._draw(told(found, now))
            elif self._last is None:
                self._last = now
            elif self.every_s is not None and now - self._last >= self.every_s:
                self.say(told(found, now))
                self._last = now

    def rest(self) -> None:
        """Print what is left to say, and leave a clean line."""
        with self._lock:
            self._hear()
            self._hide()

    def say(self, text: str) -> None:
        """Print a line of its own."""
        with self._lock:
            self._hide()
            start = "" if self._clean else "\n"
            self._put(f"{start}[sixgates] {self._shown(text)}\n")
            self._clean = True
            self._last = time.time()

    def others_write(self) -> None:
        """Make room for what pytest is about to write."""
        with self._lock:
            self._hide()
            self._clean = False
            self._others_at = time.time()

    def _hear(self) -> None:
        try:
            with (self.folder / SAID).open("rb") as file:
                file.seek(self._heard)
                new = file.read()
        except OSError:
            return
        whole = new[: new.rfind(b"\n") + 1]
        self._heard += len(whole)
        for line in whole.splitlines():
            self.say(json.loads(line))

    def _draw(self, text: str) -> None:
        start = "" if self._clean or self._drawn else "\n"
        line = f"[sixgates] {self._shown(text)}"
        self._put(f"{start}{_CLEAR}{line[: self._width() - 1]}")
        self._drawn = True

    def _hide(self) -> None:
        if self._drawn:
            self._put(_CLEAR)
            self._drawn, self._clean = False, True

    def _shown(self, text: str) -> str:
        return inert(visible(text))

    def _width(self) -> int:
        try:
            return os.get_terminal_size(self.stream.fileno()).columns or _DEFAULT_WIDTH
        except (OSError, ValueError):
            return _DEFAULT_WIDTH

    def _put(self, text: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # a terminal that is gone
            self.stream.write(text)
            self.stream.flush()
