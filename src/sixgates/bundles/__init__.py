"""Requests that ask for several optional things at once: which of them a server refuses, and who says so."""
