"""Gate 4: the declared exceptions name what they except."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.deviations import deviation_cases

pytestmark = pytest.mark.contract


@pytest.mark.cases.with_args(deviation_cases)
def test_entries(case: Case, settle: Settle) -> None:
    """All entries of deviations.yaml."""
    settle(case)
