"""Gate 1: the configuration files agree with each other and with what LiteLLM does with them."""

import pytest

from sixgates.cases import Case, Settle
from sixgates.cases.configuration import configuration_cases

pytestmark = pytest.mark.config


@pytest.mark.cases.with_args(configuration_cases)
def test_rule(case: Case, settle: Settle) -> None:
    """One rule over the whole configuration."""
    settle(case)
