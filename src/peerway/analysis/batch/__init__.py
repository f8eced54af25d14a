"""Many two-way questions at once, answered as `fabric.walk.exchange` answers each, hundreds of times as fast.

The network is flattened into columns (`prepare`) once, and after a change only the routers that it touched; then all questions are
followed together, check by check (`ask` for columns, `answer` for packets). Questions that meet something rare (services, ways out
of the network, guests that forward, several links, IPv6) are handed one by one to the reader of one packet (`answer_alone`).

The only part of Peerway that imports NumPy: to be imported by what answers many questions, and by nothing that starts often.
"""

from peerway.analysis.batch.asking import NO_REPLY, Answer, Answers, Questions, answer, answer_alone, ask
from peerway.analysis.batch.prepared import Prepared, prepare
from peerway.analysis.batch.ways import OUTCOMES

__all__ = [
    "NO_REPLY",
    "OUTCOMES",
    "Answer",
    "Answers",
    "Prepared",
    "Questions",
    "answer",
    "answer_alone",
    "ask",
    "prepare",
]
