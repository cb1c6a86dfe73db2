"""The shape of gates.yaml: what each gate demands of this stack."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from sixgates.config.shape import Closed, Count, Text

Share = Annotated[float, Field(ge=0, le=1)]
Age = Annotated[str, Field(pattern=r"^[1-9][0-9]{0,5}[smhd]$", examples=["90m", "24h", "7d"])]
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}


class Gate(Closed):
    """What may be said of each gate."""

    max_age: Age | None = None
    """How old its results may be when `sixgates report` merges them: a number and s, m, h or d, such as 24h."""

    @property
    def max_age_s(self) -> int | None:
        """The same in seconds."""
        return int(self.max_age[:-1]) * _SECONDS[self.max_age[-1]] if self.max_age else None


def _number_or_all(value: Any) -> Any:
    number = isinstance(value, int) and not isinstance(value, bool) and value > 0
    if not number and value != "all":
        raise ValueError("a number of scenarios above 0, such as 200, or all")
    return value


Size = Annotated[Count | Literal["all"], BeforeValidator(_number_or_all)]


class UnitGate(Gate):
    """Gate 3."""

    exercised: Share = 0.9
    """The share of routing entries that must be judged; the gate asks for more than this."""


class IntegrationGate(Gate):
    """Gate 5."""

    success: Share = 0.95
    """The share of scenarios that must succeed; the gate asks for more than this."""

    sample: Size = 200
    """How many scenarios are played, of each kind and provider some; `all` plays every one, however long it takes."""

    @property
    def limit(self) -> int | None:
        """The number of `sample`; None for all."""
        return None if self.sample == "all" else self.sample


class ContractGate(Gate):
    """Gate 4."""

    deviations: Literal["allow", "refuse"] = "allow"
    """Whether a declared deviation counts as met, one of the stack's own or one known of the engine."""

    refuse: list[Text] = Field(default_factory=list)
    """Checks of which no deviation known of an engine is accepted; own entries of deviations.yaml still hold."""


class Gates(Closed):
    """What is asked of each gate."""

    configuration: Gate = Gate()
    schema_: Gate = Field(default=Gate(), alias="schema")
    unit: UnitGate = UnitGate()
    contract: ContractGate = ContractGate()
    integration: IntegrationGate = IntegrationGate()
    health: Gate = Gate()


class GatesFile(Closed):
    """gates.yaml."""

    gates: Gates = Gates()
