"""Addresses as places on one line, and what is said of stretches of that line.

`atoms` tells an answer for every address and how far it holds, `spans` are sets of addresses. All that looks addresses up fast
stands on these; what the answers mean is its business. `batch` has columns instead.
"""
