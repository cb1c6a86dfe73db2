"""Names that fall back to each other: which chains have no end, and the way round."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

Edges = Mapping[str, Sequence[str | None]]


def endless(edges: Edges) -> list[str]:
    """The names whose chains do not all come to an end, in order; the others are taken away one by one."""
    left = {name: {target for target in targets if target in edges} for name, targets in edges.items()}
    before: dict[str | None, list[str]] = {}
    for name, targets in left.items():
        for target in targets:
            before.setdefault(target, []).append(name)
    ended = [name for name, targets in left.items() if not targets]
    while ended:
        done = ended.pop()
        del left[done]
        for name in before.get(done, ()):
            left[name].discard(done)
            if not left[name]:
                ended.append(name)
    return list(left)


def cycle_from(start: str, edges: Edges) -> list[str]:
    """The names on a way from `start` back to it, found without recursion; empty when there is none."""
    came_from: dict[str, str] = {}
    waiting = [start]
    while waiting:
        name = waiting.pop()
        for target in edges.get(name, ()):
            if target == start:
                way = [name]
                while way[-1] != start:
                    way.append(came_from[way[-1]])
                return way[::-1]
            if target in edges and target not in came_from and target is not None:
                came_from[target] = name
                waiting.append(target)
    return []
