"""The table of what was measured: it is whole, and checks name the clients that it shows to be hurt."""

from __future__ import annotations

from sixgates import catalogue
from sixgates.impact.measured import CLIENTS, Effect, effects_of, reads, table, versions

KNOWN = catalogue.load()


def test_what_clients_are_named_by_checks_is_what_was_measured() -> None:
    """In both directions: none that no fault of the check hurts, and all that one does."""
    for check in KNOWN.checks.values():
        if "witness" in check.id:  # it is a client's own reading
            continue
        hurt = effects_of(check.id)
        breaks = {client for client, seen in hurt.items() if seen & {Effect.BROKEN, Effect.SOMETIMES}}
        misleads = {client for client, seen in hurt.items() if Effect.MISLED in seen} - breaks
        assert (set(check.breaks), set(check.misleads)) == (breaks, misleads), check.id


def test_the_table_names_known_checks_and_all_clients() -> None:
    assert set(table()) <= set(KNOWN.checks)
    assert set(versions()) == set(CLIENTS)
    assert all(reads(client) for client in CLIENTS)
    assert {client for check in table() for client in effects_of(check)} == set(CLIENTS)
