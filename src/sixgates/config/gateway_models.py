"""Rules on the gateway's deployments: addresses, keys, weights and limits. Measured on LiteLLM 1.106.2 and 1.79.3."""

from __future__ import annotations

import re
from urllib.parse import urlsplit, urlunsplit

from sixgates.config.gateway import Gateway, Path, is_local
from sixgates.config.rules import Findings, Severity, gateway_rule
from sixgates.config.validation import listed, suggestion
from sixgates.inputs.url import problem_of
from sixgates.inputs.url import public as public_url

ERROR, WARN, INFO = Severity.ERROR, Severity.WARN, Severity.INFO
_OPENAI = {"openai", "custom_openai", "text-completion-openai"}
_NEEDS_V1 = _OPENAI | {"hosted_vllm", "llamafile", "lm_studio", "litellm_proxy"}
_WITHOUT_V1 = {"ollama", "ollama_chat", "anthropic"}
_GOES_ON = re.compile(r"/v1(?=/|$)|/(?:chat/completions|completions|embeddings|responses|models)$")
"""What a path may have that LiteLLM appends by itself."""
_SCHEME = re.compile(r"(?i)https?(?:[:/]|$)|[a-z][a-z0-9+.-]*:(?![0-9])")
_REFERENCE = re.compile(r"^(\$\{?\w+\}?|os\.environ\[.*\]|os\.environ\.\w+|env:\w+|\{\{.*\}\})$")
_REAL_KEY = re.compile(r"^(sk-(?!1234$)|hf_|gsk_|xai-|AIza|AKIA|r8_|pplx-)[\w-]{12,}$|^[A-Za-z0-9+/_-]{40,}$")
_COUNTED = re.compile(r"[-+]?[\d.,_]{1,15} ?[A-Za-z]{0,3}")
_SECRET = re.compile(r"key|token|secret|password", re.IGNORECASE)
_NUMBERS = {
    "rpm",
    "tpm",
    "weight",
    "order",
    "timeout",
    "stream_timeout",
    "num_retries",
    "max_parallel_requests",
    *("request_timeout", "cooldown_time", "allowed_fails", "max_fallbacks", "retry_after"),
    *("max_input_tokens", "health_check_interval"),
}
_ELSEWHERE = {
    *("weight", "order", "num_retries", "request_timeout", "extra_body", "extra_headers", "extra_query"),
    *("allowed_fails", "stream"),
}
"""Parameters that LiteLLM reads without listing them, and those that have a rule of their own."""

_OLLAMA_OPTIONS = {
    *(
        "num_ctx",
        "num_batch",
        "num_gpu",
        "main_gpu",
        "num_thread",
        "num_keep",
        "seed",
        "num_predict",
        "top_k",
    ),
    *("top_p", "min_p", "typical_p", "repeat_last_n", "temperature", "repeat_penalty", "presence_penalty"),
    *("frequency_penalty", "mirostat", "mirostat_tau", "mirostat_eta", "penalize_newline", "stop", "numa"),
    *("low_vram", "vocab_only", "use_mmap", "use_mlock"),
}


@gateway_rule(
    "provider-unresolvable",
    ERROR,
    happens="LiteLLM starts and drops the deployment with one line in its log; the name is missing from /v1/models.",
    mend="Put the provider before the name, such as `hosted_vllm/NAME` or `openai/NAME`.",
)
def provider_unresolvable(gateway: Gateway) -> Findings:
    """The model string says which provider speaks to the server."""
    words = gateway.words
    for entry in gateway.entries:
        if not entry.model or entry.model == "*" or entry.model in words.models:
            continue
        if entry.provider not in words.providers:
            hint = suggestion(entry.provider, words.providers) or f"Write `openai/{entry.model}`, say."
            expected = "a model with a provider that LiteLLM knows before it"
            yield gateway.finding(entry.path("litellm_params", "model"), expected, f"`{entry.model}`", hint)


