"""What is shown here is that of a machine without LiteLLM."""

from tests.without_litellm import no_litellm

__all__ = ["no_litellm"]
