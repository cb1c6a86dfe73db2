"""The walk through fallbacks is the one of LiteLLM's own router, on random graphs."""

from __future__ import annotations

import json
import os
import random
import subprocess
from pathlib import Path
from typing import Any

import pytest

from sixgates.config.litellm_file import LiteLLMConfig
from sixgates.config.routing import Hop, Router
from sixgates.gateway.locate import find_litellm

ORACLE = Path(__file__).parent / "oracle" / "router_walks.py"
NAMES = "abcdefghij"
GRAPHS = int(os.environ.get("SIXGATES_GRAPHS", "120"))
SEED = int(os.environ.get("SIXGATES_SEED", "7"))
"""`SIXGATES_GRAPHS=500 SIXGATES_SEED=$RANDOM pytest tests/config/test_real_router.py` tries others."""


def graph(chance: random.Random) -> dict[str, Any]:
    """A few groups with chains that may be cyclic, name ghosts or aliases, and a subset that fails."""
    groups = list(NAMES[: chance.randint(1, 7)])
    aliases = {f"alias-{name}": name for name in groups if chance.random() < 0.2}
    targets = [*groups, *aliases, "ghost"]
    keys = [name for name in (*groups, *aliases) if chance.random() < 0.6]
    if chance.random() < 0.3:
        keys.append("*")
    fallbacks = [{key: chance.sample(targets, chance.randint(1, min(4, len(targets))))} for key in keys]
    return {
        "groups": groups,
        "aliases": aliases,
        "fallbacks": fallbacks,
        "max_fallbacks": chance.choice([0, 1, 2, 3, 5, 5, 5]),
        "failing": [name for name in groups if chance.random() < chance.choice([0.3, 0.7, 1.0])],
        "request": chance.choice([*groups, *aliases]),
    }


def predicted(one: dict[str, Any]) -> dict[str, Any]:
    """Our walk over the same graph: the groups behind the hops, and whose answer it is."""
    config = {
        "model_list": [
            {"model_name": name, "litellm_params": {"model": f"openai/{name}"}} for name in one["groups"]
        ],
        "router_settings": {
            "model_group_alias": one["aliases"],
            "fallbacks": one["fallbacks"],
            "max_fallbacks": one["max_fallbacks"],
        },
    }
    router = Router(LiteLLMConfig.model_validate(config))

    def group(hop: Hop) -> str:
        return str(one["aliases"].get(hop.name, hop.name))

    walk = router.walk(one["request"], lambda hop: group(hop) in one["failing"])
    answered = group(walk.answered) if walk.answered else None
    return {"contacted": [group(hop) for hop in walk.contacted], "answered": answered}


def test_the_walk_is_that_of_the_real_router() -> None:
    """The same groups in the same order, and the same answer, for every graph."""
    command = find_litellm(None)
    if not isinstance(command, Path):
        pytest.skip(f"{command.summary}; {' or '.join(command.next_steps)}")
    chance = random.Random(SEED)
    graphs = [graph(chance) for _ in range(GRAPHS)]
    done = subprocess.run(
        [str(command.parent / "python"), str(ORACLE)],
        input=json.dumps(graphs),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    real = json.loads(done.stdout.splitlines()[-1])
    wrong = [
        (one, ours, theirs)
        for one, theirs in zip(graphs, real, strict=True)
        if (ours := predicted(one)) != theirs
    ]
    assert len(real) == GRAPHS
    assert not wrong, f"seed {SEED}: {len(wrong)} of {GRAPHS} differ, the first: {wrong[0]}"
    assert any(walk["answered"] is None for walk in real)
    assert any(len(walk["contacted"]) > 3 for walk in real)
