"""The operations of the native API, one file a resource: which use case serves which path.

A handler hands the request to its use case and the result to the answer; anything more is in the wrong place here.
"""
