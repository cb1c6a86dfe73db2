"""Rules on the gateway's sections and settings. What happens was measured on LiteLLM 1.106.2 and 1.79.3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from sixgates.config.gateway import SECTIONS, Gateway, Path
from sixgates.config.rules import Findings, Severity, gateway_rule
from sixgates.config.validation import listed, shown, suggestion

ERROR, WARN, INFO = Severity.ERROR, Severity.WARN, Severity.INFO
_GENERAL = {"health_check_details", "salt_key"}
_LITELLM = {"cache_params", "callback_settings", "context_window_fallbacks", "fallbacks", "default_fallbacks"}
_REDIS = {"host", "url", "redis_startup_nodes", "sentinel_nodes"}
_SERVER = {"port", "host", "cors", "cors_origins", "allow_origins", "workers", "num_workers", "reload"}
_WEAK = {"sk-1234", "sk-123", "sk-12345", "sk-master", "changeme", "password", "secret", "test", "master"}
_DEFAULT_ALLOWED_FAILS = 3
_MASTER: Path = ("general_settings", "master_key")


@gateway_rule(
    "unknown-top-level-key",
    ERROR,
    "BerriAI/litellm#34877",
    happens="LiteLLM ignores the whole section without a word.",
    mend="Correct the name, or move its settings to the section that LiteLLM reads.",
)
def unknown_section(gateway: Gateway) -> Findings:
    """Every section of the file is one that LiteLLM reads."""
    yield from _unknown(gateway, (), gateway.words.sections, "a section of LiteLLM")


@gateway_rule(
    "unknown-router-key",
    ERROR,
    happens="LiteLLM ignores it: 1.106.2 with one line in its log at start, 1.79.3 without a word.",
    mend="Correct the name, or remove it.",
)
def unknown_router_key(gateway: Gateway) -> Findings:
    """Every key of router_settings is an argument of LiteLLM's router."""
    known = gateway.words.router | {"health_check_interval", "health_check_concurrency"}
    yield from _unknown(gateway, ("router_settings",), known, "an argument of the router")


@gateway_rule(
    "unknown-general-setting",
    WARN,
    happens="LiteLLM ignores it without a word.",
    mend="Correct the name, or remove it.",
)
def unknown_general_setting(gateway: Gateway) -> Findings:
    """Every key of general_settings is a setting of LiteLLM's proxy."""
    known = gateway.words.general | _GENERAL | _SERVER
    yield from _unknown(gateway, ("general_settings",), known, "a setting of the proxy")


@gateway_rule(
    "unknown-litellm-setting",
    WARN,
    happens="LiteLLM keeps it and nothing reads it.",
    mend="Correct the name, or remove it.",
)
def unknown_litellm_setting(gateway: Gateway) -> Findings:
    """Every key of litellm_settings is a setting of LiteLLM's library."""
    known = gateway.words.litellm | _LITELLM | {"timeout", "stream_timeout"}
    yield from _unknown(gateway, ("litellm_settings",), known, "a setting of the library")


@gateway_rule(
    "misplaced-key",
    ERROR,
    happens="LiteLLM does not read it there; 1.106.2 refuses to start on health checks among the router's settings.",
    mend="Move it to where it is read; host, port and workers are options of the command.",
)
def misplaced_key(gateway: Gateway) -> Findings:
    """Every setting stands where LiteLLM reads it."""
    for section, key, place in _misplaced():
        if key in gateway.section(section):
            got = f"`{key}` in {section}"
            yield gateway.finding(
                (section, key), f"`{key}` in {place}", got, f"Move it to {place}.", key=True
            )
    for entry in gateway.entries:
        for key in ("rpm", "tpm"):
            if key in entry.info and not _model_limits(gateway):
                where = entry.path("model_info", key)
                hint = "Move it to litellm_params."
                yield gateway.finding(where, f"`{key}` in litellm_params", f"`{key}` here", hint, key=True)


@gateway_rule(
    "yaml-comment-as-key",
    WARN,
    happens="The quoted comment is a key like others: LiteLLM ignores it, or forwards it to the server.",
    mend="Remove the quotes around it.",
)
def comment_as_key(gateway: Gateway) -> Findings:
    """No key begins with #."""
    for path in _keys(gateway.node.value, ()):
        if str(path[-1]).startswith("#"):
            hint = "Write the comment without quotes and colon."
            yield gateway.finding(path, "a comment", f"the key `{path[-1]}`", hint, key=True)


