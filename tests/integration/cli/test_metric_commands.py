"""`peerway metric` against a live server (API-5, MON-1)."""


def test_metrics_are_listed(tenant):
    """All that can be asked for, or a namespace's."""
    assert "IntranetRX" in tenant.text("metric", "list")
    found = tenant.json("metric", "list", "--namespace", "QCE/PCX")
    assert {one["namespace"] for one in found} == {"QCE/PCX"}


def test_nothing_was_carried_where_no_packets_are(tenant):
    """The memory data plane has no counters, so there are no points."""
    assert tenant.json("metric", "show", "sent_bytes", "--period", "300", "--minutes", "120") == []


def test_unknown_metric_is_told(tenant):
    """With the names that there are."""
    status, _, err = tenant.run("metric", "show", "none")
    assert status == 1
    assert "sent_bytes" in err
