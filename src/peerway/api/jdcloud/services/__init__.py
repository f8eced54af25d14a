"""JD Cloud's services: a table and its operations each."""
