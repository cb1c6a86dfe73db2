"""The official SDK as a witness: its own client reads what a server said, and must lose nothing of it.

`replay` puts an exchange's bytes before the client without a network, `held` says what an application has of an
answer in the end, `reading` lets the client read and compares, `mistyped` asks the SDK's types. `sdk` has the
package `openai`, imported at the first use, which only checks of gate 4 make; both its majors serve.
"""
