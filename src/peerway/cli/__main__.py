"""`python -m peerway.cli`: the command line without its script."""

from peerway.cli.main import main

main()
