"""The page of rules: each with its severity, requirement, what happens at run time, how to mend it, evidence."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sixgates.config.rules import Rule
from sixgates.config.ruleset import RULES

_HEAD = """# The rules of gate 1

Written by `sixgates rules --output docs/rules.md`; a test fails when it is stale. `sixgates lint` judges them over a
stack or over a LiteLLM config alone. An error keeps gate 1 from being met; a warning is reported; a note asks for
nothing.
What happens at run time was measured on LiteLLM 1.106.2 and 1.79.3.

A finding that you accept gets a comment with its reason, on its line or on the line above, or in the entry of
`model-mappings.yaml` from which the line was compiled:

```yaml
- {provider: openai, model: gpt-4o-mini} # sixgates: ignore[fallback-local-to-cloud] only public texts are asked
```

What is wrong with a file by itself is judged by gate 2, and shown by lint as `shape`: syntax, keys that stand
twice, values of the wrong kind. What only requests show is judged by gate 5: that no fallback answers while the
first server is up. What only a server shows is judged by gates 4 and 6: that it serves the model under the name
that is configured. Whether a Redis that is declared can be reached is judged by nobody: LiteLLM starts without
it, more slowly, and says that it is ready.
"""


def render() -> str:
    """The page as Markdown."""
    counts = Counter(rule.severity for rule in RULES.values())
    table = [f"| {level} | {count} |" for level, count in sorted(counts.items())]
    lines = [_HEAD, "| severity | rules |", "|---|---|", *table]
    for rule in sorted(RULES.values(), key=lambda each: each.slug):
        lines += _entry(rule)
    return "\n".join(lines) + "\n"


def _entry(rule: Rule) -> Iterator[str]:
    yield ""
    yield f"### {rule.slug}"
    yield ""
    yield f"**{rule.severity}** {rule.requirement}"
    yield ""
    yield f"- what happens: {rule.happens}"
    yield f"- how to mend it: {rule.mend}"
    if rule.versions:
        yield f"- versions: LiteLLM {', '.join(rule.versions)}"
    if rule.evidence:
        yield f"- evidence: {', '.join(rule.evidence)}"
