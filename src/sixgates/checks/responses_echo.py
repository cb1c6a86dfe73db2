"""What a response repeats of its request."""

from collections.abc import Mapping
from typing import Any

from sixgates.catalogue import SHOULD, check
from sixgates.checks.responses import ALL
from sixgates.exchange import Exchange
from sixgates.probes.responses import response_follow_up
from sixgates.responses_view import FinalResponse
from sixgates.select import ABSENT, Findings, Json, Unexercised, shown
from sixgates.views import Document, Reply

SPEC = "spec: ResponseProperties"
DEFAULTS: Mapping[str, tuple[Any, ...]] = {
    "instructions": (None,),
    "max_output_tokens": (None,),
    "metadata": (None, {}),
    "parallel_tool_calls": (None, True),
    "previous_response_id": (None,),
    "text": (None, {"format": {"type": "text"}}),
    "tool_choice": (None, "auto"),
    "tools": (None, []),
    "truncation": (None, "disabled"),
}
"""What each parameter is where it was not sent."""
SENT = (*DEFAULTS, "reasoning", "store", "temperature", "top_p")
"""The parameters that come back. The last four have defaults that are the server's own affair."""


@check("responses.echo", SHOULD, each=ALL, evidence=[SPEC])
def the_request_comes_back(answer: FinalResponse) -> Findings:
    """What a response repeats of its request is what was sent, or the API's default where nothing was sent."""
    sent = answer.request.asked
    repeated = [name for name in SENT if answer[name].value is not ABSENT]
    if not repeated:
        raise Unexercised("no response repeats anything of its request")
    for name in repeated:
        echo = answer[name]
        if name in sent:
            if not repeats(echo.value, _kept(name, sent[name])):
                yield echo.finding(f"{shown(_kept(name, sent[name]))}, as it was sent")
        elif name in DEFAULTS and not _default(echo, name):
            yield echo.finding(f"{shown(DEFAULTS[name][-1])}: the request has no {name}")


@check(
    "responses.echo_previous",
    SHOULD,
    probe=response_follow_up,
    requires=["responses.answered"],
    evidence=[SPEC, "ollama/ollama#15404"],
)
def the_earlier_response_comes_back(exchange: Exchange) -> Findings:
    """previous_response_id comes back as it was sent, where the request was not refused."""
    if Reply.of(exchange).status != 200:
        raise Unexercised("previous_response_id was refused")
    echo, sent = Document.of(exchange)["previous_response_id"], exchange.request.asked
    if echo.value != sent["previous_response_id"]:
        yield echo.finding(f"{shown(sent['previous_response_id'])}, as it was sent")


def repeats(echo: Any, sent: Any) -> bool:
    """Whether a value holds all that was sent; objects may have more members, such as defaults."""
    if isinstance(sent, Mapping):
        return isinstance(echo, Mapping) and all(repeats(echo.get(key), sent[key]) for key in sent)
    if isinstance(sent, list):
        return (
            isinstance(echo, list)
            and len(echo) == len(sent)
            and all(repeats(one, other) for one, other in zip(echo, sent, strict=True))
        )
    return isinstance(echo, bool) is isinstance(sent, bool) and bool(echo == sent)


def _kept(name: str, value: Any) -> Any:
    """What must come back of a parameter: a summary that was left to the server is what the server made of it."""
    chosen = name == "reasoning" and isinstance(value, Mapping)
    return {key: each for key, each in value.items() if key != "summary"} if chosen else value


def _default(echo: Json, name: str) -> bool:
    value: Any = echo.value
    if name == "text" and isinstance(value, Mapping):
        written = value.get("format")
        return written is None or repeats(written, {"type": "text"})
    return any(type(value) is type(default) and value == default for default in DEFAULTS[name])
