"""Tencent Cloud's API of the second version: `/v2/index.php`, one namespace of actions, answers with a number for a code."""
