"""Gate 3: the gateway sends each name where the mappings say."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.unit import unit_cases

pytestmark = pytest.mark.unit


@pytest.mark.cases.with_args(unit_cases)
def test_routing_entry(case: Case, settle: Settle) -> None:
    """One routing entry of the configuration under test."""
    settle(case)
