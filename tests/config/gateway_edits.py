"""A sound LiteLLM config, the edits that break each rule on it, and those that break none."""

from __future__ import annotations

from dataclasses import dataclass

SOUND = """\
model_list:
  - model_name: small
    litellm_params:
      model: openai/qwen3-4b
      api_base: http://127.0.0.1:8002/v1
      api_key: none
      timeout: 60
    model_info:
      max_input_tokens: 4096
  - model_name: large
    litellm_params:
      model: hosted_vllm/meta-llama/Llama-3.1-8B-Instruct
      api_base: http://127.0.0.1:8001/v1
      api_key: os.environ/VLLM_API_KEY
    model_info:
      max_input_tokens: 8192
  - model_name: shared
    litellm_params:
      model: hosted_vllm/qwen3-4b
      api_base: http://10.0.0.5:8001/v1
      weight: 0.7
  - model_name: shared
    litellm_params:
      model: ollama_chat/qwen3-4b
      api_base: http://10.0.0.6:11434
      weight: 0.3
  - model_name: cloud
    litellm_params:
      model: anthropic/claude-sonnet-4
      api_key: os.environ/ANTHROPIC_API_KEY
router_settings:
  num_retries: 0
  timeout: 60
  optional_pre_call_checks: [enforce_model_rate_limits]
  model_group_alias:
    chat: small
    code: {model: large, hidden: true}
  fallbacks:
    - small: [large, shared]
    - shared: [large]
    - chat: [large]
litellm_settings:
  drop_params: true
general_settings:
  master_key: os.environ/LITELLM_MASTER_KEY
"""
NO_CODE = ("    code: {model: large, hidden: true}\n", "")
NO_CHAINS = (
    "  fallbacks:\n    - small: [large, shared]\n    - shared: [large]\n    - chat: [large]\n",
    "",
)
MODELS = "model_list:\n  - model_name: "
WHOLE = "{model: openai/z, api_base: http://127.0.0.1:8002/v1, api_key: none}"
LAST = "  master_key: os.environ/LITELLM_MASTER_KEY\n"


@dataclass(frozen=True)
class Broken:
    """Edits of the sound file, and a piece of what is said about them."""

    text: str
    edits: tuple[tuple[str, str], ...]
    version: str = ""

    @property
    def file(self) -> str:
        """The edited file."""
        return edited(*self.edits)


def broken(text: str, *edits: tuple[str, str], version: str = "") -> Broken:
    """One way to break a rule."""
    return Broken(text, edits, version)


def edited(*edits: tuple[str, str]) -> str:
    """The sound file with each first occurrence replaced."""
    file = SOUND
    for old, new in edits:
        assert old in file, old
        file = file.replace(old, new, 1)
    return file


def after_router(text: str) -> tuple[str, str]:
    """A line more in router_settings."""
    return "  num_retries: 0\n", f"  num_retries: 0\n  {text}\n"


def in_library(text: str) -> tuple[str, str]:
    """A line more in litellm_settings."""
    return "  drop_params: true\n", f"  drop_params: true\n  {text}\n"