@gateway_rule(
    "master-key-missing",
    ERROR,
    happens="LiteLLM 1.106.2 refuses to start; 1.79.3 starts and serves everybody.",
    mend="Add `master_key: os.environ/LITELLM_MASTER_KEY` to general_settings.",
)
def master_key_missing(gateway: Gateway) -> Findings:
    """The gateway has a master key."""
    if not gateway.section("general_settings").get("master_key") and not gateway.includes:
        hint = "Add `master_key: os.environ/LITELLM_MASTER_KEY` to general_settings."
        yield gateway.finding(("general_settings",), "a `master_key`", "none", hint, key=True)


@gateway_rule(
    "master-key-weak",
    ERROR,
    happens="LiteLLM 1.106.2 refuses to start with a publicly known key; with others anybody may guess it.",
    mend="Use a long random key, from the environment.",
)
def master_key_weak(gateway: Gateway) -> Findings:
    """The master key is not one that everybody tries."""
    value = gateway.section("general_settings").get("master_key")
    if isinstance(value, str) and value.lower() in _WEAK:
        hint = "Write `os.environ/LITELLM_MASTER_KEY`, and make the key with `openssl rand -hex 24`."
        yield gateway.finding(_MASTER, "a long random key", "a publicly known key (not shown)", hint)


@gateway_rule(
    "master-key-literal",
    ERROR,
    happens="Whoever reads the file or its history has full access to the gateway.",
    mend="Write `os.environ/LITELLM_MASTER_KEY`.",
)
def master_key_literal(gateway: Gateway) -> Findings:
    """The master key comes from the environment."""
    value = gateway.section("general_settings").get("master_key")
    plain = isinstance(value, str) and not value.startswith(("os.environ", "$", "env:", "{{"))
    if plain and value and str(value).lower() not in _WEAK:
        yield gateway.finding(
            _MASTER, "os.environ/NAME", "a text (not shown)", "Write `os.environ/LITELLM_MASTER_KEY`."
        )


@gateway_rule(
    "routing-strategy-invalid",
    ERROR,
    happens="LiteLLM 1.106.2 refuses to start; 1.79.3 starts and finds no deployment for any request.",
    mend="Use one of the names that LiteLLM knows; leave it out for simple-shuffle.",
)
def routing_strategy(gateway: Gateway) -> Findings:
    """The routing strategy is one that LiteLLM knows."""
    value = gateway.section("router_settings").get("routing_strategy")
    known = sorted(gateway.words.strategies)
    if value is None or value in known:
        return
    where: Path = ("router_settings", "routing_strategy")
    expected = f"one of {', '.join(known)}"
    dashed = str(value).lower().replace("_", "-")
    if isinstance(value, str) and dashed in known:
        yield gateway.mendable(where, expected, (value, dashed))
    else:
        hint = suggestion(dashed, known) or "Leave it out for simple-shuffle."
        yield gateway.finding(where, expected, shown(value, where), hint)


@gateway_rule(
    "timeout-inert",
    WARN,
    happens="A hanging server hangs the client: LiteLLM sets the attribute and never uses it.",
    mend="Write `timeout` and `stream_timeout` in router_settings.",
)
def timeout_inert(gateway: Gateway) -> Findings:
    """Timeouts stand where LiteLLM uses them."""
    for key in ("timeout", "stream_timeout"):
        if key in gateway.section("litellm_settings"):
            where: Path = ("litellm_settings", key)
            hint = f"Move `{key}` to router_settings."
            yield gateway.finding(where, f"`{key}` in router_settings", "it here", hint, key=True)


@gateway_rule(
    "timeout-conflict",
    WARN,
    "BerriAI/litellm#31119",
    "BerriAI/litellm#24317",
    happens="1.106.2 uses request_timeout, 1.79.3 the router's timeout; streams ignore a deployment's own timeout.",
    mend="Set one of the two.",
)
def timeout_conflict(gateway: Gateway) -> Findings:
    """One timeout holds for requests."""
    library = gateway.section("litellm_settings").get("request_timeout")
    router = gateway.section("router_settings").get("timeout")
    if library is not None and router is not None and library != router:
        effective = router if gateway.words.version == "1.79.3" else library
        got = f"request_timeout {library} and timeout {router}; LiteLLM {gateway.words.version} uses {effective}"
        where: Path = ("litellm_settings", "request_timeout")
        yield gateway.finding(where, "one timeout", got, "Remove one of them.", key=True)


