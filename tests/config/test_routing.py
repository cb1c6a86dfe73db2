"""The model of LiteLLM's router: who answers for a name, and the walk through its fallbacks."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sixgates.config import LiteLLMConfig
from sixgates.config.routing import Hop, Router, Via

Fallbacks = list[dict[str, list[str]]]


def router(
    names: list[str],
    fallbacks: Fallbacks | None = None,
    orders: dict[str, list[int]] | None = None,
    **settings_: Any,
) -> Router:
    deployments = [
        {"model_name": name, "litellm_params": {"model": f"openai/{name}", "order": order}}
        for name in names
        for order in (orders or {}).get(name, [None])
    ]
    document = {"model_list": deployments, "router_settings": {"fallbacks": fallbacks or [], **settings_}}
    return Router(LiteLLMConfig.model_validate(document))


# Each walk was seen in the real router of LiteLLM 1.106.2 with every group failing.
WALKS: dict[str, tuple[list[str], Fallbacks, dict[str, Any], str, str]] = {
    "depth first": (["a", "b", "c", "d"], [{"a": ["b", "c"]}, {"b": ["d"]}], {}, "a", "a b d c"),
    "never twice": (["x", "y"], [{"x": ["y"]}, {"y": ["x"]}], {}, "x", "x y"),
    "self": (["x"], [{"x": ["x"]}], {}, "x", "x"),
    "terminal hop resumes": (["a", "b", "c"], [{"a": ["b", "c"]}], {}, "a", "a b c"),
    "unknown target": (["a", "c"], [{"a": ["ghost", "c"]}], {}, "a", "a c"),
    "catch-all": (["a", "b"], [{"*": ["b"]}], {}, "a", "a b"),
    "ghost lands on catch-all": (["m0", "m4"], [{"m4": ["ghost"]}, {"*": ["m0"]}], {}, "m4", "m4 m0"),
    "ghost repeats catch-all": (
        ["m0", "m1", "m2"],
        [{"m0": ["m1"]}, {"m1": ["ghost"]}, {"m2": ["m0", "m1"]}, {"*": ["m0"]}],
        {"max_fallbacks": 3},
        "m2",
        "m2 m0 m1 m0",
    ),
    "first entry wins": (["a", "b", "c"], [{"a": ["b"]}, {"a": ["c"]}], {}, "a", "a b"),
    "depth": (["a", "b", "c"], [{"a": ["b"]}, {"b": ["c"]}], {"max_fallbacks": 1}, "a", "a b"),
    "alias by its own key": (["a", "b"], [{"a": ["b"]}], {"model_group_alias": {"al": "a"}}, "al", "al"),
}


@pytest.mark.parametrize("name", WALKS)
def test_a_walk_contacts_groups_as_litellm_does(name: str) -> None:
    names, fallbacks, extra, requested, contacted = WALKS[name]
    walk = router(names, fallbacks, **extra).walk(requested)
    assert [hop.name for hop in walk.contacted] == contacted.split()
    assert walk.answered is None


def test_a_fallback_may_be_a_mapping_with_its_model() -> None:
    config = {
        "model_list": [{"model_name": name, "litellm_params": {"model": "openai/m"}} for name in "ab"],
        "router_settings": {"fallbacks": [{"a": [{"model": "b", "temperature": 0}]}]},
    }
    walk = Router(LiteLLMConfig.model_validate(config)).walk("a")
    assert walk.contacted == (Hop("a"), Hop("b"))


def test_orders_of_a_group_come_before_its_fallbacks() -> None:
    walk = router(["a", "b"], [{"a": ["b"]}], {"a": [1, 2]}).walk("a")
    assert walk.contacted == (Hop("a", 1), Hop("a", 2), Hop("b"))


def test_a_walk_ends_where_a_group_answers() -> None:
    walk = router(["a", "b", "c"], [{"a": ["b", "c"]}]).walk("a", lambda hop: hop.name == "a")
    assert (walk.answered, walk.contacted) == (Hop("b"), (Hop("a"), Hop("b")))


def test_names_resolve_by_alias_model_and_longest_wildcard() -> None:
    config = {
        "model_list": [
            {
                "model_name": "a",
                "litellm_params": {"model": "openai/a", "api_base": "http://a/v1", "weight": 3},
            },
            {
                "model_name": "a",
                "litellm_params": {"model": "openai/b", "api_base": "http://b/v1", "weight": 1},
            },
            {"model_name": "meta/*", "litellm_params": {"model": "hosted_vllm/meta/*"}},
            {"model_name": "meta/big-*", "litellm_params": {"model": "openai/big"}},
        ],
        "router_settings": {"model_group_alias": {"chat": {"model": "a", "hidden": True}, "lost": "ghost"}},
    }
    found = Router(LiteLLMConfig.model_validate(config))
    chat = found.resolve("chat")
    assert chat is not None
    assert (chat.via, [endpoint.share for endpoint in chat.endpoints]) == (Via.ALIAS, [0.75, 0.25])
    small, big = found.resolve("meta/x"), found.resolve("meta/big-1")
    assert small is not None
    assert big is not None
    assert (small.via, small.endpoints[0].model) == (Via.WILDCARD, "hosted_vllm/meta/x")
    assert big.endpoints[0].model == "openai/big"
    assert found.resolve("lost") is None
    assert found.resolve("gpt-4o") is None


_NAMES = ["a", "b", "c", "d", "e"]
_TARGETS = st.lists(st.sampled_from([*_NAMES, "ghost"]), min_size=1, max_size=4, unique=True)


@given(
    st.dictionaries(st.sampled_from(_NAMES), _TARGETS),
    st.sampled_from(_NAMES),
    st.sets(st.sampled_from(_NAMES)),
)
@settings(max_examples=200, deadline=None)
def test_a_walk_never_repeats_a_group_and_failures_only_prolong_it(
    chains: dict[str, list[str]], requested: str, down: set[str]
) -> None:
    found = router(_NAMES, [{name: targets} for name, targets in chains.items()])
    full = found.walk(requested)
    walk = found.walk(requested, lambda hop: hop.name in down)
    assert len(set(full.contacted)) == len(full.contacted)
    assert full.contacted[: len(walk.contacted)] == walk.contacted
    assert walk.answered == (walk.contacted[-1] if walk.contacted[-1].name not in down else None)
