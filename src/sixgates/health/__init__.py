"""Is every active provider up, with its models loaded, and if not, why and what next."""

from __future__ import annotations

from sixgates.health.judge import REQUIREMENTS, checks_of, judge_provider
from sixgates.health.symptoms import cause_of, curl, next_steps, symptom_of
from sixgates.health.visits import Visits
from sixgates.symptom import Symptom

__all__ = [
    "REQUIREMENTS",
    "Symptom",
    "Visits",
    "cause_of",
    "checks_of",
    "curl",
    "judge_provider",
    "next_steps",
    "symptom_of",
]
