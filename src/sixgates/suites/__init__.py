"""The suites of gates 1 to 6 as a wheel carries them: `pytest --pyargs sixgates.suites`."""