@gateway_rule(
    "timeout-zero",
    WARN,
    happens="0 is the same as nothing: LiteLLM waits 6000 seconds.",
    mend="Write the seconds that a client may wait.",
)
def timeout_zero(gateway: Gateway) -> Findings:
    """A timeout is more than 0."""
    keys = ("timeout", "stream_timeout", "request_timeout")
    for section in SECTIONS:
        for key in keys:
            if _zero(gateway.section(section).get(key)):
                yield gateway.finding((section, key), "seconds above 0", "0", "Write 600, say.")
    for entry in gateway.entries:
        for key in keys:
            if _zero(entry.params.get(key)):
                where = entry.path("litellm_params", key)
                yield gateway.finding(where, "seconds above 0", "0", "Write 600, say.")


@gateway_rule(
    "cooldown-zero",
    WARN,
    happens="0 is the same as nothing: a deployment cools down for 5 seconds.",
    mend="Write `disable_cooldowns: true`, or the seconds.",
)
def cooldown_zero(gateway: Gateway) -> Findings:
    """A cooldown is more than 0."""
    if _zero(gateway.section("router_settings").get("cooldown_time")):
        where: Path = ("router_settings", "cooldown_time")
        yield gateway.finding(where, "seconds above 0", "0", "Write `disable_cooldowns: true` instead.")


@gateway_rule(
    "stream-timeout-missing",
    INFO,
    happens="1.106.2 bounds the wait between two chunks by request_timeout, whatever a deployment's timeout says.",
    mend="Add `stream_timeout` to router_settings.",
)
def stream_timeout_missing(gateway: Gateway) -> Findings:
    """Where request_timeout is set and a deployment has a timeout, streams have one too."""
    own = [entry for entry in gateway.entries if "timeout" in entry.params]
    ours = any("stream_timeout" in entry.params for entry in own)
    library = gateway.section("litellm_settings").get("request_timeout")
    if own and library is not None and not ours and gateway.setting("stream_timeout") is None:
        where = own[0].path("litellm_params", "timeout")
        got = f"none; streams of {own[0].name} wait {library} s"
        yield gateway.finding(where, "a stream_timeout", got, "Add stream_timeout beside it.", key=True)


@gateway_rule(
    "retries-conflict",
    INFO,
    happens="The router's value holds.",
    mend="Set it in one section.",
)
def retries_conflict(gateway: Gateway) -> Findings:
    """How often is retried stands in one section."""
    first, second = (gateway.section(section).get("num_retries") for section in SECTIONS)
    if first is not None and second is not None and first != second:
        where: Path = ("litellm_settings", "num_retries")
        got = f"{second} here and {first} in router_settings, which holds"
        yield gateway.finding(where, "one `num_retries`", got, "Remove it here.", key=True)


@gateway_rule(
    "allowed-fails-default-noop",
    ERROR,
    happens="The value equals the library's default, so that LiteLLM takes it for not set: the breaker stays off.",
    mend="Write 2 or 4, or an `allowed_fails_policy`.",
)
def allowed_fails_default(gateway: Gateway) -> Findings:
    """`allowed_fails` is not 3."""
    for section in SECTIONS:
        if gateway.section(section).get("allowed_fails") == _DEFAULT_ALLOWED_FAILS:
            yield gateway.finding((section, "allowed_fails"), "a number other than 3", "3", "Write 2 or 4.")


@gateway_rule(
    "cooldown-single-deployment",
    WARN,
    "BerriAI/litellm#8668",
    happens="A name with one deployment never cools down on 408, 429 or 5xx unless allowed_fails is set.",
    mend="Add `allowed_fails` or `allowed_fails_policy` beside `cooldown_time`.",
)
def cooldown_single(gateway: Gateway) -> Findings:
    """Where a cooldown is set, it can begin for names with one deployment too."""
    router = gateway.section("router_settings")
    single = [name for name, entries in gateway.groups.items() if len(entries) == 1]
    on = router.get("cooldown_time") and not router.keys() & {"allowed_fails", "allowed_fails_policy"}
    if on and single:
        where: Path = ("router_settings", "cooldown_time")
        got = f"none, and one deployment each for {listed(single)}"
        hint = "Add allowed_fails: 2, say."
        yield gateway.finding(where, "`allowed_fails` beside it", got, hint, key=True)


