"""Reads a regular file of bounded size; of anything else it says what it is, and never waits for it.

The one exception is a pipe that the shell has opened for this process, as in `--env-file <(command)`: it is bounded
too, and has somebody who writes.
"""

from __future__ import annotations

import os
import stat
from enum import StrEnum
from pathlib import Path


class Obstacle(StrEnum):
    """Why a file was not read."""

    MISSING = "missing"
    NOT_A_FILE = "not a file"
    TOO_LARGE = "too large"
    REFUSED = "refused"


class UnreadableError(Exception):
    """What stands there instead of a file that can be read; `str()` completes "got …"."""

    def __init__(self, obstacle: Obstacle, got: str, size: int = 0) -> None:
        super().__init__(got)
        self.obstacle, self.size = obstacle, size


def read_bytes(path: Path, limit: int) -> bytes:
    """The content of a regular file of at most `limit` bytes; raises UnreadableError."""
    if path in _kept:
        return _kept[path]
    try:
        handed = _is_handed(path)
        _check(path.stat(), limit, handed=handed)
        # A pipe may take the file's place in between, and opening it would wait for a writer.
        flags = os.O_RDONLY | os.O_CLOEXEC | (0 if handed else os.O_NONBLOCK)
        with os.fdopen(os.open(path, flags), "rb") as stream:
            _check(os.fstat(stream.fileno()), limit, handed=handed)
            data = stream.read(limit + 1)
    except FileNotFoundError:
        raise UnreadableError(Obstacle.MISSING, "no such file") from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise UnreadableError(Obstacle.REFUSED, reason.lower()) from None
    if len(data) > limit:
        raise _too_large(len(data), limit, at_least=True)
    if handed:
        _kept[path] = data
    return data


_kept: dict[Path, bytes] = {}
"""What came through pipes of the shell, which can be read only once."""


def _is_handed(path: Path) -> bool:
    return path.parent.as_posix() in {"/dev/fd", "/proc/self/fd"} and path.is_fifo()


def _check(status: os.stat_result, limit: int, *, handed: bool) -> None:
    if not (stat.S_ISREG(status.st_mode) or handed):
        raise UnreadableError(Obstacle.NOT_A_FILE, _KINDS.get(stat.S_IFMT(status.st_mode), "no file"))
    if status.st_size > limit:
        raise _too_large(status.st_size, limit)


def _too_large(size: int, limit: int, *, at_least: bool = False) -> UnreadableError:
    said = f"{'at least ' * at_least}{size:,} bytes, more than {limit:,}"
    return UnreadableError(Obstacle.TOO_LARGE, said, size)


_KINDS = {
    stat.S_IFDIR: "a directory",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
