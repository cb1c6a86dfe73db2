"""All reports, by area."""

from __future__ import annotations

from collections.abc import Mapping

from tests.field.contract import (
    chat,
    clients,
    envelope,
    offers,
    params,
    reasoning,
    responses,
    text,
    tools,
    usage,
)
from tests.field.contract.report import Report

AREAS: Mapping[str, tuple[Report, ...]] = {
    "offers": offers.REPORTS,
    "clients": clients.REPORTS,
    "envelope": envelope.REPORTS,
    "chat": chat.REPORTS,
    "tools": tools.REPORTS,
    "responses": responses.REPORTS,
    "reasoning": reasoning.REPORTS,
    "text": text.REPORTS,
    "usage": usage.REPORTS,
    "params": params.REPORTS,
}
REPORTS: tuple[Report, ...] = tuple(report for reports in AREAS.values() for report in reports)
