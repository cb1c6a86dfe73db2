"""pytest's own test harness for the tests of the plugin, and patience for generated examples."""

from hypothesis import settings

pytest_plugins = ["pytester"]

# An example that is slow on a busy machine is no failure; what is slow by itself shows in benchmarks/.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")
