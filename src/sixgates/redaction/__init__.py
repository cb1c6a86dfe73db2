"""The one redaction: what is secret, in which forms it travels, and how it is masked in all that leaves the process."""

from sixgates.redaction.masking import LEAST_PART, MASK, REDACTED, Redactor, redact, redactor
from sixgates.redaction.sources import (
    placeholder,
    secrets_in_address,
    secrets_in_environment,
    secrets_in_variables,
    without_secrets,
)

__all__ = [
    "LEAST_PART",
    "MASK",
    "REDACTED",
    "Redactor",
    "placeholder",
    "redact",
    "redactor",
    "secrets_in_address",
    "secrets_in_environment",
    "secrets_in_variables",
    "without_secrets",
]
