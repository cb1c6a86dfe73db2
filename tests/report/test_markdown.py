"""The comment on a pull request: its text, its limits, and what a server cannot do to it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest

from sixgates.exchange import Finding
from sixgates.report import Document, compare, render_badge, render_markdown
from sixgates.report.escaping import block, code, prose
from sixgates.verdict import Outcome, Verdict

GOLDEN = r"""# 1 of 3 gates MET (gates 2, 3, 5 not run)

| gate | status | actual | required |
|---|---|---|---|
| 1 Configuration | **MET** | 0 errors in 1 check | no errors |
| 2 Schema | **NOT RUN** | nothing selected it | every file validates |
| 3 Unit | **NOT RUN** | nothing selected it | all pass, more than 90 % of routing entries exercised |
| 4 Contract | **NOT MET** | 1 of 4 MUST passed or declared, 2 providers, 1 failed, 1 deviation, 1 advisory, 2 blocked, 1 not applicable | every MUST passed or declared |
| 5 Integration | **NOT RUN** | nothing selected it | more than 95 % of scenarios succeed |
| 6 Health | **BLOCKED** | 0 of 1 provider healthy, 1 blocked | every active provider healthy |

## What stands in the way

- **BLOCKED** provider vllm refuses connections at http\://127.0.0.1:8001 (3 checks)
  - next: start it: vllm serve --port 8001
- **FAILED** chat.stream.finish\_once failed: Each choice says exactly once why it stopped, in the last chunk that carries it. event 14 /choices/0/finish\_reason: expected one finish\_reason, got \['stop', 'stop'\], provider `llama`

## Failures (1)

### `chat.stream.finish_once` MUST FAILED, provider `llama` (llama.cpp b10434)

Each choice says exactly once why it stopped, in the last chunk that carries it.

- `event 14 /choices/0/finish_reason`: expected `one finish_reason`, got `['stop', 'stop']`
- breaks: `langchain-openai`, `litellm`
- evidence: `openai-openapi CreateChatCompletionStreamResponse`, `sgl-project/sglang#3912`

```sh
curl -sN http://127.0.0.1:8080/v1/chat/completions -d '{"stream":true}'
```

## Accepted deviations (1)

- `chat.id` MUST, `llama` (llama.cpp b10434): fixed in b10500 — breaks langchain-openai, litellm

<details>
<summary>Advisories (1)</summary>


- `chat.created` SHOULD ADVISORY, provider `llama` (llama.cpp b10434): Each choice says exactly once why it stopped, in the last chunk that carries it. — `event 14 /choices/0/finish_reason`: expected `one finish_reason`, got `['stop', 'stop']`

</details>

8 results: 1 PASSED, 1 FAILED, 1 ADVISORY, 1 DEVIATION, 3 BLOCKED, 1 NOT\_APPLICABLE.

