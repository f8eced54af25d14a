"""What packets would do, and what a change would change: readers of the compiled network, pure.

`network` is what they all read, with the `stations` that it keeps ready; `questions` makes a packet of a question. A room reads
only what stands below it:

    diagnosis | difference | intents        what stops a packet; two networks held against each other; one against what is meant
    batch | pairs | remedies | telling      many packets at once; many sets at once; what would help; a walk in words
    symbolic | trace                        all packets of a pair, as sets; one packet
    questions
    network
    stations                                routers made ready
    places                                  addresses on one line
"""
