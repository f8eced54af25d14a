"""What `peerway ping` says."""

from peerway.cli.ping import line, summary, together


def answer(answered=1, time_ms=None, detail="", dataplane="kernel"):
    """What the API answers to one probe."""
    verdict = ("predicted" if dataplane == "memory" else "answered") if answered else "silent"
    result = {"verdict": verdict, "round_trip_ms": time_ms, "detail": detail}
    return {
        "target": "10.0.0.2",
        "dataplane": dataplane,
        "sent": 1,
        "answered": answered,
        "results": [result],
    }


def test_answer_tells_its_round_trip():
    """An answered packet has its time."""
    assert line(3, answer(time_ms=0.25)) == "answer from 10.0.0.2: seq=3 time=0.250 ms"


def test_prediction_says_that_nothing_was_sent():
    """The memory data plane may not be mistaken for a network, whatever it predicts."""
    for answered, word in ((1, "would answer"), (0, "would not answer")):
        text = line(1, answer(answered, dataplane="memory"))
        assert word in text
        assert "no packet was sent" in text
    assert "carries no packets" in summary([answer(dataplane="memory")])[-1]


def test_silence_tells_why_when_it_is_known():
    """A reason that the data plane gives is shown."""
    assert line(1, answer(0, detail="no route")) == "no answer from 10.0.0.2: seq=1 (no route)"


def test_summary_counts_and_averages():
    """The last lines are those of ping."""
    lines = summary([answer(time_ms=1.0), answer(time_ms=3.0), answer(0), answer(0)])
    assert lines[2:] == ["4 sent, 2 answered, 50% lost", "round trip min/avg/max = 1.000/2.000/3.000 ms"]


def test_data_keeps_the_apis_form():
    """JSON is one answer of the API's form, with every packet's result."""
    whole = together([answer(time_ms=1.0), answer(0)])
    assert (whole["sent"], whole["answered"], len(whole["results"])) == (2, 1, 2)
