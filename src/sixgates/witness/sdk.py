"""The SDK itself: imported at the first use, because it is large and only checks of gate 4 need it."""

import gc

import openai

__all__ = ["openai"]

gc.freeze()  # what an import leaves stays for good; else each collection would walk the SDK's many types again
