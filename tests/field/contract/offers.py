"""Reports of parameters that are accepted and ignored, or that break the server."""

from __future__ import annotations

from tests.field.contract.report import Part, Report
from tests.field.contract.wire import Events, on_responses, part, refusing, where

from sixgates.reference.mutants import (
    asking,
    in_events,
    in_json,
    on_chat,
    on_everything,
    on_tool_stream,
)
from sixgates.verdict import Outcome

FAILED, ADVISORY, ABSENT = Outcome.FAILED, Outcome.ADVISORY, Outcome.NOT_APPLICABLE
_tools = where(on_chat, lambda body: body.get("tools"))
_forcing = where(on_chat, lambda body: body.get("tool_choice") not in (None, "auto", "none"))
_none = where(on_chat, lambda body: body.get("tool_choice") == "none")


def _ignoring(*names: str) -> tuple[Part, ...]:
    return (Part(on_chat, rewrite=asking(**dict.fromkeys(names))),)


def _without_calls(events: Events) -> Events:
    kept = [event for event in events if not any("tool_calls" in each["delta"] for each in event["choices"])]
    for event in kept:
        for choice in event["choices"]:
            if choice["finish_reason"]:
                choice["finish_reason"] = "stop"
    return kept


drops_calls = in_events(_without_calls)
"""A stream that leaves the calls out and says `stop`."""

REPORTS = (
    Report(
        "tools-answered-500",
        "defilantech/LLMKube#126",
        "every request with tools is answered with 500 unless the server was started with another flag",
        part(_tools, refusing("tools param requires --jinja flag", 500, type="server_error")),
        checks=("capability.tools",),
        auto=FAILED,
    ),
    Report(
        "tools-ignored",
        "dtzp555-max/ocp#311",
        "tools and tool_choice are accepted and never read: prose comes back, also where a call is forced",
        _ignoring("tools", "tool_choice"),
        checks=("capability.tools",),
        auto=FAILED,
        undeclared=ADVISORY,
    ),
    Report(
        "tools-in-the-prompt-only",
        "Edge0-AI/Edge0#115",
        "tools are counted in the prompt, and no call is ever made of what the model writes",
        (Part(_tools, rewrite=asking(tool_choice=None)),),
        checks=("tools.named.called", "tools.required.called"),
        auto=FAILED,
    ),
    Report(
        "n-ignored",
        "abetlen/llama-cpp-python#1906",
        "n is accepted and one choice comes",
        _ignoring("n"),
        checks=("capability.n",),
        auto=FAILED,
        undeclared=ADVISORY,
    ),
    Report(
        "json-object-ignored",
        "ROCm/FastFlowLM#554",
        "response_format json_object is accepted and has no effect",
        (
            Part(
                where(on_chat, lambda body: (body.get("response_format") or {}).get("type") == "json_object"),
                rewrite=asking(response_format=None),
            ),
        ),
        checks=("capability.json_object",),
        auto=FAILED,
        undeclared=ADVISORY,
    ),
    Report(
        "json-schema-dropped",
        "BerriAI/litellm#38269",
        "a gateway drops response_format json_schema and answers as if none had been asked for",
        (
            Part(
                where(on_chat, lambda body: (body.get("response_format") or {}).get("type") == "json_schema"),
                rewrite=asking(response_format=None),
            ),
        ),
        checks=("capability.json_schema",),
        auto=FAILED,
        undeclared=ADVISORY,
    ),
    Report(
        "logprobs-dropped",
        "ollama/ollama#16117",
        "logprobs and top_logprobs are silently dropped",
        _ignoring("logprobs", "top_logprobs"),
        checks=("capability.logprobs",),
        auto=FAILED,
        undeclared=ADVISORY,
    ),
    Report(
        "tool-choice-ignored",
        "ollama/ollama#8421",
        "tool_choice is not read: a forced call is text",
        (Part(_forcing, rewrite=asking(tool_choice=None)),),
        checks=("tools.named.called", "tools.required.called"),
        auto=FAILED,
    ),
    Report(
        "tool-choice-ignored-in-responses",
        "Blaizzy/mlx-vlm#1045",
        "the Responses API takes required for the default",
        (Part(where(on_responses, lambda body: body.get("tool_choice")), rewrite=asking(tool_choice=None)),),
        checks=("responses.tools.required_called",),
    ),
    Report(
        "none-still-calls",
        "ollama/ollama#17921",
        "tool_choice none is not read, so that a model that wants to call calls",
        (Part(_none, rewrite=asking(tool_choice=None)),),
        checks=("tools.none.not_called",),
    ),
    Report(
        "parallel-not-forbidden",
        "sgl-project/sglang#9696",
        "parallel_tool_calls false is not read: two calls come in one turn",
        (Part(on_chat, rewrite=asking(parallel_tool_calls=None)),),
        outcome=ADVISORY,
        checks=("tools.parallel.disabled",),
    ),
    Report(
        "no-usage-drops-calls-refuses-required",
        "ddalcu/mlx-serve#287",
        "a gateway without usage that calls tools, loses them in streams and refuses to be forced",
        (
            Part(on_everything, edit=in_json(lambda document: document.pop("usage", None) and None)),
            Part(
                where(_tools, lambda body: body.get("tool_choice") == "required"),
                edit=refusing("tool_choice required is not supported"),
            ),
            Part(on_tool_stream, edit=drops_calls),
        ),
        checks=("tools.stream.not_dropped", "tools.required.accepted"),
        auto=FAILED,
    ),
    Report(
        "tools-refused",
        "UKGovernmentBEIS/inspect_ai#1863",
        "a server without tools refuses them with 400 and a message",
        part(_tools, refusing("tools are not supported by this model", param="tools")),
        outcome=ABSENT,
        declared=False,
        auto=ABSENT,
        undeclared=ABSENT,
        legal=True,
    ),
    Report(
        "n-refused",
        "tenstorrent/tt-inference-server#2721",
        "a server with one choice refuses n above 1 with 400 and a message",
        part(where(on_chat, lambda body: (body.get("n") or 1) > 1), refusing("n must be 1", param="n")),
        outcome=ABSENT,
        declared=False,
        auto=ABSENT,
        undeclared=ABSENT,
        legal=True,
    ),
    Report(
        "forced-call-without-flag",
        "UKGovernmentBEIS/inspect_ai#1863",
        "tools are refused unless the server was started with a parser for calls",
        part(_tools, refusing('"auto" tool choice requires --enable-auto-tool-choice')),
        checks=("capability.tools",),
    ),
)
"""Each with its corruption."""