@gateway_rule(
    "vllm-sdk-prefix",
    ERROR,
    "BerriAI/litellm#2831",
    happens="`vllm/` wants the Python package inside the gateway: every request is a 500, No module named 'vllm'.",
    mend="Write `hosted_vllm/`.",
)
def vllm_sdk_prefix(gateway: Gateway) -> Findings:
    """A vLLM server is reached by the prefix `hosted_vllm/`."""
    for entry in gateway.entries:
        if entry.provider == "vllm" and entry.address:
            edit = (entry.model, f"hosted_{entry.model}")
            where = entry.path("litellm_params", "model")
            if entry.model.startswith("vllm/"):
                yield gateway.mendable(where, "the prefix hosted_vllm/", edit)


@gateway_rule(
    "api-base-suffix",
    ERROR,
    "BerriAI/litellm#5183",
    happens="LiteLLM appends the rest of the path by itself: every request is a 404.",
    mend="End with /v1 for OpenAI-compatible servers; with the port for Ollama; with the host for Anthropic.",
)
def api_base_suffix(gateway: Gateway) -> Findings:
    """An address ends where LiteLLM goes on for this provider: with /v1 or without."""
    for entry in gateway.entries:
        if _is_elsewhere(entry.address) or not entry.address or _problem(entry.address):
            continue
        where = entry.path("litellm_params", "api_base")
        path = urlsplit(entry.address).path.rstrip("/")
        if entry.provider in _NEEDS_V1 and not path.endswith("/v1"):
            edit = (entry.address, _with_path(entry.address, f"{_GOES_ON.split(path)[0]}/v1"))
            yield gateway.mendable(where, "an address that ends with /v1", edit)
        elif entry.provider in _WITHOUT_V1 and re.search(r"/(v1|api)(/|$)", path):
            edit = (entry.address, _with_path(entry.address, re.split(r"/(?:v1|api)(?:/|$)", path)[0]))
            yield gateway.mendable(where, "an address without /v1 and /api", edit)


@gateway_rule(
    "api-base-no-scheme",
    ERROR,
    happens="LiteLLM takes it at start, and every request fails.",
    mend="Write http:// or https://, the host, and a port if it is not the usual one.",
)
def api_base_no_scheme(gateway: Gateway) -> Findings:
    """An address is an http:// or https:// URL with a host and a numeric port."""
    for entry in gateway.entries:
        if not entry.address or _is_elsewhere(entry.address):
            continue
        problem, where = _problem(entry.address), entry.path("litellm_params", "api_base")
        edit = (entry.address, f"http://{entry.address}")
        if problem and not _SCHEME.match(entry.address) and not problem_of(edit[1]):
            yield gateway.mendable(where, "http:// or https:// before the host", edit)
        elif problem:
            expected = "an http:// or https:// URL with a host and a numeric port"
            yield gateway.finding(where, expected, f"`{public_url(entry.address)}`", f"It {problem}.")


@gateway_rule(
    "missing-api-key-openai",
    ERROR,
    "BerriAI/litellm#5183",
    happens="Every request is a 500 before anything is sent; with OPENAI_API_KEY set, that key goes to this server.",
    mend="Give `api_key: none` to a server that wants none, else `os.environ/NAME`.",
)
def missing_api_key(gateway: Gateway) -> Findings:
    """A server behind the prefix `openai/` has a key of its own, if only a placeholder."""
    for entry in gateway.entries:
        if entry.provider in _OPENAI and entry.address and not entry.params.get("api_key"):
            hint = "Add `api_key: none` if the server wants no key."
            yield gateway.finding(entry.path("litellm_params"), "an `api_key`", "none", hint, key=True)


@gateway_rule(
    "env-ref-wrong-syntax",
    ERROR,
    happens="The text itself is used: as the key that is sent, or as the master key that everybody can read.",
    mend="Write `os.environ/NAME`.",
)
def env_reference(gateway: Gateway) -> Findings:
    """A reference to the environment is written `os.environ/NAME`."""
    for path, value in gateway.texts:
        if _REFERENCE.match(value):
            name = next(iter(re.findall(r"[A-Z][A-Z0-9_]+", value)), "NAME")
            yield gateway.mendable(path, "os.environ/NAME", (value, f"os.environ/{name}"))


