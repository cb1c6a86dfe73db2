"""The report of a run: one document with a schema, and renderings that are functions of it."""

from sixgates.redaction import redact
from sixgates.report.badge import render_badge
from sixgates.report.comparing import compare
from sixgates.report.document import Document, ProviderInfo, ReportError, RunInfo, build
from sixgates.report.files import load, write
from sixgates.report.markdown import render_markdown
from sixgates.report.merging import merge
from sixgates.report.terminal import render_failure, render_table

__all__ = [
    "Document",
    "ProviderInfo",
    "ReportError",
    "RunInfo",
    "build",
    "compare",
    "load",
    "merge",
    "redact",
    "render_badge",
    "render_failure",
    "render_markdown",
    "render_table",
    "write",
]
