"""Which verdicts hang on luck, and why no other does."""

from __future__ import annotations

import inspect

from sixgates import catalogue
from sixgates.catalogue import Check
from sixgates.judge import Judgement, Subject

CHECKS = catalogue.load().checks
LUCKY = {
    "capability.seed": "two samples",
    "chat.shape.id_unique": "two ids",
    "chat.stream.concurrent_isolation": "a moment that two streams share",
    "chat.stream.concurrent_not_mixed": "a moment that two streams share",
    "chat.stream.created_stable": "a second that passes",
    "chat.stream.disconnect_aborts": "requests of others",
    "chat.stream.equals_nonstream": "rounding beside other requests",
    "chat.stream.incremental": "the clock",
    "chat.stream.incremental_compressed": "the clock",
    "chat.stream.incremental_with_tools": "the clock",
    "chat.stream.n2_indices": "an order",
    "completions.equals_nonstream": "rounding beside other requests",
    "errors.rate_limit_429": "a refusal for load",
    "http.ids_unique": "two ids",
    "http.model_stable": "models that take turns",
    "http.request_id": "two ids",
    "params.seed.first_answer": "rounding beside other requests",
    "params.seed.deterministic": "two samples",
    "responses.item_ids_unique": "two ids",
    "reasoning.stream_equals": "rounding beside other requests",
    "tools.id.unique_across": "two ids",
    "tools.id.unique_in_response": "two ids",
    "tools.led.id_unique_across": "two ids",
}
"""Everything that depends on when, beside what, or from which draw an answer came.

What depends on the model (whether it thinks, calls a tool, writes a character of several tokens) is no luck: asked
at temperature 0 with a seed it does the same again. Nor is what each answer shows, whatever it says: its shape,
its status, its framing. The sampled answers with logprobs are judged token by token, and each token shows the defect.
"""


def test_these_checks_hang_on_luck_and_no_other() -> None:
    assert {name for name, check in CHECKS.items() if check.luck} == set(LUCKY)


def by_the_clock(check: Check) -> bool:
    """Whether it reads arrival times or how long something took."""
    source = inspect.getsource(inspect.getmodule(check.judge) or check.judge)
    body = inspect.getsource(check.judge)
    return "spread(" in body or ("elapsed" in body and "elapsed" in source)


def at_one_moment(check: Check) -> bool:
    """Whether it compares answers that were asked for at the same moment, or leaves one."""
    return check.together and any(probe.group or probe.gauge for probe in check.probes)


def of_two_samples(check: Check) -> bool:
    """Whether it compares two texts that were drawn."""
    drawn = [probe for probe in check.probes if (probe.body or {}).get("temperature") == 1]
    return check.together and len(drawn) > 1


def test_what_is_known_to_depend_on_the_moment_says_so() -> None:
    """A new check of these kinds has to say what its verdict hangs on."""
    kinds = (by_the_clock, at_one_moment, of_two_samples)
    assert {name for name, check in CHECKS.items() if any(kind(check) for kind in kinds)} <= set(LUCKY)
    # A listing holds each of its ids at once; all others are drawn anew for each answer.
    assert {name for name in CHECKS if "unique" in name} - {"models.list.ids_unique"} <= set(LUCKY)


def test_a_verdict_carries_the_luck_of_its_check() -> None:
    judgement = Judgement(catalogue.load(), Subject("p", "m", frozenset({"chat"})), {})
    for name in LUCKY:
        verdict = judgement.observed(name)
        assert verdict.luck == CHECKS[name].luck
        assert verdict.luck[0].isupper()
        assert verdict.luck.endswith(".")
