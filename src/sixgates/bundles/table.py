"""Which probe asks for which features, and the checks that say so where one of them is refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sixgates.catalogue import Probe
from sixgates.features import known
from sixgates.features.feature import Body, Feature
from sixgates.probes import (
    chat,
    clients,
    completions,
    embeddings,
    led,
    limits,
    params,
    responses,
    responses_stream,
    structured,
    tools,
    tools_streamed,
    twins,
)
from sixgates.probes import input as messages


@dataclass(frozen=True, slots=True)
class Part:
    """A feature of one probe, and the checks on that probe which are about it."""

    feature: Feature
    checks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Bundle:
    """A probe and the features that its request can be split into, in the order in which they are taken out.

    `core` is the check that is about what stays when all of them are gone. Where `always`, they are asked for one by
    one although one check is about all: everything else is sent with them too.
    """

    probe: Probe
    parts: tuple[Part, ...]
    core: str | None = None
    always: bool = False

    def checks_of(self, feature: Feature) -> tuple[str, ...]:
        """The checks on this probe that are about a feature."""
        return next((part.checks for part in self.parts if part.feature.name == feature.name), ())

    def stripped(self, body: Body, kept: Feature | None = None) -> Body:
        """The body without the features, but for one and those that it stands on."""
        wanted = {kept.name, *kept.on} if kept else set()
        for part in self.parts:
            if part.feature.name not in wanted:
                body = part.feature.without(body)
        return body


def _bundle(
    probe: Probe,
    parts: Mapping[Feature, str | Iterable[str]],
    core: str | None = None,
    *,
    always: bool = False,
) -> Bundle:
    found = (
        (feature, (names,) if isinstance(names, str) else tuple(names)) for feature, names in parts.items()
    )
    split = tuple(Part(feature, tuple(filter(None, names))) for feature, names in found)
    return Bundle(probe, split, core, always)


_NOBODY = ""
_USAGE = "chat.stream.usage_final"
_CODEX = "responses.known_fields_tolerated"
_LISTED = (
    _bundle(
        chat.chat,
        {
            known.SEED: "chat.answered",
            known.TEMPERATURE: "chat.answered",
            known.MAX_TOKENS: "chat.answered",
        },
        always=True,
    ),
    _bundle(chat.chat_two_choices, {known.SEVERAL_CHOICES: ("capability.n", "params.n.two")}),
    _bundle(chat.chat_stream_usage, {known.STREAM_OPTIONS: _USAGE}),
    _bundle(chat.chat_stream_one_token, {known.STREAM_OPTIONS: _USAGE}),
    _bundle(chat.chat_stream_stopped, {known.STOP_WORDS: "params.stop.array"}),
    _bundle(params.chat_stop_string, {known.STOP_WORD: "params.stop.string"}),
    _bundle(
        params.chat_stream_unknown_field,
        {known.UNKNOWN: "params.unknown_field", known.STOP_WORD: "params.stop.stream"},
    ),
    _bundle(
        params.chat_max_completion_tokens,
        {known.STOP_WORDS: _NOBODY, known.MAX_COMPLETION_TOKENS: "params.max_completion_tokens"},
    ),
    _bundle(params.chat_defaults, dict.fromkeys(known.DEFAULTS, "params.known_fields_tolerated")),
    _bundle(params.chat_biased, {known.LOGIT_BIAS: ("capability.logit_bias", "params.logit_bias")}),
    _bundle(
        params.chat_logprobs,
        {
            known.TOP_LOGPROBS: "params.logprobs.top",
            known.LOGPROBS: ("capability.logprobs", "params.logprobs.accepted"),
        },
    ),
    _bundle(
        messages.chat_replayed,
        {
            known.NAME: "input.name_field",
            known.NULLS: "input.null_message_fields",
            known.THOUGHT: "reasoning.roundtrip_accepted",
            known.TEXT_FORMAT: "structured.text.accepted",
        },
    ),
    _bundle(
        messages.chat_roles,
        {
            known.LATE_SYSTEM: "input.system_not_first",
            known.SECOND_SYSTEM: "input.system_multiple",
            known.SAME_ROLE: "input.consecutive_same_role",
            known.SYSTEM: "input.system_unsupported_template",
        },
    ),
    _bundle(
        structured.json_object,
        {known.JSON_OBJECT: ("capability.json_object", "structured.json_object.accepted")},
    ),
    _bundle(
        structured.schema,
        {known.JSON_SCHEMA: ("capability.json_schema", "structured.json_schema.accepted")},
    ),
    _bundle(
        tools.tool_named,
        {
            known.STRICT: "tools.def.strict_accepted",
            known.TOOLS: "capability.tools",
            known.NAMED_CHOICE: "tools.named.accepted_object",
        },
    ),
    _bundle(
        tools.tool_required,
        {known.PARALLEL: "tools.parallel.disabled", known.REQUIRED_CHOICE: "tools.required.accepted"},
    ),
    _bundle(tools.tool_none, {known.NO_CHOICE: "tools.none.accepted"}),
    _bundle(tools.tool_auto, {known.AUTO_CHOICE: ("tools.auto.accepted", "tools.auto.no_crash")}),
    _bundle(tools_streamed.tool_auto_stopped_stream, {known.STOP_WORDS: "params.stop.with_tools"}),
    _bundle(tools.round_trip, {known.AUTO_CHOICE: _NOBODY}, "tools.roundtrip.basic"),
    _bundle(
        tools.round_trip_keys_omitted,
        {
            known.AUTO_CHOICE: _NOBODY,
            known.CONTENT_OMITTED: "tools.roundtrip.content_omitted",
            known.NO_PARAMETERS: "tools.def.parameters_omitted",
        },
    ),
    _bundle(
        tools.round_trip_two_results,
        {
            known.AUTO_CHOICE: _NOBODY,
            known.CONTENT_EMPTY: "tools.roundtrip.content_empty",
            known.RESULT_IN_PARTS: "tools.roundtrip.tool_content_parts",
            known.RESULTS_REORDERED: "tools.roundtrip.parallel_results",
        },
        "tools.roundtrip.parallel_results",
    ),
    _bundle(
        clients.tool_schemas_stream,
        {known.STREAM_OPTIONS: _NOBODY, known.PARALLEL: _NOBODY},
        "tools.def.schemas",
    ),
    _bundle(clients.chat_stream_agent, {known.STREAM_OPTIONS: _NOBODY}, "http.large_body"),
    _bundle(clients.chat_stream_chunked, {known.STREAM_OPTIONS: _NOBODY}, "http.chunked_request"),
    _bundle(led.tool_led_stream, {known.STREAM_OPTIONS: _NOBODY}),
    _bundle(
        led.tool_led_none_stream,
        {known.STREAM_OPTIONS: _NOBODY},
    ),
    _bundle(led.tool_led_parallel_off, {known.PARALLEL: "tools.parallel.disabled"}),
    _bundle(led.tool_led_parallel_stream, {known.STREAM_OPTIONS: _NOBODY}),
    _bundle(led.tool_led_cut_stream, {known.STREAM_OPTIONS: _NOBODY}),
    _bundle(led.thought_led_stream, {known.STREAM_OPTIONS: _NOBODY}),
    _bundle(
        completions.completions,
        {known.SEED: "completions.answered", known.TEMPERATURE: "completions.answered"},
        always=True,
    ),
    _bundle(twins.completions_stopped, {known.STOP_WORD: "completions.stop"}),
    _bundle(
        completions.completions_stopped_stream,
        {known.STOP_WORDS: "completions.stop_and_max", known.STREAM_OPTIONS: "completions.stream_usage"},
        "completions.stream",
    ),
    _bundle(
        completions.completions_echo,
        {
            known.ECHO: ("capability.echo", "completions.echo"),
            known.LOGPROBS: ("completions.logprobs_shape", "completions.echo_logprobs"),
        },
    ),
    _bundle(
        embeddings.embeddings_batch,
        {known.SEVERAL_INPUTS: "embeddings.batch_count", known.BASE64: "embeddings.base64"},
    ),
    _bundle(
        embeddings.embeddings_half,
        {
            known.DIMENSIONS: (
                "capability.dimensions",
                "embeddings.dimensions",
                "embeddings.dimensions_honoured",
            )
        },
    ),
    _bundle(
        responses.response,
        {known.INSTRUCTIONS: "responses.instructions", known.TEMPERATURE: "responses.answered"},
    ),
    _bundle(responses.response_thought, {known.REPLAYED_THOUGHTS: "responses.reasoning_item_input"}),
    _bundle(
        responses.response_schema,
        {known.TEXT_SCHEMA: "responses.text_format"},
    ),
    _bundle(
        responses.response_tool_stream,
        dict.fromkeys((known.STRICT, known.REQUIRED_CHOICE, known.TOOLS), "responses.tools.flat_format"),
        always=True,
    ),
    _bundle(
        responses_stream.response_tool_cut_stream,
        {known.PARALLEL: _CODEX, known.STORE: _CODEX},
        "responses.tools.flat_format",
    ),
    _bundle(
        responses_stream.response_thought_stream,
        {known.EFFORT: _CODEX, known.REPLAYED_THOUGHTS: "responses.thoughts_replayed"},
    ),
    _bundle(
        clients.response_agent_stream,
        {
            known.OTHER_TOOLS: ("responses.tools.other_types_not_5xx", "responses.tools.other_types"),
            **dict.fromkeys((known.PARALLEL, known.STORE, known.INCLUDE, known.PROMPT_CACHE_KEY), _CODEX),
            known.INSTRUCTIONS: _NOBODY,
        },
    ),
    _bundle(
        responses.response_follow_up,
        {
            known.EARLIER_RESPONSE: (
                "capability.stored_responses",
                "responses.previous_response_id",
                "responses.stored",
            )
        },
    ),
)
BUNDLES: Mapping[str, Bundle] = {each.probe.name: each for each in _LISTED}
MUST_BE_REFUSED: Mapping[str, str] = {
    params.chat_out_of_range.name: "all of its numbers are beyond their limits; one check is about all",
    limits.chat_top_logprobs_50.name: "refused or not, one check is about it",
    params.chat_nulls.name: "one check is about all that is null",
}
"""Probes with several members that are not told apart, and why."""
