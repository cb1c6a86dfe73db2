"""Gate 4: the Responses API."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.contract import contract_cases

pytestmark = pytest.mark.contract


@pytest.mark.cases(contract_cases, "responses")
def test_requirement(case: Case, settle: Settle) -> None:
    """One requirement of one provider."""
    settle(case)
