"""Servers that refuse one thing which others have a use for, or none: whatever else the request holds."""

from sixgates.catalogue import CHAT_PATH, RESPONSES_PATH
from sixgates.exchange import Request
from sixgates.features import known
from sixgates.features.feature import Feature
from sixgates.reference.defects.input import refusing
from sixgates.reference.defects.tools import CRASHED, REFUSED
from sixgates.reference.mutants import Applies, Edit, carrying, mutant, on_chat


def _on(path: str, *features: Feature) -> Applies:
    """Requests to a path that hold all of these."""

    def applies(request: Request) -> bool:
        return request.path == path and all(carrying(each)(request) for each in features)

    return applies


_PARTS: dict[str, tuple[Feature, Edit, str]] = {
    "name-refused": (known.NAME, REFUSED, "input.name_field"),
    "nulls-refused": (known.NULLS, REFUSED, "input.null_message_fields"),
    "replayed-thought-refused": (known.THOUGHT, REFUSED, "reasoning.roundtrip_accepted"),
    "default-format-refused": (known.TEXT_FORMAT, REFUSED, "structured.text.accepted"),
    "late-system-refused": (
        known.LATE_SYSTEM,
        refusing("System message must be at the beginning."),
        "input.system_not_first",
    ),
    "second-system-refused": (
        known.SECOND_SYSTEM,
        refusing("Only one system message is allowed."),
        "input.system_multiple",
    ),
    "system-unknown-to-template": (
        known.SYSTEM,
        refusing("System role not supported", 500),
        "input.system_unsupported_template",
    ),
    "roles-must-alternate": (
        known.SAME_ROLE,
        refusing("Conversation roles must alternate user/assistant", 500),
        "input.consecutive_same_role",
    ),
    "roles-crash-without-a-word": (known.SAME_ROLE, CRASHED, "input.consecutive_same_role"),
}
for _name, (_feature, _edit, _check) in _PARTS.items():
    mutant(_name, on=_on(CHAT_PATH, _feature), edit=_edit, caught_by=[_check])
mutant(
    "replayed-refused-together",
    on=lambda request: on_chat(request) and _on(CHAT_PATH, known.NAME, known.THOUGHT)(request),
    edit=REFUSED,
    caught_by=["input.name_field"],
)
mutant(
    "response-cache-key-refused",
    on=_on(RESPONSES_PATH, known.PROMPT_CACHE_KEY),
    edit=REFUSED,
    caught_by=["responses.known_fields_tolerated"],
)
