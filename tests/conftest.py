"""pytest's own test harness for the tests of the plugin, and patience for generated examples."""

import os

from hypothesis import settings

pytest_plugins = ["pytester"]

# An example that is slow on a busy machine is no failure; what is slow by itself shows in benchmarks/.
# In CI the examples are the same each time: a landing is no place for luck, a desk is.
settings.register_profile("patient", deadline=None, derandomize=bool(os.environ.get("CI")))
settings.load_profile("patient")
