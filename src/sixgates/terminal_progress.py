"""Where the progress of a pytest run goes: past pytest's capture, by one process, as loud as the run may be."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from contextlib import ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from sixgates import progress
from sixgates.masked_output import mask_of
from sixgates.progress import Printer

if TYPE_CHECKING:
    from sixgates.run import Run

FOLDER = "under-way"
_PRINTER = pytest.StashKey[Printer]()
_WATCHING = pytest.StashKey[ExitStack]()


def begin(config: pytest.Config, workdir: Path) -> None:
    """Print from now on; the controller of xdist prints all the time what its workers have under way."""
    if _PRINTER in config.stash:
        return
    printer = config.stash[_PRINTER] = _printer(config, workdir / FOLDER)
    watching = config.stash[_WATCHING] = ExitStack()
    if config.pluginmanager.hasplugin("dsession"):
        watching.enter_context(printer.watching())


def attach(config: pytest.Config, run: Run) -> None:
    """Have a run tell what it has under way."""
    board = run.board
    board.mask = mask_of(config)
    board.folder = run.workdir / FOLDER
    with contextlib.suppress(OSError):
        board.folder.mkdir(exist_ok=True)
    if not hasattr(config, "workerinput"):
        begin(config, run.workdir)
        board.printer = config.stash[_PRINTER]


def make_room(config: pytest.Config) -> None:
    """Clear the line on which pytest is about to write."""
    if _PRINTER in config.stash:
        config.stash[_PRINTER].others_write()


def end(config: pytest.Config) -> None:
    """Print what is left to say, and nothing more."""
    if _WATCHING in config.stash:
        config.stash[_WATCHING].close()


def _printer(config: pytest.Config, folder: Path) -> Printer:
    stream = _past_capture(config)
    loud = config.get_verbosity() if config.pluginmanager.hasplugin("terminalreporter") else -2
    every_s = None if loud < -1 else progress.EVERY_S_IF_QUIET if loud < 0 else progress.EVERY_S
    return Printer(stream, folder, rewrites=loud >= -1 and _is_rewritten(stream), every_s=every_s)


def _is_rewritten(stream: TextIO) -> bool:
    """Whether a person looks on: what CI shows as a terminal ends as a log."""
    return stream.isatty() and os.environ.get("TERM", "dumb") != "dumb" and not os.environ.get("CI")


def _past_capture(config: pytest.Config) -> TextIO:
    """Standard error as it is outside of tests, for as long as the run lasts."""
    capture: Any = config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
        try:
            number = os.dup(sys.stderr.fileno())
        except (AttributeError, OSError, ValueError):
            return sys.stderr or io.StringIO()
    stream = open(number, "w", encoding="utf-8", errors="backslashreplace")  # noqa: SIM115, PTH123
    config.add_cleanup(stream.close)
    return stream
