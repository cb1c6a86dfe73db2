"""The badge of a repository's front page, in the endpoint format of shields.io."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sixgates.gates import GateStatus
from sixgates.report.headline import badge_text


def render_badge(document: Mapping[str, Any]) -> str:
    """JSON for `https://img.shields.io/endpoint?url=…`: how many of the gates that were asked for are MET."""
    statuses = [gate["status"] for gate in document["gates"]]
    met = statuses.count(GateStatus.MET)
    red = GateStatus.NOT_MET in statuses or GateStatus.BLOCKED in statuses
    color = "red" if red else "brightgreen" if met == len(statuses) else "yellow"
    message = badge_text(document["gates"])
    badge = {"schemaVersion": 1, "label": "gates", "message": message, "color": color}
    return json.dumps(badge) + "\n"
