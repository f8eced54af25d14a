"""The only wiring: which store, data plane, clock and doors a process is made of.

One file a process (`up`, `api`, `worker`, `agent`), to be imported by its own name: none loads what only another one needs.
"""
