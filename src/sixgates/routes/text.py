"""Journeys for a terminal, and the whole graph as Mermaid or as lines."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from sixgates.redaction import without_secrets
from sixgates.routes.explain import Explainer, Journey, Stop
from sixgates.visible import visible


def journey_text(journey: Journey, down: frozenset[str] = frozenset()) -> str:
    """One name: how it is found, the walk with shares, who answers, and what it costs at worst."""
    return "\n".join(f"{' ' * indent}{visible(text)}" for indent, text in _lines(journey, down))


def _lines(journey: Journey, down: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Each line and how far it is indented; its text is not fit to be shown yet."""
    if journey.route is None:
        yield 0, f"{journey.name}: no route, the gateway answers 400"
        yield 2, f"declared: {journey.declared or 'nowhere'}"
        return
    group = "" if journey.route.group == journey.name else f" -> {journey.route.group}"
    yield 0, f"{journey.name}{group} (by {journey.route.via})"
    yield 2, f"declared: {journey.declared or 'only in the gateway config'}"
    for number, stop in enumerate(journey.stops, 1):
        state = "" if not down else " down" if set(stop.providers) <= down else ""
        away = ", leaves this machine" if stop.leaves else ""
        yield 2, f"{number} {stop.name}{state}{away}"
        for one in stop.endpoints:
            share = f" {one.share:.0%}" if len(stop.endpoints) > 1 else ""
            yield 6, f"{one.model} at {without_secrets(one.api_base or '') or 'its public address'}{share}"
    yield 2, _answer(journey, down)
    yield 2, f"at worst: {_worst(journey)}"


def _answer(journey: Journey, down: frozenset[str]) -> str:
    who = f"with {', '.join(sorted(down))} down" if down else "when all is up"
    if journey.answered is None:
        return f"answers {who}: nobody, the client gets the first error"
    return f"answers {who}: {journey.answered.name} ({', '.join(journey.answered.providers)})"


def _worst(journey: Journey) -> str:
    tries = f"{journey.retries} retries each" if journey.retries else "no retries"
    stops = f"{len(journey.stops)} stop{'s' * (len(journey.stops) != 1)}"
    each = f"{stops}, {tries}, {journey.timeout_s:g} s a call"
    return f"{journey.calls} upstream calls in {journey.longest_s:g} s ({each})"


def table(explainer: Explainer) -> str:
    """Every callable name on a line: the group that it finds, and the walk when everything fails."""
    rows = []
    for name in explainer.names:
        journey = explainer.journey(name)
        walk = " -> ".join(_shown(stop) for stop in journey.stops) or "no route"
        rows.append((visible(name), visible(walk)))
    width = max((len(name) for name, _ in rows), default=0)
    return "\n".join(f"{name:{width}}  {walk}" for name, walk in rows)


def _shown(stop: Stop) -> str:
    away = "!" if stop.leaves else ""
    return f"{stop.name} [{', '.join(stop.providers)}{away}]"


def mermaid(explainer: Explainer) -> str:
    """The graph of names, groups and providers as a Mermaid flow chart; dotted lines are fallbacks."""
    chart = _Chart()
    for name in explainer.names:
        journey = explainer.journey(name)
        if journey.route is None:
            continue
        start = chart.node("name", name)
        if journey.route.group != name:
            chart.arrow(start, chart.node("name", journey.route.group))
        else:
            for label, provider in _ends(journey):
                chart.arrow(start, chart.node("provider", provider), label)
        for number, target in enumerate(explainer.router.chain(name), 1):
            chart.arrow(start, chart.node("name", target), str(number), line="-.->")
    return "\n".join(["flowchart LR", *chart.lines])


@dataclass(slots=True)
class _Chart:
    """The lines of a chart; a node is written where it is named first."""

    lines: list[str] = field(default_factory=list)
    nodes: dict[tuple[str, str], str] = field(default_factory=dict)

    def node(self, kind: str, name: str) -> str:
        if (kind, name) not in self.nodes:
            self.nodes[kind, name] = f"n{len(self.nodes)}"
            left, right = ("[[", "]]") if kind == "provider" else ("([", "])")
            self.lines.append(f'  {self.nodes[kind, name]}{left}"{_escaped(name)}"{right}')
        return self.nodes[kind, name]

    def arrow(self, start: str, end: str, label: str = "", *, line: str = "-->") -> None:
        self.lines.append(f"  {start} {line}{f'|{label}|' if label else ''} {end}")


def _ends(journey: Journey) -> Iterator[tuple[str, str]]:
    for stop in journey.stops[:1]:
        shared = len(stop.endpoints) > 1
        for one, provider in zip(stop.endpoints, stop.providers, strict=False):
            yield f"{one.share:.0%}" if shared else "", provider


def _escaped(text: str) -> str:
    """The text as a label; Mermaid takes `#` for the beginning of an entity, and a backtick for that of Markdown."""
    return (
        visible(text)
        .replace("#", "#35;")
        .replace("`", "#96;")
        .replace("&", "&amp;")
        .replace('"', "&quot;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
    )
