"""The requirements, one module per API area."""
