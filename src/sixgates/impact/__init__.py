"""Who is hurt by what was found: a finding's fault, what each client was measured to make of it, and what is claimed.

`fault` names what a finding is about, `measured` reads the table that `tests/field/measure_clients.py` writes, and
`claims` says of a check's findings which clients they break, mislead, or put at risk.
"""
