"""Tencent Cloud's products: a table and its operations each."""
