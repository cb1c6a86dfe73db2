"""What pytest itself writes of a run of ours, without the secrets of that run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from sixgates.run import Run
    from sixgates.verdict import Verdict

_MASK = pytest.StashKey["Callable[[str], str]"]()


def mask_terminal(config: pytest.Config, run: Run) -> None:
    """Warnings, internal errors and whatever else pytest prints by itself are masked where they are written."""
    from sixgates.redaction import MaskingStream, redactor

    config.stash[_MASK] = mask = redactor(run.secrets).text
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        writer = reporter._tw
        writer._file = MaskingStream(writer._file, mask)


def mask_of(config: pytest.Config) -> Callable[[str], str]:
    """What hides the secrets of the run."""
    return config.stash[_MASK]


def without_secrets(verdict: Verdict, mask: Callable[[str], str]) -> Verdict:
    """The verdict as it may leave the process; words of ours, such as the outcome, stay as they are."""
    from sixgates.redaction import masked_value
    from sixgates.verdict import Verdict

    document = verdict.to_json()
    ours = {name: document[name] for name in ("gate", "level", "outcome")}
    return Verdict.from_json({**masked_value(document, mask), **ours})


def mask_report(report: pytest.TestReport | pytest.CollectReport, config: pytest.Config) -> None:
    """Mask what pytest says of a failure, before any process, file or terminal gets it; nothing in runs of others."""
    mask = config.stash.get(_MASK, None)
    if mask is None or not (report.longrepr or report.sections):
        return
    from sixgates.redaction import masked_value

    report.longrepr = masked_value(report.longrepr, mask)
    report.sections = masked_value(report.sections, mask)
