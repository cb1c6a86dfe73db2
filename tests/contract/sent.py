"""What real clients put into their requests, and by what each such thing is told in a request of ours.

A characteristic that no probe sends has a reason instead; the table is closed by tests/contract/test_clients.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sixgates.exchange import Request

Holds = Callable[[Request, Mapping[str, Any]], bool]


@dataclass(frozen=True, slots=True)
class Sent:
    """One characteristic: who sends it, and how a request shows it, or why no request of ours has it."""

    what: str
    by: str
    holds: Holds
    why_not: str = ""


def _header(name: str, *words: str) -> Holds:
    def holds(request: Request, _: Mapping[str, Any]) -> bool:
        value = request.header(name)
        return value is not None and all(word in value for word in words)

    return holds


def _member(name: str, *values: Any) -> Holds:
    def holds(_: Request, body: Mapping[str, Any]) -> bool:
        return name in body and (not values or any(_same(body[name], value) for value in values))

    return holds


def _same(left: Any, right: Any) -> bool:
    return type(left) is type(right) and bool(left == right)


def _text(*words: str) -> Holds:
    return lambda _, body: all(word in json.dumps(body) for word in words)


def _schema(*words: str) -> Holds:
    return lambda _, body: all(word in json.dumps(body.get("tools")) for word in words)


def _larger_than(size: int) -> Holds:
    return lambda request, _: len(request.body or b"") > size


def _role(name: str) -> Holds:
    def holds(_: Request, body: Mapping[str, Any]) -> bool:
        messages = body.get("messages") or body.get("input")
        given = messages if isinstance(messages, list) else []
        return any(isinstance(each, dict) and each.get("role") == name for each in given)

    return holds


def _limits(body: Mapping[str, Any]) -> set[str]:
    return {"max_tokens", "max_completion_tokens", "max_output_tokens"} & {
        name for name, value in body.items() if value is not None
    }


def _no_limit(request: Request, body: Mapping[str, Any]) -> bool:
    return request.path == "/v1/chat/completions" and "messages" in body and not _limits(body)


def _tools_alone(_: Request, body: Mapping[str, Any]) -> bool:
    return bool(body.get("tools")) and body.get("stream") is True and "tool_choice" not in body


def _empty_parameters(_: Request, body: Mapping[str, Any]) -> bool:
    tools = body.get("tools") or []
    return any(tool.get("function", {}).get("parameters") == {} for tool in tools)


def _tool_type(name: str) -> Holds:
    return lambda _, body: any(tool.get("type") == name for tool in body.get("tools") or [])


def _many_tools(_: Request, body: Mapping[str, Any]) -> bool:
    return len(body.get("tools") or []) >= 30


HTTP = (
    Sent(
        "`Accept-Encoding: gzip, deflate`", "openai-python, Node's fetch", _header("accept-encoding", "gzip")
    ),
    Sent(
        "`Accept-Encoding` with br or zstd",
        "browsers, httpx with extras",
        _header("accept-encoding", "br"),
        "the standard library reads neither, and an answer in them could not be judged",
    ),
    Sent("`Accept: */*`", "Node's fetch, curl", _header("accept", "*/*")),
    Sent("`Accept: text/event-stream`", "Codex, Spring WebClient", _header("accept", "text/event-stream")),
    Sent("`X-Stainless-*`", "the official SDKs", _header("x-stainless-lang")),
    Sent("`Sec-Fetch-Mode`, `Accept-Language`", "Node's fetch", _header("sec-fetch-mode", "cors")),
    Sent("`Upgrade: h2c`, `HTTP2-Settings`", "the JDK's client", _header("upgrade", "h2c")),
    Sent(
        "`Transfer-Encoding: chunked`",
        "Spring AI, Roo Code, proxies",
        _header("transfer-encoding", "chunked"),
    ),
    Sent(
        "`Expect: 100-continue`",
        "curl above 1 MiB",
        _header("expect"),
        "only with bodies that no recording should hold",
    ),
    Sent(
        "`Content-Encoding: zstd` of the request",
        "Codex to its own service",
        _header("content-encoding"),
        "it does so to no other server",
    ),
    Sent(
        "`Origin`",
        "browsers",
        _header("origin"),
        "only some servers are meant for browsers; see http.cors_preflight in excluded.yaml",
    ),
    Sent(
        "`Content-Type` with a charset",
        ".NET",
        _header("content-type", "charset"),
        "no report of a server that minds",
    ),
    Sent("a body of more than 100 KiB", "agents", _larger_than(100 * 1024)),
    Sent(
        "a body of more than 1 MiB",
        "agents with pictures",
        _larger_than(1024 * 1024),
        "each recording would hold it; nginx refuses it by default",
    ),
)
CHAT = (
    Sent("no `max_tokens`", "agents, chat windows", _no_limit),
    Sent("`max_completion_tokens`", "LangChain, LiteLLM", _member("max_completion_tokens")),
    Sent(
        "`stream_options`",
        "LangChain, Vercel AI SDK, agents",
        _member("stream_options", {"include_usage": True}),
    ),
    Sent("`content` in parts", "LangChain, Cline, opencode", _text('"type": "text", "text"')),
    Sent("a message of the role developer", "the official SDKs", _role("developer")),
    Sent("`name` in a message", "AutoGen", _text('"name": "alice"')),
    Sent("nulls for what is not set", "Java and Go clients", _member("stop", None)),
    Sent("`n: 1`, `logit_bias: {}`", "LangChain, Open WebUI", _member("logit_bias", {})),
    Sent("`store`, `metadata`, `service_tier`", "the official SDKs", _member("metadata", {})),
    Sent("`user`, `safety_identifier`", "LiteLLM", _member("safety_identifier")),
    Sent("`prompt_cache_key`", "Codex, opencode", _member("prompt_cache_key")),
    Sent("`response_format: {type: text}`", "LangChain4j", _member("response_format", {"type": "text"})),
    Sent("members that the API does not know", "`extra_body`", _member("x_sixgates")),
    Sent(
        "`reasoning_effort`, `verbosity`",
        "whoever sets it",
        _member("reasoning_effort"),
        "sent only where a user chose it, and a model that does not think may refuse it",
    ),
)
TOOLS = (
    Sent("tools without `tool_choice`, streamed", "agents", _tools_alone),
    Sent("`parallel_tool_calls: true`", "LangChain, Codex", _member("parallel_tool_calls", True)),
    Sent("`strict: false`", "the official SDKs", _schema('"strict": false')),
    Sent("`tools: []`", "chat windows", _member("tools", [])),
    Sent(
        "`$schema`, `additionalProperties: false`",
        "zod",
        _schema('"$schema"', '"additionalProperties": false'),
    ),
    Sent("`pattern`, anchored or not", "zod, MCP servers", _schema('"pattern": "\\\\S"', '"pattern": "^')),
    Sent("`format`, `minLength`, `minItems`, `const`", "zod", _schema('"format"', '"minLength"', '"const"')),
    Sent("`$defs` and `$ref`", "pydantic", _schema('"$defs"', '"$ref"')),
    Sent(
        "`anyOf` with null, `default`, `title`", "pydantic", _schema('"anyOf"', '"type": "null"', '"title"')
    ),
    Sent("`parameters: {}`", "VS Code", _empty_parameters),
    Sent("a tool without `parameters`", "LangChain", _text('"description": "Runs ping."}')),
    Sent("a call with `content: null` in the history", "agents", _text('"content": null, "tool_calls"')),
    Sent(
        "30 tools and more",
        "agents",
        _many_tools,
        "their descriptions are tokens, more than the smallest contexts take",
    ),
    Sent(
        "`tool_choice` of the type allowed_tools",
        "the official SDKs",
        _text('"allowed_tools"'),
        "sent only where a program asks for it; no report of a server",
    ),
)
RESPONSES = (
    Sent("tools of the type custom", "Codex", _tool_type("custom")),
    Sent("tools of the type local_shell", "Codex", _tool_type("local_shell")),
    Sent("tools of the type web_search", "Codex", _tool_type("web_search")),
    Sent(
        "tools of the type mcp",
        "the official SDKs",
        _tool_type("mcp"),
        "the server itself would go out to the address in it",
    ),
    Sent("`store: false`, `include`", "Codex", _member("include", [])),
    Sent("`instructions`", "Codex", _member("instructions")),
    Sent("a thought that comes back", "Codex", _text('"type": "reasoning"')),
    Sent("an answer that comes back", "Codex", _text('"type": "output_text"')),
    Sent(
        "`reasoning`",
        "Codex, for models that think",
        _member("reasoning"),
    ),
)
EVERYTHING = (*HTTP, *CHAT, *TOOLS, *RESPONSES)
