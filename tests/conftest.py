"""pytest's own test harness, for the tests of the plugin."""

pytest_plugins = ["pytester"]