@gateway_rule(
    "cache-on-with-fallbacks",
    INFO,
    happens="A second equal request is answered from the cache: it shows nothing about servers and fallbacks.",
    mend="Vary the prompt when you test fallbacks.",
)
def cache_with_fallbacks(gateway: Gateway) -> Findings:
    """Who tests fallbacks through a cache knows that there is one."""
    if gateway.section("litellm_settings").get("cache") is True and any(gateway.chains()):
        where: Path = ("litellm_settings", "cache")
        hint = "Vary the prompt when you test fallbacks."
        yield gateway.finding(where, "no cache, or prompts that differ", "`cache: true`", hint, key=True)


@gateway_rule(
    "pre-call-check-unknown",
    ERROR,
    happens="LiteLLM starts without a word and checks nothing: limits are not enforced. 1.79.3 knows fewer.",
    mend="Correct the name in the list, or use a version that knows it.",
)
def pre_call_check_unknown(gateway: Gateway) -> Findings:
    """Every check before a call is one that this LiteLLM knows."""
    where: Path = ("router_settings", "optional_pre_call_checks")
    given = gateway.section("router_settings").get("optional_pre_call_checks")
    known = sorted(gateway.words.checks)
    if given is not None and not isinstance(given, list):
        yield gateway.finding(where, "a list", shown(given, where), f"Write `[{_one(given)}]`.")
    for index, check in enumerate(given if isinstance(given, list) else ()):
        if check not in known:
            hint = suggestion(str(check), known) or f"LiteLLM {gateway.words.version} has no such check."
            yield gateway.finding((*where, index), f"one of {', '.join(known)}", f"`{_one(check)}`", hint)


@gateway_rule(
    "cache-type-unknown",
    ERROR,
    happens="LiteLLM refuses to start: AttributeError: 'Cache' object has no attribute 'cache'.",
    mend="Use one of the types that LiteLLM knows.",
)
def cache_type_unknown(gateway: Gateway) -> Findings:
    """The cache has a type that LiteLLM knows."""
    library = gateway.section("litellm_settings")
    params = library.get("cache_params")
    kind = params.get("type") if isinstance(params, dict) else None
    known = sorted(gateway.words.caches)
    if library.get("cache") is True and kind is not None and kind not in known:
        hint = suggestion(str(kind), known) or "Write `type: local` for a cache in memory."
        where: Path = ("litellm_settings", "cache_params", "type")
        yield gateway.finding(where, f"one of {', '.join(known)}", f"`{kind}`", hint)


@gateway_rule(
    "cache-without-address",
    ERROR,
    happens="Without parameters it is Redis: LiteLLM refuses to start, unless REDIS_HOST or REDIS_URL is set.",
    mend="Give `cache_params` a `type`, such as local, or the host and port of Redis.",
)
def cache_without_address(gateway: Gateway) -> Findings:
    """A cache says what it is, or where its Redis is."""
    library = gateway.section("litellm_settings")
    params = library.get("cache_params")
    given = params if isinstance(params, dict) else {}
    redis = not given or given.get("type") == "redis"
    if library.get("cache") is True and redis and not given.keys() & _REDIS:
        where: Path = ("litellm_settings", "cache")
        hint = "Add `cache_params: {type: local}`, or the host of Redis."
        yield gateway.finding(where, "`cache_params` with a type or a host", "none", hint, key=True)


def _unknown(gateway: Gateway, path: Path, known: Iterable[str], kind: str) -> Findings:
    section = gateway.section(str(path[0])) if path else gateway.node.value
    allowed = sorted(known)
    for key in section if isinstance(section, dict) else ():
        if key not in allowed and not str(key).startswith("#"):
            hint = suggestion(str(key), allowed) or "Remove it: nothing reads it."
            yield gateway.finding((*path, key), kind, f"`{key}`", hint, key=True)


def _misplaced() -> Iterator[tuple[str, str, str]]:
    for key in ("health_check_interval", "health_check_concurrency"):
        yield "router_settings", key, "general_settings"
    for key in sorted(_SERVER):
        yield "general_settings", key, "the options of the litellm command"


def _model_limits(gateway: Gateway) -> bool:
    checks = gateway.section("router_settings").get("optional_pre_call_checks")
    return isinstance(checks, list) and "enforce_model_rate_limits" in checks


def _keys(value: Any, path: Path) -> Iterator[Path]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in pairs:
        if isinstance(value, dict):
            yield (*path, key)
        if isinstance(item, dict | list):
            yield from _keys(item, (*path, key))


def _zero(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value == 0


def _one(value: Any) -> str:
    """What stands in a list of names; a mapping may hold anything."""
    return "NAME" if isinstance(value, dict | list) else str(value)
