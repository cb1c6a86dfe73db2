"""Gate 5: routing, fallback and streaming through the real gateway."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.integration import gateway_cases

pytestmark = pytest.mark.integration


@pytest.mark.cases.with_args(gateway_cases)
def test_scenario(case: Case, settle: Settle) -> None:
    """The gateway does what the scenario expects of it."""
    settle(case)
