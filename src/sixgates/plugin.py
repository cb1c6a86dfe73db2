"""The pytest plugin: options, markers, items for every family of cases, and the gate report."""
