"""The walk through fallbacks is the one of LiteLLM's own router, on random graphs."""

from __future__ import annotations

import os
import random
from typing import Any

import pytest
from tests.config.litellms import NEW, OLD, VERSIONS, asked

from sixgates.config.litellm_file import LiteLLMConfig
from sixgates.config.routing import Hop, Router

NAMES = "abcdefgh"
ORDERS = {NEW: [1, 1, 1, 2], OLD: [1]}
"""How many deployments a name has; the old one chooses between several by chance, whatever their orders."""

IN_CI, SLOW = 120, 500
SEED = int(os.environ.get("SIXGATES_SEED", random.SystemRandom().randrange(10**6)))
"""What the slow test begins with; its failure names it, and `SIXGATES_SEED=… pytest -m slow` repeats it."""


def graph(chance: random.Random, version: str = NEW) -> dict[str, Any]:
    """Groups with chains that may be cyclic or name ghosts, aliases and each other, and a subset that fails."""
    groups = [_named(letter, chance) for letter in NAMES[: chance.randint(1, 7)]]
    aliases = {f"alias-{name}": name for name in groups if chance.random() < 0.2}
    if chance.random() < 0.2:
        aliases["alias-lost"] = chance.choice(["ghost", *aliases])
    targets = [*groups, *aliases, "ghost"]
    keys = [name for name in targets if chance.random() < 0.6]
    keys += [name.removeprefix("openai/") for name in groups if "/" in name and chance.random() < 0.5]
    keys += [key for key in ("*", "default") if chance.random() < 0.3]
    chance.shuffle(keys)
    fallbacks = [{key: chance.sample(targets, chance.randint(1, min(4, len(targets))))} for key in keys]
    endpoints = [f"{name}.{order}" for name in groups for order in range(chance.choice(ORDERS[version]))]
    return {
        "endpoints": endpoints,
        "aliases": aliases,
        "fallbacks": fallbacks,
        "max_fallbacks": chance.choice([None, 0, 1, 2, 3, 5, 7]),
        "failing": [end for end in endpoints if chance.random() < chance.choice([0.3, 0.7, 1.0])],
        "request": chance.choice([*groups, *(alias for alias in aliases if alias != "alias-lost")]),
    }


def _named(letter: str, chance: random.Random) -> str:
    return f"openai/{letter}" if chance.random() < 0.15 else letter


def config(one: dict[str, Any]) -> dict[str, Any]:
    """A graph as LiteLLM's file: deployments of one name have orders."""
    several = {end.rpartition(".")[0] for end in one["endpoints"] if end.endswith(".1")}
    deployments = []
    for end in one["endpoints"]:
        name, _, order = end.rpartition(".")
        params = {"model": f"openai/{end}"} | ({"order": int(order) + 1} if name in several else {})
        deployments.append({"model_name": name, "litellm_params": params})
    settings = {
        "model_group_alias": one["aliases"],
        "fallbacks": one["fallbacks"],
        "max_fallbacks": one["max_fallbacks"],
    }
    return {"model_list": deployments, "router_settings": settings}


def predicted(one: dict[str, Any], version: str) -> dict[str, Any]:
    """Our walk over the same graph: the deployments behind the hops, and whose answer it is."""
    router = Router(LiteLLMConfig.model_validate(config(one)), version)

    def end(hop: Hop) -> str:
        return f"{one['aliases'].get(hop.name, hop.name)}.{(hop.order or 1) - 1}"

    walk = router.walk(one["request"], lambda hop: end(hop) in one["failing"])
    return {
        "contacted": [end(hop) for hop in walk.contacted],
        "answered": end(walk.answered) if walk.answered else None,
    }


def compared(version: str, seed: int, count: int) -> None:
    """The same deployments in the same order, and the same answer, for every graph."""
    chance = random.Random(seed)
    graphs = [graph(chance, version) for _ in range(count)]
    questions = [{**one, "config": config(one)} for one in graphs]
    real = asked(version, "router_walks.py", questions)
    differ = [
        (one, ours, theirs)
        for one, theirs in zip(graphs, real, strict=True)
        if (ours := predicted(one, version)) != theirs
    ]
    assert not differ, (
        f"LiteLLM {version}, SIXGATES_SEED={seed}: {len(differ)} of {count} differ, {differ[0]}"
    )
    assert any(walk["answered"] is None for walk in real)
    assert any(len(walk["contacted"]) > 3 for walk in real)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_walk_is_that_of_the_real_router(version: str) -> None:
    """On the same graphs each time."""
    compared(version, 7, IN_CI)


@pytest.mark.slow
@pytest.mark.parametrize("version", VERSIONS)
def test_the_walk_is_that_of_the_real_router_on_graphs_nobody_has_seen(version: str) -> None:
    """A fresh seed each time."""
    compared(version, SEED, SLOW)


def test_the_graphs_hold_all_that_a_walk_can_meet() -> None:
    """Aliases, lost ones, ghosts, `*`, orders, cycles, names with a prefix, bounds, and every kind of failure."""
    chance = random.Random(7)
    graphs = [graph(chance) for _ in range(IN_CI)]
    chains = [{key: names for entry in one["fallbacks"] for key, names in entry.items()} for one in graphs]
    met = {
        "alias": any(one["request"].startswith("alias-") for one in graphs),
        "lost alias": any("alias-lost" in one["aliases"] for one in graphs),
        "ghost": any("ghost" in names for each in chains for names in each.values()),
        "star": any("*" in each for each in chains),
        "cycle": any(a in each.get(b, ()) for each in chains for a in each for b in each[a] if a != b),
        "self": any(name in names for each in chains for name, names in each.items()),
        "orders": any(end.endswith(".1") for one in graphs for end in one["endpoints"]),
        "prefix": any("/" in one["request"] for one in graphs),
        "no bound": any(one["max_fallbacks"] is None for one in graphs),
        "a bound": any(one["max_fallbacks"] == 1 for one in graphs),
        "all fail": any(set(one["failing"]) == set(one["endpoints"]) for one in graphs),
        "none fails": any(not one["failing"] for one in graphs),
    }
    assert all(met.values()), met