BROKEN: dict[str, list[Broken]] = {
    "alias-not-string": [
        broken(
            "36:11: expected the name of a model, got a list. Keep the first name here",
            ("chat: small", "chat: [small, large]"),
        ),
        broken("got a mapping", ("{model: large, hidden: true}", "{name: large, hidden: true}")),
    ],
    "alias-without-hidden": [
        broken(
            "expected `hidden` beside `model`, got none. Add `hidden: false`.",
            ("{model: large, hidden: true}", "{model: large}"),
        ),
    ],
    "alias-target-unknown": [
        broken(
            "expected one of small, large, shared, cloud, got `smal`. Did you mean `small`?",
            ("chat: small", "chat: smal"),
        ),
        broken("got `nothing`. Add the model, or remove the alias.", ("model: large,", "model: nothing,")),
    ],
    "alias-of-alias": [
        broken(
            "expected a model name, got the alias `code`. Write `large` here.", ("chat: small", "chat: code")
        ),
    ],
    "alias-shadows-model": [
        broken("got `cloud`, which is a model name too", ("    code: {", "    cloud: {")),
    ],
    "alias-drops-target-fallbacks": [
        broken(
            "expected fallbacks of chat, got fallbacks of small only. Add an entry for chat to fallbacks.",
            ("    - chat: [large]\n", ""),
        ),
    ],
    "fallback-shape": [
        broken("expected a list of mappings with one key, got 'shared'", ("- shared: [large]", "- shared")),
        broken(
            "got 2 keys. Write `- NAME: [NAME, ...]`",
            ("- shared: [large]", "- {shared: [large], cloud: [large]}"),
        ),
        broken("got a mapping", ("- shared: [large]", "- shared: large")),
        broken("got a mapping", after_router("content_policy_fallbacks: {small: [large]}")),
    ],
    "ctx-fallback-shape-unvalidated": [
        broken("got a mapping", after_router("context_window_fallbacks: {small: [large]}")),
    ],
    "fallback-target-unknown": [
        broken(
            "expected one of small, large, shared, cloud, chat, code, got `vllm`. Name the model, not its provider.",
            ("- small: [large, shared]", "- small: [large, vllm]"),
        ),
        broken("Did you mean `shared`?", ("- small: [large, shared]", "- small: [large, share]")),
    ],
    "fallback-key-unknown": [
        broken("got `shard`. Did you mean `shared`?", ("- shared: [large]", "- shard: [large]")),
    ],
    "fallback-key-default": [
        broken('expected the key `"*"`, got `default`.', ("- shared: [large]", "- default: [large]")),
    ],
    "fallback-duplicate-key": [
        broken(
            "got `small` again. Add its names to the first entry of small.",
            ("- shared: [large]", "- small: [shared]"),
        ),
    ],
    "fallback-self": [
        broken("expected another name, got `small` itself", ("[large, shared]", "[small, large, shared]")),
    ],
    "fallback-cycle": [
        broken(
            "got `large`, which falls back to `small` again. Remove one of the steps between them.",
            ("- shared: [large]", "- large: [small]"),
            NO_CODE,
            version="1.79.3",
        ),
        broken(
            "got `shared`, which falls back to `small` again. Remove",
            ("- shared: [large]", "- shared: [large]\n    - large: [small]"),
            ("- small: [large, shared]", "- small: [shared]"),
            NO_CODE,
            version="1.79.3",
        ),
    ],
    "fallback-depth-truncated": [
        broken(
            "got large, shared never asked: the walk is small. Shorten the chains",
            after_router("max_fallbacks: 0"),
        ),
    ],
    "fallback-order-surprise": [
        broken(
            "expected shared -> small -> large, got shared -> large -> small. The chain of an earlier name",
            ("- chat: [large]", "- chat: [large]\n    - cloud: [shared, small, large]"),
            ("- small: [large, shared]", "- small: [large]"),
        ),
    ],
    "retry-storm-budget": [
        broken(
            "expected at most 30 calls and 900 s, got 3 calls of 400 s each",
            ("  timeout: 60\n  opt", "  timeout: 400\n  opt"),
        ),
        broken(
            "got 33 calls of 10 s each",
            ("  num_retries: 0\n  timeout: 60", "  num_retries: 10\n  timeout: 10"),
        ),
    ],
    "fallback-smaller-context": [
        broken(
            "expected at least 8192 tokens, got `small` with 4096",
            ("- shared: [large]", "- large: [small]"),
            NO_CODE,
        ),
    ],
    "ctx-fallback-partial": [
        broken(
            "expected context_window_fallbacks of shared, got those of chat, small. Add shared",
            after_router("context_window_fallbacks: [{small: [large]}, {chat: [large]}]"),
        ),
    ],
    "fallback-same-failure-domain": [
        broken(
            "expected a fallback elsewhere, got all at http://127.0.0.1:8001/v1",
            ("http://10.0.0.5:8001/v1", "http://127.0.0.1:8001/v1"),
            ("http://10.0.0.6:11434", "http://127.0.0.1:8001/v1"),
            ("ollama_chat/qwen3-4b", "hosted_vllm/qwen3-4b"),
        ),
    ],
    "fallback-local-to-cloud": [
        broken(
            "expected a local fallback, got `cloud` at its public address",
            ("[large, shared]", "[large, cloud]"),
        ),
        broken(
            "got `shared` at https://llm.example.com",
            ("http://10.0.0.5:8001/v1", "https://llm.example.com/v1"),
            ("http://10.0.0.6:11434", "https://llm.example.com"),
        ),
    ],
    "fallback-both-sections": [
        broken(
            "got a second list. Move its entries to router_settings.",
            in_library("fallbacks: [{small: [large]}]"),
        ),
    ],
    "provider-unresolvable": [
        broken("got `qwen3-4b`. Write `openai/qwen3-4b`, say.", ("openai/qwen3-4b", "qwen3-4b")),
        broken("Did you mean `ollama_chat`?", ("ollama_chat/qwen3-4b", "olama_chat/qwen3-4b")),
    ],
    "vllm-sdk-prefix": [
        broken(
            "got `vllm/qwen3-4b`. Write `hosted_vllm/qwen3-4b`.",
            ("hosted_vllm/qwen3-4b", "vllm/qwen3-4b"),
        ),
    ],
    "api-base-suffix": [
        broken("got `http://127.0.0.1:8002`. Write `http://127.0.0.1:8002/v1`.", (":8002/v1", ":8002")),
        broken("got `http://127.0.0.1:8002/v1/chat/completions`", (":8002/v1", ":8002/v1/chat/completions")),
        broken("without /v1 and /api, got `http://10.0.0.6:11434/v1`", (":11434", ":11434/v1")),
        broken("Write `http://10.0.0.6:11434`.", (":11434", ":11434/api/chat")),
    ],
    "api-base-no-scheme": [
        broken(
            "got `127.0.0.1:8002/v1`. Write `http://127.0.0.1:8002/v1`.",
            ("http://127.0.0.1:8002", "127.0.0.1:8002"),
        ),
        broken(
            "got `http://127.0.0.1:80020000/v1`. It has the port '80020000'; a port is",
            (":8002/", ":80020000/"),
        ),
        broken("got `http://[::1/v1`. It has a bracket too few", ("http://127.0.0.1:8002", "http://[::1")),
        broken(
            "got `http:/127.0.0.1:8002/v1`. It must start", ("http://127.0.0.1:8002", "http:/127.0.0.1:8002")
        ),
    ],
    "missing-api-key-openai": [
        broken("expected an `api_key`, got none. Add `api_key: none`", ("      api_key: none\n", "")),
        broken("expected an `api_key`, got none", ("api_key: none", 'api_key: ""')),
    ],
    "env-ref-wrong-syntax": [
        broken(
            "got `${VLLM_API_KEY}`. Write `os.environ/VLLM_API_KEY`.",
            ("os.environ/VLLM", "${VLLM"),
            ("VLLM_API_KEY", "VLLM_API_KEY}"),
        ),
        broken("got `$VLLM_API_KEY`", ("os.environ/VLLM", "$VLLM")),
        broken("got `os.environ[VLLM_API_KEY]`", ("os.environ/VLLM_API_KEY", '"os.environ[VLLM_API_KEY]"')),
        broken("got `${LITELLM_MASTER_KEY}`", ("os.environ/LITELLM_MASTER_KEY", "${LITELLM_MASTER_KEY}")),
    ],
    "plaintext-secret": [
        broken(
            "got a text that looks like a key (not shown)",
            ("os.environ/VLLM_API_KEY", "hf_canarycanarycanary"),
        ),
    ],
    "unknown-litellm-param-forwarded": [
        broken(
            "got `context_length`. Move it to model_info", ("      timeout: 60", "      context_length: 4096")
        ),
        broken("Did you mean `max_tokens`?", ("      timeout: 60", "      max_token: 60")),
    ],
    "numeric-as-string": [
        broken(
            "expected a number, got the text `60`. Write it without quotes.",
            ("timeout: 60\n    model", 'timeout: "60"\n    model'),
        ),
    ],
    "rpm-without-enforcement": [
        broken(
            "expected enforce_model_rate_limits in optional_pre_call_checks, got `rpm` alone",
            ("      timeout: 60", "      rpm: 60"),
            ("  optional_pre_call_checks: [enforce_model_rate_limits]\n", ""),
        ),
    ],
    "rpm-as-weight": [
        broken(
            "got limits without weights on shared", ("weight: 0.7", "rpm: 900"), ("weight: 0.3", "rpm: 100")
        ),
    ],
    "weight-partial": [
        broken(
            "got 1 weights for 2 deployments of shared. Add the missing weight.", ("      weight: 0.3\n", "")
        ),
    ],
    "weight-zero": [
        broken("expected a weight above 0, got 0", ("weight: 0.3", "weight: 0")),
    ],
    "order-ignored": [
        broken(
            "expected one order, got 2 orders of shared for LiteLLM 1.79.3. Give it a name of its own",
            ("weight: 0.7", "order: 1"),
            ("weight: 0.3", "order: 2"),
            version="1.79.3",
        ),
    ],
    "weight-in-model-info": [
        broken("got `weight`. Move it to litellm_params.", ("max_input_tokens: 4096", "weight: 1")),
    ],
    "duplicate-model-name-mixed": [
        broken(
            "got `large` for hosted_vllm/meta-llama/Llama-3.1-8B-Instruct, openai/qwen3-4b",
            ("model_name: small", "model_name: large"),
            ("- small: [large, shared]", "- large: [shared]"),
            ("chat: small", "chat: large"),
            NO_CODE,
        ),
    ],
    "pre-call-checks-no-limits": [
        broken(
            "expected model_info.max_input_tokens, got on no model",
            after_router("enable_pre_call_checks: true"),
            ("max_input_tokens: 4096", "context_length: 4096"),
            ("max_input_tokens: 8192", "max_tokens: 8192"),
        ),
    ],
    "ollama-options-clobber": [
        broken(
            "got temperature beside them. Move them into the options",
            (
                "      weight: 0.3\n",
                "      weight: 0.3\n      temperature: 0\n      extra_body: {options: {num_ctx: 4096}}\n",
            ),
        ),
        broken(
            "expected options of Ollama, got num_gpu_layers. Remove it: Ollama ignores it.",
            ("      weight: 0.3\n", "      weight: 0.3\n      extra_body: {options: {num_gpu_layers: 9}}\n"),
        ),
    ],
    "stream-in-params": [
        broken("got `stream`. Remove it: LiteLLM ignores it.", ("      timeout: 60", "      stream: true")),
    ],
    "max-retries-inert": [
        broken("expected `num_retries`, got `max_retries`", ("      timeout: 60", "      max_retries: 2")),
    ],
    "cooldown-per-deployment-place": [
        broken("expected `allowed_fails` in model_info", ("      timeout: 60", "      allowed_fails: 2")),
    ],
    "unknown-top-level-key": [
        broken(
            "expected a section of LiteLLM, got `server_settings`.",
            (LAST, LAST + "server_settings: {port: 4000}\n"),
        ),
        broken(
            "Did you mean `router_settings`?",
            ("router_settings:", "router-settings:"),
            ("  num_retries: 0\n", ""),
        ),
    ],
    "unknown-router-key": [
        broken("got `num_retriess`. Did you mean `num_retries`?", ("  num_retries: 0", "  num_retriess: 0")),
        broken("got `max_retries`", ("  num_retries: 0", "  max_retries: 0")),
    ],
    "unknown-general-setting": [
        broken("Did you mean `database_url`?", (LAST, LAST + "  databse_url: os.environ/DATABASE_URL\n")),
    ],
    "unknown-litellm-setting": [
        broken("Did you mean `drop_params`?", ("  drop_params: true", "  drop_param: true")),
    ],
    "misplaced-key": [
        broken("expected `port` in the options of the litellm command", (LAST, LAST + "  port: 4000\n")),
        broken("Move it to general_settings.", after_router("health_check_interval: 30")),
        broken(
            "expected `rpm` in litellm_params, got `rpm` here",
            ("max_input_tokens: 4096", "rpm: 60"),
            ("  optional_pre_call_checks: [enforce_model_rate_limits]\n", ""),
        ),
    ],
    "yaml-comment-as-key": [
        broken(
            "expected a comment, got the key `# Authentication disabled`",
            (LAST, LAST + '  "# Authentication disabled": true\n'),
        ),
    ],
    "master-key-missing": [
        broken("expected a `master_key`, got none", ("general_settings:\n" + LAST, "")),
        broken("Add `master_key: os.environ/LITELLM_MASTER_KEY`", (LAST, "  alerting: [slack]\n")),
    ],
    "master-key-weak": [
        broken("got a publicly known key (not shown)", ("os.environ/LITELLM_MASTER_KEY", "sk-1234")),
    ],
    "master-key-literal": [
        broken(
            "expected os.environ/NAME, got a text (not shown)",
            ("os.environ/LITELLM_MASTER_KEY", "canary-of-the-master"),
        ),
    ],
    "routing-strategy-invalid": [
        broken(
            "got `simple_shuffle`. Write `simple-shuffle`.",
            after_router("routing_strategy: simple_shuffle"),
        ),
        broken(
            "got 'round_robin'. Leave it out for simple-shuffle.",
            after_router("routing_strategy: round_robin"),
        ),
    ],
    "timeout-inert": [
        broken("expected `timeout` in router_settings", in_library("timeout: 30")),
        broken("Move `stream_timeout` to router_settings.", in_library("stream_timeout: 30")),
    ],
    "timeout-conflict": [
        broken(
            "request_timeout 5 and timeout 60; LiteLLM 1.106.2 uses 5",
            in_library("request_timeout: 5"),
            ("      timeout: 60\n", ""),
        ),
        broken(
            "LiteLLM 1.79.3 uses 60",
            in_library("request_timeout: 5"),
            ("      timeout: 60\n", ""),
            version="1.79.3",
        ),
    ],
    "timeout-zero": [
        broken("expected seconds above 0, got 0", ("  timeout: 60\n  opt", "  timeout: 0\n  opt")),
        broken("expected seconds above 0, got 0", ("      timeout: 60", "      timeout: 0")),
    ],
    "cooldown-zero": [
        broken("Write `disable_cooldowns: true` instead.", after_router("cooldown_time: 0")),
    ],
    "stream-timeout-missing": [
        broken("got none; streams of small wait 60 s", in_library("request_timeout: 60")),
    ],
    "retries-conflict": [
        broken("got 2 here and 0 in router_settings, which holds", in_library("num_retries: 2")),
    ],
    "allowed-fails-default-noop": [
        broken("expected a number other than 3, got 3", after_router("allowed_fails: 3")),
    ],
    "cooldown-single-deployment": [
        broken(
            "expected `allowed_fails` beside it, got none, and one deployment each for small, large",
            after_router("cooldown_time: 30"),
        ),
    ],
    "cache-on-with-fallbacks": [
        broken(
            "Vary the prompt when you test fallbacks.",
            in_library("cache: true\n  cache_params: {type: local}"),
        ),
    ],
    "pre-call-check-unknown": [
        broken(
            "got `enforce_model_rate_limit`. Did you mean `enforce_model_rate_limits`?",
            ("[enforce_model_rate_limits]", "[enforce_model_rate_limit]"),
        ),
        broken(
            "expected a list, got 'enforce_model_rate_limits'. Write `[enforce_model_rate_limits]`.",
            ("[enforce_model_rate_limits]", "enforce_model_rate_limits"),
        ),
        broken("got `enforce_model_rate_limits`. LiteLLM 1.79.3 has no such check.", version="1.79.3"),
    ],
    "cache-type-unknown": [
        broken(
            "got `reddis`. Did you mean `redis`?",
            in_library("cache: true\n  cache_params: {type: reddis}"),
            NO_CHAINS,
        ),
    ],
    "section-shape": [
        broken(
            "expected a list of deployments, got a mapping.",
            ("model_list:", "model_list: {a: 1}\ncallback_settings:"),
        ),
        broken(
            "expected a mapping, got True.", ("litellm_settings:", "litellm_settings: on\ncallback_settings:")
        ),
        broken(
            "expected a mapping, got a list. Write `key: value` lines below it.",
            ("  model_group_alias:\n    chat: small\n", "  model_group_alias: [small]\n"),
            NO_CODE,
            ("    - chat: [large]\n", ""),
        ),
        broken(
            "expected a mapping, got 'simple-shuffle'.",
            ("router_settings:\n", "router_settings: simple-shuffle\ncallback_settings:\n"),
        ),
    ],
    "entry-incomplete": [
        broken(
            "2:5: expected the key `model_name`, got no such key. Is `model-name` a typo of `model_name`?",
            ("model_list:\n", f"model_list:\n  - model-name: other\n    litellm_params: {WHOLE}\n"),
        ),
        broken("2:5: expected a deployment, got 'small'.", ("model_list:\n", "model_list:\n  - small\n")),
        broken(
            'expected text, got 7. Quote it: "7".',
            ("model_list:\n", f"{MODELS}7\n    litellm_params: {WHOLE}\n"),
        ),
        broken(
            "expected the key `litellm_params`, got no such key. Add `litellm_params:`.",
            ("model_list:\n", f"{MODELS}z\n"),
        ),
        broken("expected a mapping, got a list.", ("model_list:\n", f"{MODELS}z\n    litellm_params: [a]\n")),
        broken(
            "expected the key `model`, got no such key.",
            ("model_list:\n", f"{MODELS}z\n    litellm_params: {{api_key: none}}\n"),
        ),
        broken(
            "expected a mapping, got nothing. Indent its `key: value` lines below it.",
            ("model_list:\n", f"{MODELS}z\n    litellm_params:\n"),
        ),
        broken(
            "expected text, got nothing. Write text here.",
            ("model_list:\n", f"{MODELS}z\n    litellm_params: {{model: }}\n"),
        ),
        broken(
            "expected a mapping, got 'big'.",
            ("model_list:\n", f"{MODELS}z\n    litellm_params: {WHOLE}\n    model_info: big\n"),
        ),
    ],
    "cache-without-address": [
        broken("expected `cache_params` with a type or a host, got none. Add", in_library("cache: true")),
        broken("got none", in_library("cache: true\n  cache_params: {type: redis, ttl: 60}")),
    ],
}

