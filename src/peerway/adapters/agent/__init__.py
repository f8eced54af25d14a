"""The agent's door for other processes of the same host, and the two ways to reach it."""
