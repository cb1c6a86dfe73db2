"""Every probe that the modules beside this one declare."""

from sixgates import probes
from sixgates.catalogue import Probe, modules


def declared() -> tuple[Probe, ...]:
    """Each probe once, in the order of the modules."""
    values = (value for module in modules(probes) for value in vars(module).values())
    groups = (value if isinstance(value, tuple) else (value,) for value in values)
    found = (each for group in groups for each in group if isinstance(each, Probe))
    return tuple({each.name: each for each in found}.values())


def posted(*paths: str) -> tuple[Probe, ...]:
    """Those that post to one of these paths, or to any where none is named."""
    return tuple(each for each in declared() if each.method == "POST" and (not paths or each.path in paths))
