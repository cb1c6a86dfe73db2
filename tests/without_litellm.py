"""No LiteLLM is installed: what a machine has beside must not change what is shown."""

from __future__ import annotations

import pytest

from sixgates.gateway import reader
from sixgates.verdict import Cause

NEWEST = "as LiteLLM 1.106.2 reads it (the newest known; no installed litellm was found)"


@pytest.fixture(autouse=True)
def no_litellm(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is found, wherever it is looked for."""
    monkeypatch.setattr(reader, "find_litellm", lambda *_: Cause("litellm-missing", "none", ()))
