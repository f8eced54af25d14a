"""Questions about reachability and what those who ask are told (PATH-1 ... PATH-5).

`paths` are kept questions, `analyses` their answers, made by the worker; `reachability` and `many_questions` answer at once.
`reports` says who is told what of an answer and `views` in which shape; `reach_effects` says the same of what a change makes of it.
"""