Run `run-1`, recorded, 2026-01-02T03:04:05.000Z, 1.5 s, sixgates 0.1.0. Providers: `llama` llama\_cpp b10434, recorded 2026-01-01.
"""  # noqa: E501


def test_the_comment_reads_as_meant(document: Document) -> None:
    assert render_markdown(document) == GOLDEN


def test_an_interrupted_run_says_so(
    make_run: Callable[..., object], make_document: Callable[..., Document]
) -> None:
    shown = render_markdown(make_document([], make_run(interrupted=True)))
    assert "**The run was interrupted:** what it had not judged yet is missing here." in shown


def test_changes_stand_before_failures(document: Document) -> None:
    shown = render_markdown(document, {"newly failing": ["chat.a [vllm]"], "fixed": ["chat.b"], "new": []})
    section = shown[shown.index("## Since the baseline") : shown.index("## Failures")]
    assert section == "## Since the baseline\n\n- **newly failing**: `chat.a [vllm]`\n- fixed: `chat.b`\n\n"


def test_no_change_is_said(document: Document) -> None:
    assert "## Since the baseline\n\n- nothing changed\n" in render_markdown(
        document, compare(document, document)
    )


@pytest.mark.parametrize("outcome", [Outcome.FAILED, Outcome.DEVIATION, Outcome.ADVISORY, Outcome.BLOCKED])
def test_a_huge_report_stays_under_the_limit_and_says_what_it_left_out(
    outcome: Outcome, make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    many = [
        make_failed(check=f"chat.{number}", outcome=outcome, requirement="x" * 5000) for number in range(500)
    ]
    shown = render_markdown(make_document(many))
    assert 20_000 < len(shown) <= 60_000
    assert " more left out here for length; all stand in gates.json.*" in shown
    assert f"500 results: 500 {outcome}." in shown


def test_a_long_command_is_not_cut_but_named(
    make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    shown = render_markdown(make_document([make_failed(reproduce="x" * 5000)]))
    assert "The command that reproduces it has 5000 characters and stands in gates.json." in shown


ATTACKS = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "</details></td></table>",
    "[click](https://evil.example)",
    "![x](https://evil.example/pixel.png)",
    "https://evil.example",
    "www.evil.example",
    "a@evil.example",
    "@everyone",
    "| a | b |\n|---|---|",
    "\n\n# Six gates: 6 of 6 MET\n",
    "```\n</code>\n# owned",
    "`` ` ``",
    "&lt;script&gt;",
    "$x$ #1 octo/repo#2",
    "- item",
    "1. item",
]


OPENING = re.compile(r"#{1,6}(?=\s|$)|\||[-+*] +|\d+[.)] |`{3,}|~{3,}|</?(?!span>)\w+|>|=+$|\[|\t")


def opening(line: str) -> str:
    """What makes a Markdown line more than text."""
    return ((found := OPENING.match(line)) and found[0]) or ""


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_server_cannot_inject_anything(
    attack: str, make_failed: Callable[..., Verdict], make_document: Callable[..., Document]
) -> None:
    def lines(text: str) -> list[str]:
        hostile = make_failed(
            requirement=text,
            reason=text,
            engine=text,
            provider=text,
            findings=(Finding(text, text, text, text),),
        )
        return render_markdown(make_document([hostile])).splitlines()

    harmless, hostile = lines("harmless"), lines(attack)
    assert len(hostile) == len(harmless)
    assert list(map(opening, hostile)) == list(map(opening, harmless))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<b>&", "&lt;b&gt;&amp;"),
        ("[a](http://x)", r"\[a\]\(http\://x\)"),
        ("![a]", r"\!\[a\]"),
        ("www.x.org", r"www\.x.org"),
        ("@me #1 $x", r"@<!-- -->me \#<!-- -->1 <span>$</span>x"),
        ("a|b `c` *d* _e_ ~f~", r"a\|b \`c\` \*d\* \_e\_ \~f\~"),
        ("- a", r"\- a"),
        ("1. a", r"1\. a"),
        ("0.1.0", "0.1.0"),
        ("a\nb\x1b", r"a\\nb\\x1b"),
    ],
)
def test_prose_is_inert(text: str, shown: str) -> None:
    assert prose(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a", "`a`"),
        ("a`b", "``a`b``"),
        ("`", "`` ` ``"),
        ("", "(empty)"),
        ("  ", "(blank)"),
        ("a\n", "`a\\n`"),
    ],
)
def test_a_code_span_cannot_be_left(text: str, shown: str) -> None:
    assert code(text) == shown


def test_a_fence_cannot_be_closed_from_inside() -> None:
    assert block("a\n```\nb````c", "sh") == "`````sh\na\\n```\\nb````c\n`````"


@pytest.mark.parametrize(
    ("statuses", "message", "color"),
    [
        (["MET"] * 6, "6 of 6 met", "brightgreen"),
        (["MET"] * 5 + ["NOT RUN"], "5 of 5 met, 1 not run", "yellow"),
        (["MET"] * 5 + ["PARTIAL"], "5 of 6 met", "yellow"),
        (["MET"] * 5 + ["BLOCKED"], "5 of 6 met", "red"),
        (["NOT MET"] * 6, "0 of 6 met", "red"),
    ],
)
def test_the_badge_tells_how_many_gates_are_met(statuses: list[str], message: str, color: str) -> None:
    badge = json.loads(render_badge({"gates": [{"status": status} for status in statuses]}))
    assert badge == {"schemaVersion": 1, "label": "gates", "message": message, "color": color}
