"""What is asked after a refusal: the same request with one of its features, or with none of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from sixgates.bundles.table import BUNDLES, Bundle
from sixgates.catalogue import Probe
from sixgates.features.feature import Feature

BARE = "bare"
"""The end of the name of a request without any of its features."""


def follow_up(bundle: Bundle, kept: Feature | None = None) -> Probe:
    """The request of a bundle with one feature, or with none; like it in everything else."""
    probe, derive = bundle.probe, bundle.probe.derive
    name = f"{probe.name}-{BARE}" if kept is None else f"{probe.name}-with-{kept.slug}"
    if derive is not None:
        return replace(probe, name=name, derive=lambda earlier: bundle.stripped(derive(earlier), kept))
    return replace(probe, name=name, body=bundle.stripped(probe.body or {}, kept))


FOLLOW_UPS: Mapping[str, tuple[Probe, ...]] = {
    name: (*(follow_up(bundle, part.feature) for part in bundle.parts), follow_up(bundle))
    for name, bundle in BUNDLES.items()
}
"""By the name of a probe, all that may be asked after it was refused."""
ALL: Mapping[str, Probe] = {each.name: each for group in FOLLOW_UPS.values() for each in group}


def among(names: Iterable[str]) -> tuple[Probe, ...]:
    """The follow-ups among some names of probes."""
    wanted = set(names)
    return tuple(probe for name, probe in ALL.items() if name in wanted)
