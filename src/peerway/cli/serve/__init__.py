"""The commands that start or examine a part of Peerway on this machine: `up`, `api`, `worker`, `agent`, `doctor`.

Each reads its options and hands over to `bootstrap` at once; each has a module of its own, so that none loads what only another
one needs: the server's packages take long to load.
"""
