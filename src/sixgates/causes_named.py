"""What reads by what: checks that cannot hold where another one does not, though they look at other places."""

from __future__ import annotations

from collections.abc import Mapping

_TEXT = frozenset(
    {
        "capability.json_object",
        "capability.json_schema",
        "chat.finish_consistent",
        "chat.stream.concurrent_isolation",
        "chat.stream.empty_completion",
        "chat.stream.equals_nonstream",
        "chat.stream.finish_once",
        "chat.stream.max_tokens_1",
        "params.logprobs.bytes_roundtrip",
        "params.logprobs.stream",
        "params.max_completion_tokens",
        "params.seed.first_answer",
        "params.stop.array",
        "params.stop.stream",
        "params.stop.string",
        "params.stop.with_tools",
        "reasoning.content_nonempty_on_stop",
        "reasoning.details_list_indexed",
        "reasoning.field_consistent",
        "reasoning.led.streamed_alike",
        "reasoning.stream_equals",
        "reasoning.stream_order",
        "structured.json_object.valid",
        "structured.json_schema.enforced",
        "structured.stream",
        "tools.content.null_with_calls",
        "tools.led.same_streamed",
        "tools.none.streamed_alike",
        "tools.stream.args_concat",
        "tools.stream.args_equal_nonstream",
        "tools.stream.no_args",
    }
)
"""What compares, parses or measures the text of an answer, or the arguments in it."""
_CHOICES = _TEXT | {
    "chat.stream.finish_present",
    "chat.stream.n2_indices",
    "chat.stream.no_content_after_finish",
    "chat.stream.role_first",
    "chat.stream.role_once",
    "chat.stream.witness_helper",
}
_CALLS = frozenset(
    {
        "http.ids_unique",
        "tools.call.arguments_loose",
        "tools.call.arguments_schema",
        "tools.call.no_args",
        "tools.finish.consistent",
        "tools.id.stable_stream",
        "tools.id.unique_across",
        "tools.led.cut_shown",
        "tools.led.id_unique_across",
        "tools.named.called",
        "tools.none.not_called",
        "tools.required.called",
        "tools.stream.args_concat",
        "tools.stream.args_equal_nonstream",
        "tools.stream.index_distinct",
        "tools.stream.no_args",
        "tools.stream.not_dropped",
        "tools.stream.type_function",
        "tools.led.streamed_alike",
    }
)
"""What compares or counts the calls that a client puts together."""
_PLACES = frozenset(
    {
        "responses.stream.deltas",
        "responses.stream.done_events",
        "responses.stream.item_done",
        "responses.stream.item_id_stable",
        "responses.stream.nothing_after_done",
        "responses.stream.part_added",
        "responses.stream.thought_part_added",
        "responses.text_format_stream",
        "responses.tools.args_events",
    }
)
"""What puts the pieces of a Response together by their items and indices."""
_RESPONSE_TEXT = frozenset(
    {
        "responses.output_message_fields",
        "responses.stream.completed_output_full",
        "responses.stream.deltas",
        "responses.stream.sequence_number",
        "responses.text_format",
        "responses.text_format_stream",
        "responses.text_format_written",
        "responses.thought_separated",
        "responses.tools.args_events",
        "responses.tools.call_item",
    }
)
"""What compares, parses or measures the text of a Response."""
READ_BY: Mapping[str, frozenset[str]] = {
    **dict.fromkeys(
        (
            "chat.shape.content_type",
            "chat.shape.no_template_leak",
            "chat.stream.content_string",
            "chat.stream.delta_is_increment",
            "chat.stream.no_content_after_finish",
            "chat.stream.no_template_leak",
            "chat.stream.unicode",
            "chat.stream.utf8_valid",
            "chat.unicode",
            "reasoning.nothing_after_finish",
            "reasoning.not_instead_of_content",
            "reasoning.separated",
        ),
        _TEXT,
    ),
    **dict.fromkeys(("chat.stream.choice_index", "chat.stream.sse_framing"), _CHOICES),
    "chat.shape.finish_reason_enum": frozenset(
        {
            "structured.json_schema.enforced",
            "tools.finish.length_in_args",
            "tools.finish.named",
            "tools.finish.required",
        }
    ),
    "chat.stream.finish_present": frozenset({"chat.stream.concurrent_isolation", "chat.stream.n2_indices"}),
    **dict.fromkeys(
        (
            "chat.shape.tool_calls_absent",
            "chat.stream.tool_calls_absent",
            "tools.call.arguments_json",
            "tools.call.arguments_schema",
            "tools.call.arguments_string",
            "tools.call.shape",
            "tools.led.call_as_text",
            "tools.led.streamed_alike",
            "tools.stream.args_concat",
            "tools.stream.args_strings",
            "tools.stream.array",
            "tools.stream.index_distinct",
            "tools.stream.index_present",
        ),
        _CALLS,
    ),
    "http.chunked_complete": frozenset(
        {"chat.stream.concurrent_isolation", "chat.stream.error_before_first", "tools.finish.length_in_args"}
    ),
    **dict.fromkeys(("responses.stream.indices", "responses.stream.part_added"), _PLACES),
    **dict.fromkeys(
        (
            "responses.output_items",
            "responses.stream.completed_output_full",
            "responses.text_clean",
            "responses.unicode",
        ),
        _RESPONSE_TEXT,
    ),
    **dict.fromkeys(
        ("usage.sum", "usage.stream_sum"),
        frozenset(
            {
                "chat.stream.equals_nonstream",
                "params.logprobs.shape",
                "usage.completion_matches_max",
                "usage.n_choices",
                "usage.reasoning_counted",
                "usage.stream_equals",
                "usage.tools_counted",
            }
        ),
    ),
    "structured.length": frozenset({"structured.json_object.valid", "structured.json_schema.enforced"}),
    "responses.incomplete": frozenset(
        {"responses.items_ended", "responses.stream.terminal_status", "responses.tools.call_item"}
    ),
}
"""By check: those that only follow where it is broken; never one that a server may break by itself as well."""
ON_THE_SAME: Mapping[str, frozenset[str]] = {"errors.envelope": frozenset({"errors.no_html"})}
"""The same of what only follows on the very answers on which the other is broken."""
