"""Gate 4: one server answers from the start of a live run to its end."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.contract import sameness_cases

pytestmark = pytest.mark.contract


@pytest.mark.cases.with_args(sameness_cases)
def test_requirement(case: Case, settle: Settle) -> None:
    """One requirement of one provider."""
    settle(case)
