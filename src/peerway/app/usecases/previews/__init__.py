"""What a change would come to, before it is made.

`rehearsals` tries it; the others say what it does to intents, and to quotas and limits. What it does to packets is
`paths.reach_effects`' business.
"""
