"""What all models of configuration files share: strict types, and what becomes of unknown keys."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    WithJsonSchema,
    model_validator,
)

Text = Annotated[str, StringConstraints(min_length=1)]
Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, Field(gt=0)]
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(s|m|h)")
_FACTORS = {"s": 1, "m": 60, "h": 3600}


def _seconds(value: Any) -> Any:
    match = _DURATION.fullmatch(value) if isinstance(value, str) else None
    return float(match[1]) * _FACTORS[match[2]] if match else value


Seconds = Annotated[
    float,
    BeforeValidator(_seconds),
    Field(gt=0, allow_inf_nan=False),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{_DURATION.pattern}$"}]}),
]


def _with_shorthands(schema: dict[str, Any], model: type[Any]) -> None:
    if model.shorthands:
        full = dict(schema)
        schema.clear()
        schema["anyOf"] = [full, *({"type": kind} for kind in model.shorthands)]


class Shape(BaseModel):
    """A mapping whose own keys are checked; other people's keys are kept, typos of ours are reported."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="allow",
        json_schema_extra=_with_shorthands,
    )
    closed: ClassVar[bool] = False
    shorthands: ClassVar[tuple[str, ...]] = ()
    """The JSON types that stand for the mapping with its main key."""

    @model_validator(mode="before")
    @classmethod
    def _empty_is_default(cls, value: Any) -> Any:
        """An optional key that is written without a value means its default."""
        if not isinstance(value, dict) or None not in value.values():
            return value
        fields = cls.model_fields
        return {
            key: item
            for key, item in value.items()
            if item is not None or key not in fields or fields[key].is_required()
        }


class Closed(Shape):
    """A mapping of ours alone: a key that it does not define is an error."""

    model_config = ConfigDict(extra="forbid")
    closed: ClassVar[bool] = True


class Section(Shape):
    """The top of a file: unknown keys are reported, each with a suggestion where one is near."""

    closed: ClassVar[bool] = True
