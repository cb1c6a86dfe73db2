"""A run's folder in the temporary directory: marked as in use, and cleared when its owner is gone.

Everyone who uses a folder holds a shared lock on a file in it, which the kernel drops when the process ends, by
whatever signal. Whoever gets the lock alone knows that nobody is left.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

PREFIX = "sixgates-"
OWNER = ".in-use"
_LOOKS, _PAUSE_S = 100, 0.01
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)
_held: dict[Path, int] = {}
_mine: set[Path] = set()


def make(prefix: str = PREFIX) -> Path:
    """A new folder of this process; those that dead processes of this user left are cleared first."""
    clear_abandoned()
    with _signals_waiting():
        folder = Path(tempfile.mkdtemp(prefix=prefix))
        _mark(folder)
        _own(folder)
    return folder


def place(name: str) -> Path:
    """Where the folder of this name is, or will be."""
    return Path(tempfile.gettempdir()) / name


def join(name: str, *, owns: bool) -> Path:
    """The folder of this name, made by whoever is first; the process that `owns` it removes it when it is ended."""
    folder = place(name)
    if not folder.exists():
        clear_abandoned()
    with _signals_waiting():
        try:
            folder.mkdir(mode=0o700)
        except FileExistsError:
            _hold_soon(folder)
        else:
            _mark(folder)
        if owns:
            _own(folder)
    return folder


def _mark(folder: Path) -> None:
    unmarked = folder / f"{OWNER}.new"
    unmarked.touch(0o600)
    _lock(folder, unmarked)
    unmarked.rename(folder / OWNER)  # locked before it has this name, so that nobody finds it free


def _own(folder: Path) -> None:
    _mine.add(folder)
    _clear_on_signals()


def _hold_soon(folder: Path) -> None:
    """Hold a folder that another process is making at this moment."""
    for _ in range(_LOOKS):
        if (folder / OWNER).exists():
            break
        time.sleep(_PAUSE_S)
    hold(folder)


def hold(folder: Path) -> None:
    """Mark a folder of another process as used by this one too, as xdist's workers do."""
    if folder in _held:
        return
    with contextlib.suppress(OSError):
        _lock(folder, folder / OWNER)


def remove(folder: Path) -> None:
    """Remove a folder of this process and its mark; what cannot be removed now, a later run clears."""
    _delete(folder)
    _mine.discard(folder)
    if folder in _held:
        os.close(_held.pop(folder))
    if not _mine and threading.current_thread() is threading.main_thread():
        for number in _SIGNALS:
            if signal.getsignal(number) is ended:
                signal.signal(number, signal.SIG_DFL)


@contextlib.contextmanager
def work_folder(prefix: str = PREFIX) -> Iterator[Path]:
    """A folder for as long as a `with` block lasts."""
    folder = make(prefix)
    try:
        yield folder
    finally:
        remove(folder)


def clear_abandoned() -> None:
    """Remove the marked folders that nobody uses; never one of another user, nor what a link leads to."""
    parent = Path(tempfile.gettempdir())
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(parent)):
            if entry.name.startswith(PREFIX) and entry.is_dir(follow_symlinks=False):
                _clear(Path(entry.path))


def _clear(folder: Path) -> None:
    try:
        status = folder.lstat()
        if not stat.S_ISDIR(status.st_mode) or status.st_uid != os.geteuid():
            return
        mark = os.open(folder / OWNER, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return
    try:
        if stat.S_ISREG(os.fstat(mark).st_mode):
            fcntl.flock(mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _delete(folder)
    except OSError:
        pass  # somebody uses it
    finally:
        os.close(mark)


def _lock(folder: Path, mark: Path) -> None:
    descriptor = os.open(mark, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    _held[folder] = descriptor


def _delete(folder: Path) -> None:
    """The mark goes last: a folder that loses it is one that nobody clears."""
    with contextlib.suppress(OSError):
        for entry in list(os.scandir(folder)):
            if entry.name == OWNER:
                continue
            if entry.is_dir(follow_symlinks=False):
                shutil.rmtree(entry.path, ignore_errors=True)
            else:
                Path(entry.path).unlink(missing_ok=True)
        if [entry.name for entry in os.scandir(folder)] in ([], [OWNER]):
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def _signals_waiting() -> Iterator[None]:
    """A signal between a folder and its mark would leave one that nobody clears."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _clear_on_signals() -> None:
    """Only where nobody else wants the signal: a handler of the user's, or `nohup`, stays as it is."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in _SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, ended)


def ended(number: int, _frame: FrameType | None) -> None:
    """Clear, and end as if there were no handler: the status says which signal it was."""
    for folder in list(_mine):
        _delete(folder)
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
