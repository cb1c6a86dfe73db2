"""Collection settings of the suites; everything else is in the plugin."""
