"""The command line: a client that knows the native API by HTTP alone, and the commands that start parts of Peerway here."""