@gateway_rule(
    "plaintext-secret",
    ERROR,
    happens="The key is in the file, in its history, and in every copy.",
    mend="Put it into an environment variable, write `os.environ/NAME`, and replace the key: it has been seen.",
)
def plaintext_secret(gateway: Gateway) -> Findings:
    """No key, token or password stands in the file."""
    for path, value in gateway.texts:
        key = str(path[-1])
        if _SECRET.search(key) and key != "master_key" and _REAL_KEY.match(value):
            hint = "Replace the key, and write `os.environ/NAME` here."
            yield gateway.finding(path, "os.environ/NAME", "a text that looks like a key (not shown)", hint)


@gateway_rule(
    "unknown-litellm-param-forwarded",
    WARN,
    happens="LiteLLM sends the key to the server in every request; strict servers answer 400, Ollama drops it.",
    mend="Move notes to `model_info`; correct what is misspelt.",
)
def unknown_param(gateway: Gateway) -> Findings:
    """Every key of `litellm_params` means something to LiteLLM."""
    known = gateway.words.params | _ELSEWHERE
    for entry in gateway.entries:
        for key in entry.params:
            if key not in known and not str(key).startswith("#"):
                hint = suggestion(str(key), known) or "Move it to model_info, or remove it."
                where = entry.path("litellm_params", key)
                yield gateway.finding(where, "a parameter of LiteLLM", f"`{key}`", hint, key=True)


@gateway_rule(
    "numeric-as-string",
    WARN,
    happens='Some settings are used as text: a deployment with `rpm: "60"` may be dropped at start.',
    mend="Write the number without quotes.",
)
def numeric_as_string(gateway: Gateway) -> Findings:
    """Numbers are written as numbers."""
    for path, value in gateway.texts:
        if path[-1] in _NUMBERS and not value.startswith("os.environ/"):
            got = f"the text `{value}`" if _COUNTED.fullmatch(value) else "a text (not shown)"
            yield gateway.finding(path, "a number", got, "Write it without quotes.")


@gateway_rule(
    "rpm-without-enforcement",
    WARN,
    happens="Nothing is ever refused: LiteLLM reads the limits and does not enforce them.",
    mend="Add `optional_pre_call_checks: [enforce_model_rate_limits]` to router_settings.",
)
def limits_without_enforcement(gateway: Gateway) -> Findings:
    """Limits stand beside the setting that enforces them."""
    if _enforced(gateway):
        return
    for entry in gateway.entries:
        for metric in ("rpm", "tpm"):
            if metric in entry.params and len(gateway.groups[entry.name]) == 1:
                expected = "enforce_model_rate_limits in optional_pre_call_checks"
                hint = "Add it to router_settings, or remove the limit."
                where = entry.path("litellm_params", metric)
                yield gateway.finding(where, expected, f"`{metric}` alone", hint, key=True)
                break


@gateway_rule(
    "rpm-as-weight",
    WARN,
    happens="simple-shuffle takes `rpm` for a weight: 900 and 100 share the requests nine to one, without a limit.",
    mend="Give each deployment a `weight`, and enforce the limits.",
)
def rpm_as_weight(gateway: Gateway) -> Findings:
    """Deployments that share a name and have limits have weights too."""
    if gateway.section("router_settings").get("routing_strategy") not in (None, "simple-shuffle"):
        return
    for entries in gateway.groups.values():
        limited = [entry for entry in entries if entry.params.keys() & {"rpm", "tpm"}]
        if len(entries) > 1 and limited and not any("weight" in entry.params for entry in entries):
            hint = "Add a weight to each deployment of this name."
            where = limited[0].path("litellm_params")
            got = f"limits without weights on {limited[0].name}"
            yield gateway.finding(where, "a `weight`", got, hint, key=True)


@gateway_rule(
    "weight-partial",
    ERROR,
    "BerriAI/litellm#33329",
    happens="If the first deployment has a weight, one without gets no requests; if not, all share alike.",
    mend="Give every deployment of the name a weight, or none.",
)
def weight_partial(gateway: Gateway) -> Findings:
    """The deployments of a name all have a weight, or none has."""
    for entries in gateway.groups.values():
        without = [entry for entry in entries if "weight" not in entry.params]
        if without and len(without) < len(entries):
            hint = "Add the missing weight."
            got = f"{len(entries) - len(without)} weights for {len(entries)} deployments of {without[0].name}"
            yield gateway.finding(without[0].path("litellm_params"), "a `weight`", got, hint, key=True)


