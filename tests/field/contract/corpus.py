"""All reports, by area."""

from __future__ import annotations

from collections.abc import Mapping

from tests.field.contract import (
    chat,
    clients,
    completions,
    envelope,
    errors,
    legal_chat,
    legal_models,
    legal_offers,
    legal_responses,
    legal_stream,
    legal_usage,
    legal_wire,
    offers,
    params,
    reasoning,
    responses,
    responses_stream,
    text,
    tools,
    tools_stream,
    usage,
)
from tests.field.contract.report import Report

AREAS: Mapping[str, tuple[Report, ...]] = {
    "offers": offers.REPORTS,
    "clients": clients.REPORTS,
    "envelope": envelope.REPORTS,
    "chat": chat.REPORTS,
    "tools": tools.REPORTS + tools_stream.REPORTS,
    "responses": responses.REPORTS + responses_stream.REPORTS,
    "reasoning": reasoning.REPORTS,
    "text": text.REPORTS,
    "usage": usage.REPORTS,
    "params": params.REPORTS,
    "completions": completions.REPORTS,
    "errors": errors.REPORTS,
    "legal chat": legal_chat.REPORTS,
    "legal streams": legal_stream.REPORTS,
    "legal usage": legal_usage.REPORTS,
    "legal models": legal_models.REPORTS,
    "legal offers": legal_offers.REPORTS,
    "legal responses": legal_responses.REPORTS,
    "legal wire": legal_wire.REPORTS,
}
LEGAL = tuple(area for area in AREAS if area.startswith("legal"))
"""What servers may do; the other areas have a few legal ways, too."""
REPORTS: tuple[Report, ...] = tuple(report for reports in AREAS.values() for report in reports)
