"""What the rules say happens does happen: broken edits booted in the real LiteLLM, with upstreams that take notes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from sixgates.config.gateway import Gateway
from sixgates.config.rules import RULES
from sixgates.config.yaml_file import parse
from sixgates.gateway.locate import find_litellm
from sixgates.gateway.loopback import Loopback
from sixgates.gateway.proxy import Proxy, ProxyFailedError
from sixgates.gateway.script import Hit, ticket_text
from sixgates.gateway.upstream import Notebook, Upstream

NOBODY = "http://127.0.0.1:9/v1"
MASTER = {"general_settings": {"master_key": "os.environ/LITELLM_MASTER_KEY"}}


def model(name: str, backend: str, base: str, **params: Any) -> dict[str, Any]:
    """One deployment; a key of None is left out."""
    given = {"model": backend, "api_base": base, "api_key": "none", **params}
    return {"model_name": name, "litellm_params": {key: value for key, value in given.items() if value}}


def broken(root: str) -> dict[str, Any]:
    """A config with one broken edit for each case, around sound models on the same upstream."""
    good = f"{root}/v1"
    return {
        "model_list": [
            model("first", "openai/first", good),
            model("second", "openai/second", good),
            model("down", "openai/down", NOBODY),
            model("down-too", "openai/down", NOBODY),
            model("hidden-by-alias", "openai/hidden", good),
            model("without-v1", "openai/m", root),
            model("doubled-path", "openai/m", f"{good}/chat/completions"),
            model("ollama-v1", "ollama_chat/m", good, api_key=None),
            model("sdk", "vllm/m", good),
            model("keyless", "openai/m", good, api_key=None),
            model("schemeless", "openai/m", good.removeprefix("http://")),
            *(model(f"address-{number}", "openai/m", bad) for number, bad in enumerate(ADDRESSES.values())),
            *(
                model(f"fragment-{number}", "openai/m", f"{good}{end}")
                for number, end in enumerate(("#", "#x"))
            ),
            model("forwarding", "openai/m", good, context_length=4096),
            model("dropped", "no-such-provider/m", good),
        ],
        "router_settings": {
            "num_retries": 0,
            "disable_cooldowns": True,
            "model_group_alias": {
                "listed": ["first", "second"],
                "of-down": "down",
                "chained": "of-down",
                "hidden-by-alias": "second",
            },
            "fallbacks": [
                {"listed": ["second"]},
                {"down": ["first"]},
                {"down-too": ["openai_provider", "also-nobody"]},
            ],
        },
        **MASTER,
    }


ADDRESSES = {
    "a port that is none": "http://127.0.0.1:99999/v1",
    "the port 0": "http://127.0.0.1:0/v1",
    "two ports": "http://127.0.0.1:80:80/v1",
    "no host": "http:///v1",
    "an open bracket": "http://[::1/v1",
    "an empty label": "http://a..b/v1",
    "a blank in the host": "http://a b/v1",
    "two schemes": "http://http://127.0.0.1:9/v1",
}


@dataclass
class Asked:
    """What came of one request."""

    status: int
    text: str
    hits: tuple[Hit, ...]

    @property
    def models(self) -> list[str]:
        """The models that the upstream was asked for."""
        return [hit.target.model for hit in self.hits]


def no_path(asked: Asked) -> bool:
    """LiteLLM sent it to a path that the server has not."""
    return asked.status == 404 and not asked.hits


DAMAGE: dict[str, tuple[str, str, Callable[[Asked], bool]]] = {
    "address without /v1": ("api-base-suffix", "without-v1", no_path),
    "address with the whole path": ("api-base-suffix", "doubled-path", no_path),
    "Ollama with /v1": ("api-base-suffix", "ollama-v1", lambda asked: asked.status >= 400 and not asked.hits),
    "vllm prefix": (
        "vllm-sdk-prefix",
        "sdk",
        lambda asked: asked.status == 500 and "No module named 'vllm'" in asked.text,
    ),
    "no key": ("missing-api-key-openai", "keyless", lambda asked: asked.status == 500 and not asked.hits),
    "no scheme": ("api-base-no-scheme", "schemeless", lambda asked: asked.status == 500 and not asked.hits),
    **{
        name: (
            "api-base-no-scheme",
            f"address-{number}",
            lambda asked: asked.status == 500 and not asked.hits,
        )
        for number, name in enumerate(ADDRESSES)
    },
    "a parameter of its own": (
        "unknown-litellm-param-forwarded",
        "forwarding",
        lambda asked: asked.status == 200 and asked.hits[0].body.get("context_length") == 4096,
    ),
    "a provider that nobody knows": (
        "provider-unresolvable",
        "dropped",
        lambda asked: asked.status == 400 and not asked.hits,
    ),
    "a list as an alias": (
        "alias-not-string",
        "listed",
        lambda asked: asked.status == 200 and asked.models == ["second"],
    ),
    "an alias of an alias": ("alias-of-alias", "chained", lambda asked: asked.status == 400),
    "an alias that hides a model": (
        "alias-shadows-model",
        "hidden-by-alias",
        lambda asked: asked.status == 200 and asked.models == ["second"],
    ),
    "an alias without the fallbacks of its model": (
        "alias-drops-target-fallbacks",
        "of-down",
        lambda asked: asked.status == 500 and not asked.hits,
    ),
    "a fallback that nobody can call": (
        "fallback-target-unknown",
        "down-too",
        lambda asked: asked.status == 500 and not asked.hits,
    ),
}


@pytest.fixture(scope="module")
def litellm() -> Path:
    """The command, or a skip that says how to get it."""
    found = find_litellm(None)
    if not isinstance(found, Path):
        pytest.skip(f"{found.summary}; {' or '.join(found.next_steps)}")
    return found


@pytest.fixture(scope="module")
def ask(litellm: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Asked]]:
    """One proxy with every broken edit, asked for one name at a time."""
    notebook = Notebook()
    with Loopback() as loopback:
        root = loopback.serve(Upstream("server", notebook)).url
        proxy = Proxy(litellm, broken(root), tmp_path_factory.mktemp("damage"), {})
        with proxy, httpx.Client(trust_env=False, timeout=30, base_url=proxy.url) as client:

            def request(name: str) -> Asked:
                said = [{"role": "user", "content": f"hi {ticket_text(name)}"}]
                headers = {"Authorization": f"Bearer {proxy.key}"}
                body = {"model": name, "messages": said}
                answer = client.post("/v1/chat/completions", json=body, headers=headers)
                return Asked(answer.status_code, answer.text, notebook.hits(name))

            yield request


def slugs(config: dict[str, Any]) -> set[str]:
    """The rules that find something."""
    gateway = Gateway(parse(json.dumps(config).encode()), "litellm.yaml")
    return {slug for slug, rule in RULES.items() if rule.of_gateway and list(rule.of_gateway(gateway))}


def test_the_upstream_answers_what_is_sound(ask: Callable[[str], Asked]) -> None:
    """Else nothing below would show anything."""
    asked = ask("first")
    assert (asked.status, asked.models) == (200, ["first"]), asked.text
    assert ask("down").models == ["first"]


@pytest.mark.parametrize("name", DAMAGE)
def test_the_damage_that_a_rule_names_is_done(ask: Callable[[str], Asked], name: str) -> None:
    """The rule finds the edit, and the request ends as the rule says."""
    slug, requested, happened = DAMAGE[name]
    assert slug in slugs(broken("http://127.0.0.1:8000"))
    asked = ask(requested)
    assert happened(asked), (asked.status, asked.text[:500], asked.models)


@pytest.mark.parametrize("name", ["fragment-0", "fragment-1"])
def test_a_fragment_does_no_damage(ask: Callable[[str], Asked], name: str) -> None:
    """LiteLLM leaves it out, so that no rule may call it an error."""
    assert ask(name).status == 200


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "master-key-weak": ({"general_settings": {"master_key": "sk-1234"}}, "publicly known"),
    "routing-strategy-invalid": (
        {"router_settings": {"routing_strategy": "round_robin"}, **MASTER},
        "Invalid routing_strategy",
    ),
    "alias-without-hidden": (
        {"router_settings": {"model_group_alias": {"chat": {"model": "first"}}}, **MASTER},
        "KeyError: 'hidden'",
    ),
}


@pytest.mark.parametrize("slug", REFUSED)
def test_a_start_that_a_rule_says_is_refused_is(litellm: Path, tmp_path: Path, slug: str) -> None:
    """One process each: it ends with an error instead of serving."""
    config, said = REFUSED[slug]
    config = {"model_list": [model("first", "openai/first", NOBODY)], **config}
    assert slug in slugs(config)
    proxy = Proxy(litellm, config, tmp_path / "work", {})
    with pytest.raises(ProxyFailedError, match="LiteLLM ended with exit code"), proxy:
        pass
    assert said in proxy.log.read_text(errors="replace")