@gateway_rule(
    "weight-zero",
    WARN,
    happens="The deployment gets no requests while another one of the name is up.",
    mend="Remove the deployment, or make it a fallback.",
)
def weight_zero(gateway: Gateway) -> Findings:
    """A weight is more than 0."""
    for entry in gateway.entries:
        weight = entry.params.get("weight")
        if weight == 0 and not isinstance(weight, bool):
            hint = "Make it a fallback, or remove it."
            yield gateway.finding(entry.path("litellm_params", "weight"), "a weight above 0", "0", hint)


@gateway_rule(
    "order-ignored",
    ERROR,
    happens="1.79.3 shares the requests over all orders, and asks no other when one fails; 1.106.2 does as written.",
    mend="Give the later deployments a name of their own and make it a fallback, or use 1.106.2.",
    versions=("1.79.3",),
)
def order_ignored(gateway: Gateway) -> Findings:
    """Deployments of a name have orders only where LiteLLM asks them in that order."""
    for name, entries in gateway.groups.items() if not gateway.words.falls_to_orders else ():
        orders = {order for entry in entries if (order := entry.params.get("order")) is not None}
        if len(orders) > 1:
            later = next(
                entry for entry in entries if entry.params.get("order") != entries[0].params.get("order")
            )
            where = later.path("litellm_params", "order")
            got = f"{len(orders)} orders of {name} for LiteLLM {gateway.words.version}"
            hint = "Give it a name of its own, and add that to the fallbacks."
            yield gateway.finding(where, "one order", got, hint, key=True)


@gateway_rule(
    "weight-in-model-info",
    ERROR,
    happens="LiteLLM does not read a weight there.",
    mend="Move `weight` to `litellm_params`.",
)
def weight_in_model_info(gateway: Gateway) -> Findings:
    """A weight stands in `litellm_params`."""
    for entry in gateway.entries:
        if "weight" in entry.info:
            where = entry.path("model_info", "weight")
            hint = "Move it to litellm_params."
            yield gateway.finding(where, "no `weight` here", "`weight`", hint, key=True)


@gateway_rule(
    "duplicate-model-name-mixed",
    WARN,
    happens="LiteLLM shares the requests of the name: half are answered by another model, or leave the machine.",
    mend="Give the second deployment a name of its own, and a fallback if you want one.",
)
def mixed_group(gateway: Gateway) -> Findings:
    """Deployments that share a name without weights or orders run one model, all local or all not."""
    for name, entries in gateway.groups.items():
        chosen = any({"weight", "order"} & entry.params.keys() for entry in entries)
        backends = {entry.model.split("/", 1)[-1] for entry in entries}
        places = {is_local(entry.address) for entry in entries if entry.address or entry.model}
        if len(entries) > 1 and not chosen and (len(backends) > 1 or len(places) > 1):
            got = f"`{name}` for {listed(sorted(entry.model for entry in entries))}"
            where = entries[1].path("model_name")
            yield gateway.finding(where, "a name of its own", got, "Rename one, or give both a weight.")


@gateway_rule(
    "pre-call-checks-no-limits",
    WARN,
    happens="The check has nothing to compare: `context_length` and `max_tokens` of model_info do not count.",
    mend="Give `model_info.max_input_tokens`.",
)
def pre_call_checks_without_limits(gateway: Gateway) -> Findings:
    """Where context lengths are checked before a call, some model says its own."""
    on = gateway.section("router_settings").get("enable_pre_call_checks") is True
    limits = any("max_input_tokens" in entry.info or "rpm" in entry.params for entry in gateway.entries)
    if on and not limits:
        where: Path = ("router_settings", "enable_pre_call_checks")
        hint = "Add max_input_tokens to the model_info of each model."
        yield gateway.finding(where, "model_info.max_input_tokens", "on no model", hint, key=True)


