"""The rules of gate 1 as a command: over a stack, over a file alone, in four formats, with safe fixes."""
