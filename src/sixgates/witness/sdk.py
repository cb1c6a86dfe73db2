"""The SDK itself: imported at the first use, because it is large and only checks of gate 4 need it."""

import gc
from collections.abc import Hashable
from typing import Any, get_args

import openai
from pydantic import BaseModel

__all__ = ["complete", "openai"]

gc.freeze()  # what an import leaves stays for good; else each collection would walk the SDK's many types again

_COMPLETE: set[Any] = set()


def complete(kind: Any) -> None:
    """Build a type from the inside out, once: the SDK builds each type that it uses with all that it holds anew."""
    if not isinstance(kind, Hashable) or kind in _COMPLETE:
        return
    _COMPLETE.add(kind)
    for part in get_args(kind):
        complete(part)
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for field in kind.model_fields.values():
            complete(field.annotation)
        kind.model_rebuild(raise_errors=False)
