"""Gate 2: every configuration file has its shape."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.schema import schema_cases

pytestmark = pytest.mark.schema


@pytest.mark.cases.with_args(schema_cases)
def test_file(case: Case, settle: Settle) -> None:
    """One file of the configuration under test."""
    settle(case)
