"""What the clouds' doors share: from a signed request to a use case and back, by tables.

A dialect is data (actions, parameters, names of states, errors) beside thin operations; what is here reads the data. May not know
any dialect, and no rule of the field may live here.
"""
