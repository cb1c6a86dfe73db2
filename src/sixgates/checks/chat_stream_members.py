"""Members of a stream's chunks at which strict readers stop: an error that is none, a reason that is not there."""

from sixgates.catalogue import MUST, SHOULD, check
from sixgates.checks.chat_shape import PLAIN
from sixgates.checks.chat_stream_framing import STREAMS, TEXT_STREAMS
from sixgates.completion import Completion
from sixgates.probes.chat import chat_stream_two_choices
from sixgates.probes.completions import completions_stopped_stream
from sixgates.select import ABSENT, MISSING, NULL, Findings, Kind
from sixgates.views import ChatStream

SPEC = "spec: CreateChatCompletionStreamResponse"
PRESENT = Kind("a finish_reason, if only null", lambda value: value is not ABSENT)


@check(
    "chat.stream.no_error_member",
    MUST,
    each=STREAMS,
    evidence=[SPEC, "microsoft/foundry-local#273"],
)
def no_chunk_speaks_of_an_error(stream: ChatStream) -> Findings:
    """No chunk has a member `error`, if only null: the official SDK for Go takes it for one."""
    for chunk in stream.chunks:
        yield from chunk["error"].unlike(MISSING)


@check(
    "completions.no_error_member",
    MUST,
    probe=completions_stopped_stream,
    evidence=["spec: CreateCompletionResponse", "microsoft/foundry-local#273"],
)
def no_legacy_chunk_speaks_of_an_error(stream: ChatStream) -> Findings:
    """No chunk of a streamed completion has a member `error`, if only null."""
    for chunk in stream.chunks:
        yield from chunk["error"].unlike(MISSING)


@check(
    "chat.stream.finish_key_present",
    SHOULD,
    each=STREAMS,
    evidence=[SPEC, "TabbyML/tabby#3871", "HabanaAI/vllm-fork#2266", "mudler/LocalAI#1194"],
)
def every_choice_has_a_reason_or_null(stream: ChatStream) -> Findings:
    """Every entry of `choices` has a finish_reason, null until the choice ends."""
    for entry in stream.entries:
        yield from entry["finish_reason"].unlike(PRESENT)


@check(
    "chat.stream.logprobs_null",
    SHOULD,
    each=[*TEXT_STREAMS, chat_stream_two_choices],
    evidence=[SPEC, "ml-explore/mlx-lm#342"],
)
def logprobs_are_null_where_none_were_asked_for(stream: ChatStream) -> Findings:
    """Where no logprobs were asked for, those of a choice are null or absent, never an empty object."""
    for entry in stream.entries:
        yield from entry["logprobs"].unlike(NULL | MISSING)


@check(
    "chat.finish_consistent",
    MUST,
    each=PLAIN,
    evidence=["spec: CreateChatCompletionResponse", "mudler/LocalAI#6218"],
)
def text_does_not_end_as_a_call(answer: Completion) -> Findings:
    """Without tools in the request no answer ends with "tool_calls" or "function_call"."""
    yield from _no_call_announced(answer)


@check(
    "chat.stream.finish_consistent",
    MUST,
    each=TEXT_STREAMS,
    evidence=[SPEC, "mudler/LocalAI#6218"],
)
def streamed_text_does_not_end_as_a_call(answer: Completion) -> Findings:
    """Without tools in the request no stream ends with "tool_calls" or "function_call"."""
    yield from _no_call_announced(answer)


def _no_call_announced(answer: Completion) -> Findings:
    if answer.finish.value in ("tool_calls", "function_call") and not answer.calls:
        yield answer.finish.finding('"stop" or "length", as no tool could be called')
