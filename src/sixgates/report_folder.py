"""The folder of `--gates-report` during a run: what stands there from its first moment to its last."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

import pytest

from sixgates import options
from sixgates.visible import visible

if TYPE_CHECKING:
    from sixgates.report import Document

_BASELINE = pytest.StashKey["Document"]()
_RUN_NO_TEST = (
    *("collectonly", "help", "version", "markers"),
    *("showfixtures", "show_fixtures_per_test", "cacheshow"),
)


def begin(config: pytest.Config, given: Any, args: list[str]) -> None:
    """Replace an older report before anything can go wrong: it must not stand for a run that fails early.

    `given` holds the values of the options, where there is a report to write. The baseline is read first, since it
    may be that very report; raises pytest.UsageError when it is none.
    """
    if given is None or runs_no_test(given):
        return
    from sixgates.collector import begun
    from sixgates.report import ReportError, load, write

    base = config.invocation_params.dir
    if given.sixgates_baseline:
        try:
            config.stash[_BASELINE] = load(base / given.sixgates_baseline)
        except ReportError as problem:
            raise pytest.UsageError(visible(f"--baseline: {problem}")) from None
    document = begun(("pytest", *map(str, args)), options.host_label(given.sixgates_host_label))
    with contextlib.suppress(ReportError):  # said at the end, where the table is not lost with it
        write(document, base / given.sixgates_gates_report)


def runs_no_test(given: Any) -> bool:
    """Whether pytest was asked for a text, such as its help, and not for a run."""
    return any(getattr(given, name, False) for name in _RUN_NO_TEST)


def write_report(config: pytest.Config, document: Document) -> list[str]:
    """Write the report where it was asked for; what to tell about it, an error first of all."""
    from sixgates.report import ReportError, compare, write

    directory = options.value(config, "--gates-report")
    if not directory:
        return []
    baseline = config.stash.get(_BASELINE, None)
    changes = None if baseline is None else compare(baseline, document)
    try:
        path = write(document, config.invocation_params.dir / directory, changes)
    except ReportError as problem:
        return [visible(f"error: {problem}")]
    return [visible(f"report: {path}")]
