"""Use cases, one module a resource: load, decide by pure rules of the domain, store, write the audit.

Nothing here acts on the outside world; reconcilers do. Nothing here knows how a request travels; the doors do.
"""
