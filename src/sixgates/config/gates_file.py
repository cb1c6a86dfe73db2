"""The shape of gates.yaml: what each gate demands of this stack."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sixgates.config.shape import Closed, Count, Text

Share = Annotated[float, Field(ge=0, le=1)]


def _number_or_all(value: Any) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if not number and value != "all":
        raise ValueError("a number of scenarios above 0, such as 200, or all")
    return value


Size = Annotated[Count | Literal["all"], BeforeValidator(_number_or_all)]


class UnitGate(Closed):
    """Gate 3."""

    exercised: Share = 0.9
    """The share of routing entries that must be judged; the gate asks for more than this."""


class IntegrationGate(Closed):
    """Gate 5."""

    success: Share = 0.95
    """The share of scenarios that must succeed; the gate asks for more than this."""

    sample: Size = 200
    """How many scenarios are played, of each kind and provider some; `all` plays every one, however long it takes."""

    @property
    def limit(self) -> int | None:
        """The number of `sample`; None for all."""
        return None if self.sample == "all" else self.sample


class ContractGate(Closed):
    """Gate 4."""

    deviations: Literal["allow", "refuse"] = "allow"
    """Whether a declared deviation counts as met, one of the stack's own or one known of the engine."""

    refuse: list[Text] = Field(default_factory=list)
    """Checks of which no deviation known of an engine is accepted; own entries of deviations.yaml still hold."""


class Gates(Closed):
    """The thresholds of the gates that have one."""

    unit: UnitGate = UnitGate()
    contract: ContractGate = ContractGate()
    integration: IntegrationGate = IntegrationGate()


class GatesFile(Closed):
    """gates.yaml."""

    gates: Gates = Gates()
