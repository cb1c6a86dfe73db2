"""The one redaction: what is secret, how it is spelled, and how it is masked in all that leaves the process."""

from sixgates.redaction.masking import LEAST_PART, MASK, REDACTED, Redactor, redact, redactor
from sixgates.redaction.reports import masked_value
from sixgates.redaction.sources import (
    placeholder,
    secrets_in_address,
    secrets_in_environment,
    secrets_in_variables,
    without_secrets,
)
from sixgates.redaction.streams import MaskingStream, RedactingStream, redacted_output

__all__ = [
    "LEAST_PART",
    "MASK",
    "REDACTED",
    "MaskingStream",
    "RedactingStream",
    "Redactor",
    "masked_value",
    "placeholder",
    "redact",
    "redacted_output",
    "redactor",
    "secrets_in_address",
    "secrets_in_environment",
    "secrets_in_variables",
    "without_secrets",
]
