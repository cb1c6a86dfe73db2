"""Gate 6: every active provider is up, with its models loaded; judged with `--live`."""

from __future__ import annotations

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.health import health_cases

pytestmark = pytest.mark.health


@pytest.mark.cases.with_args(health_cases)
def test_provider(case: Case, settle: Settle) -> None:
    """One provider meets one requirement of the health gate."""
    settle(case)
