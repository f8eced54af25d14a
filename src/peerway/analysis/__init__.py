"""What packets would do, and what a change would change: readers of the compiled network, pure.

`network` is what they all read. `trace` follows one packet, `batch` many at once, `symbolic` all packets of a pair; `diagnosis`
says what stops a packet and what would let it pass; `difference` holds two networks against each other; `intents` holds one
against what is meant to be.
"""
