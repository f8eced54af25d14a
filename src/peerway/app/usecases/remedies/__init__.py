"""Remedies that a report offers: tried, and told as what one would type or call.

`trials` says whether they may be made and what comes of them, `changes` makes one by the use cases that a user would make it by;
`calls` and `commands` tell it to programs and to people.
"""
