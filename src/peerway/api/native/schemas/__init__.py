"""Bodies, query parameters and answers of the native API, one file a group of resources.

Bounds and shapes only: what a value must mean is decided by the use cases, which name the field in their errors.
"""
