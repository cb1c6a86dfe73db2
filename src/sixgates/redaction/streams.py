"""A stream that masks secrets in what is written to it."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from typing import Any

from sixgates.redaction.masking import Redactor

_LONGEST_WAIT = 1_000_000


class RedactingStream:
    """Text goes on to another stream line by line, masked; the rest waits for the end of its line, or for a flush."""

    def __init__(self, stream: Any, redactor: Redactor) -> None:
        self._stream = stream
        self._redactor = redactor
        self._waiting = ""

    def write(self, text: str) -> int:
        """Write text; the number of its characters."""
        self._waiting += text
        whole, newline, rest = self._waiting.rpartition("\n")
        if newline or len(rest) > _LONGEST_WAIT:
            self._waiting = rest if newline else ""
            self._stream.write(self._redactor.text(f"{whole}{newline}" if newline else rest))
        return len(text)

    def flush(self) -> None:
        """Write what waits, too."""
        waiting, self._waiting = self._waiting, ""
        if waiting:
            self._stream.write(self._redactor.text(waiting))
        self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


class MaskingStream:
    """Each text goes on at once, masked by itself, for writers that write whole lines and want no delay."""

    def __init__(self, stream: Any, mask: Callable[[str], str]) -> None:
        self._stream = stream
        self._mask = mask

    def write(self, text: str) -> int:
        """Write text; the number of its characters."""
        self._stream.write(self._mask(text))
        return len(text)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextlib.contextmanager
def redacted_output(redactor: Redactor) -> Iterator[None]:
    """Whatever the block prints, errors and tracebacks of other libraries included, is masked."""
    out, err = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = RedactingStream(out, redactor), RedactingStream(err, redactor)
    try:
        yield
    finally:
        masked = (sys.stdout, sys.stderr)
        sys.stdout, sys.stderr = out, err
        for stream in masked:
            stream.flush()
