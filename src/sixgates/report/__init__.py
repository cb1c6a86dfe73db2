"""The report of a run: one document with a schema, and renderings that are functions of it."""

from sixgates.report.document import ProviderInfo, ReportError, RunInfo, build
from sixgates.report.redaction import redact
from sixgates.report.terminal import render_failure, render_table

__all__ = ["ProviderInfo", "ReportError", "RunInfo", "build", "redact", "render_failure", "render_table"]
