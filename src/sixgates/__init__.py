"""Six quality gates for a self-hosted LLM stack."""

__version__ = "0.1.0"
