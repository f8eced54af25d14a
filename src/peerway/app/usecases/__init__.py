"""Use cases, one module a resource: load, decide by pure rules of the domain, store, write the audit.

What asks about the network, and not only for a resource, has rooms: `remedies`, `paths`, `intents`, `previews`, each of which reads
those before it.

Nothing here acts on the outside world; reconcilers do. Nothing here knows how a request travels; the doors do.
"""