@gateway_rule(
    "ollama-options-clobber",
    WARN,
    happens="They replace the options that LiteLLM makes: parameters beside them are lost, unknown ones do nothing.",
    mend="Write parameters beside each other in `litellm_params`, or all of them as options.",
)
def ollama_options(gateway: Gateway) -> Findings:
    """Options for Ollama are known to it, and no other parameter stands beside them."""
    for entry in gateway.entries:
        body = entry.params.get("extra_body")
        options = body.get("options") if isinstance(body, dict) else None
        if not entry.provider.startswith("ollama") or not isinstance(options, dict):
            continue
        where = entry.path("litellm_params", "extra_body", "options")
        lost = sorted(entry.params.keys() & (_OLLAMA_OPTIONS | {"max_tokens"}))
        unknown = sorted(str(key) for key in options if key not in _OLLAMA_OPTIONS)
        if lost:
            hint = "Move them into the options, or the options out."
            yield gateway.finding(where, "options alone", f"{listed(lost)} beside them", hint, key=True)
        if unknown:
            hint = suggestion(unknown[0], _OLLAMA_OPTIONS) or "Remove it: Ollama ignores it."
            yield gateway.finding(where, "options of Ollama", listed(unknown), hint, key=True)


@gateway_rule(
    "stream-in-params",
    INFO,
    happens="Nothing: whether an answer is streamed, the request says.",
    mend="Remove it.",
)
def stream_in_params(gateway: Gateway) -> Findings:
    """`stream` is left to the request."""
    for entry in gateway.entries:
        if "stream" in entry.params:
            where = entry.path("litellm_params", "stream")
            yield gateway.finding(
                where, "no `stream`", "`stream`", "Remove it: LiteLLM ignores it.", key=True
            )


@gateway_rule(
    "max-retries-inert",
    WARN,
    "BerriAI/litellm#18968",
    happens="LiteLLM's router does not read it: it retries as `num_retries` says, two times by default.",
    mend="Write `num_retries`.",
)
def max_retries_inert(gateway: Gateway) -> Findings:
    """Retries are set by `num_retries`."""
    for entry in gateway.entries:
        if "max_retries" in entry.params:
            where = entry.path("litellm_params", "max_retries")
            yield gateway.finding(where, "`num_retries`", "`max_retries`", "Write `num_retries`.", key=True)


@gateway_rule(
    "cooldown-per-deployment-place",
    WARN,
    happens="LiteLLM does not read it there.",
    mend="Move it to `model_info`, or to router_settings for all.",
)
def cooldown_place(gateway: Gateway) -> Findings:
    """How many failures a deployment may have stands in `model_info`."""
    for entry in gateway.entries:
        if "allowed_fails" in entry.params:
            where = entry.path("litellm_params", "allowed_fails")
            hint = "Move it to model_info."
            yield gateway.finding(where, "`allowed_fails` in model_info", "here", hint, key=True)


def _is_elsewhere(address: str) -> bool:
    """Whether the file only says where the address stands."""
    return address.startswith("os.environ/") or bool(_REFERENCE.match(address))


def _problem(address: str) -> str:
    """What no request gets past; LiteLLM leaves a fragment out, and the zone of an IPv6 address to the system."""
    return problem_of(re.sub(r"(?<=//)(\[[0-9A-Fa-f:.]*)%[^\[\]]*(?=\])", r"\1", address.partition("#")[0]))


def _with_path(address: str, path: str) -> str:
    return urlunsplit(urlsplit(address)._replace(path=path, fragment=""))


def _enforced(gateway: Gateway) -> bool:
    router = gateway.section("router_settings")
    checks = router.get("optional_pre_call_checks")
    listed_checks = [each for each in checks if isinstance(each, str)] if isinstance(checks, list) else []
    by_strategy = str(router.get("routing_strategy", "")).startswith("usage-based-routing")
    on = router.get("enable_pre_call_checks") is True
    enforced = gateway.words.checks.intersection(listed_checks, ["enforce_model_rate_limits"])
    return bool(enforced) or by_strategy or on
