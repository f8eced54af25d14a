"""Tencent Cloud's APIs: products on one path, told apart by version and action; signed with TC3 or, as of old, in a parameter."""
