"""Defects of text.format, and of a conversation that is replayed."""

from __future__ import annotations

import json

from sixgates.features.known import REPLAYED_THOUGHTS
from sixgates.reference.defects.response_items import broken, on_schema, texts
from sixgates.reference.mutants import asking, body_of, carrying, mutant

broken("text-format-in-a-fence", on_schema, texts(lambda text: f"```json\n{text}\n```"), "text_format")
broken("text-format-as-prose", on_schema, texts(lambda _: "It rains."), "text_format")
broken("text-format-of-nothing", on_schema, texts(lambda _: ""), "text_format_written", "text_format")
broken("text-format-lacks-a-member", on_schema, texts(lambda _: '{"unit": "celsius"}'), "text_format")
for _name, _change in (
    ("enum-unread", {"unit": "kelvin"}),
    ("reference-unread", {"rain": "yes"}),
    ("with-more-members", {"wind": 3}),
):
    broken(
        f"text-format-{_name}",
        on_schema,
        texts(lambda text, more=_change: json.dumps({**json.loads(text), **more})),  # type: ignore[misc]
        "text_format_values",
    )
mutant(
    "thoughts-of-agents-refused",
    on=lambda request: carrying(REPLAYED_THOUGHTS)(request) and body_of(request).get("stream") is True,
    edit=lambda response: response,
    rewrite=asking(input=7),
    caught_by=["responses.thoughts_replayed"],
)
