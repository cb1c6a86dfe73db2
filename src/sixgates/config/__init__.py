"""The configuration of a stack: reading, shape, references, routing and the compiled gateway config."""

from __future__ import annotations

from sixgates.config.capabilities import DECLARABLE, declared_capabilities
from sixgates.config.deviations import Deviation
from sixgates.config.gates_file import Gates
from sixgates.config.litellm_file import LiteLLMConfig
from sixgates.config.mappings import Mappings
from sixgates.config.providers import AD_HOC, HealthCheck, Model, Provider, ProviderType, Status
from sixgates.config.ruleset import lint
from sixgates.config.stack import FILES, ConfigError, Stack, describe, load_stack, read_file, read_files

__all__ = [
    "AD_HOC",
    "DECLARABLE",
    "FILES",
    "ConfigError",
    "Deviation",
    "Gates",
    "HealthCheck",
    "LiteLLMConfig",
    "Mappings",
    "Model",
    "Provider",
    "ProviderType",
    "Stack",
    "Status",
    "declared_capabilities",
    "describe",
    "lint",
    "load_stack",
    "read_file",
    "read_files",
]