CASES = [(slug, case) for slug, cases in BROKEN.items() for case in cases]


GOOD = {
    "a wildcard": [
        ("model_name: cloud", "model_name: anthropic/*"),
        ("anthropic/claude-sonnet-4", "anthropic/*"),
    ],
    "a star chain": [("- chat: [large]", '- chat: [large]\n    - "*": [shared]')],
    "default fallbacks": [after_router("default_fallbacks: [large]")],
    "context-window fallbacks for all": [
        after_router("context_window_fallbacks: [{small: [large]}, {shared: [large]}, {chat: [large]}]")
    ],
    "weights on another scale": [("weight: 0.7", "weight: 7"), ("weight: 0.3", "weight: 3")],
    "no weights": [
        ("      weight: 0.7\n", ""),
        ("      weight: 0.3\n", ""),
        ("ollama_chat/qwen3-4b", "hosted_vllm/qwen3-4b"),
        (":11434", ":8001/v1"),
    ],
    "orders": [("weight: 0.7", "order: 1"), ("weight: 0.3", "order: 2")],
    "limits": [("      timeout: 60", "      rpm: 60\n      tpm: 1000")],
    "limits by a strategy": [
        ("      timeout: 60", "      rpm: 60"),
        (
            "  optional_pre_call_checks: [enforce_model_rate_limits]",
            "  routing_strategy: usage-based-routing-v2",
        ),
    ],
    "an address from the environment": [("http://127.0.0.1:8002/v1", "os.environ/SMALL_URL")],
    "a trailing slash": [(":8002/v1", ":8002/v1/")],
    "a path before /v1": [(":8002/v1", ":8002/llm/v1")],
    "custom_llm_provider": [("openai/qwen3-4b", "qwen3-4b\n      custom_llm_provider: openai")],
    "a model of the cost map": [("anthropic/claude-sonnet-4", "gpt-4o")],
    "metadata": [("max_input_tokens: 4096", "max_input_tokens: 4096\n      tags: [a]\n      notes: hi")],
    "sampling parameters": [("      timeout: 60", "      temperature: 0.1\n      max_tokens: 64")],
    "a mock": [("      timeout: 60", "      mock_response: hi")],
    "sections of others": [(LAST, LAST + "guardrails: []\nenvironment_variables: {A: b}\n")],
    "an alias that is listed": [("hidden: true", "hidden: false")],
    "an alias as a fallback": [("- shared: [large]", "- shared: [code]")],
    "a cooldown with a breaker": [after_router("cooldown_time: 30\n  allowed_fails: 2")],
    "a Redis cache without fallbacks": [
        in_library("cache: true\n  cache_params: {type: redis, host: 127.0.0.1, port: 9}"),
        NO_CHAINS,
    ],
    "equal timeouts": [in_library("request_timeout: 60"), ("      timeout: 60\n", "")],
    "a stream timeout": [in_library("request_timeout: 60"), after_router("stream_timeout: 20")],
    "retries": [("  num_retries: 0", "  num_retries: 2")],
    "all strategies": [after_router("routing_strategy: least-busy")],
    "comments": [("model_list:", "# what is served\nmodel_list: # here")],
    "flow style": [("- chat: [large]", '- {"chat": ["large"]}')],
    "Ollama's options": [
        ("      weight: 0.3\n", "      weight: 0.3\n      extra_body: {options: {num_ctx: 4096}}\n")
    ],
    "a literal key that is no secret": [("api_key: none", "api_key: not-needed")],
    "an anchor": [
        (
            "    model_info:\n      max_input_tokens: 4096",
            "    model_info: &info\n      max_input_tokens: 4096",
        ),
        ("    model_info:\n      max_input_tokens: 8192", "    model_info: *info"),
    ],
    "a fallback of the same size": [
        ("- shared: [large]", "- shared: [small]"),
        ("[large, shared]", "[large]"),
    ],
}
