"""The request recipes, one module per API area."""
