"""Fields of requests: those given and those left out."""

import pytest

from peerway.app.usecases.fields import TEXTS, UNSET, given
from peerway.app.usecases.vbr_settings import UpdateVbr
from peerway.domain.errors import InvalidInput
from peerway.domain.text import check_name


def test_unset_is_not_none():
    """Update requests tell "not given" from "none"."""
    assert UpdateVbr(id="x").local_gateway6 is UNSET
    assert UpdateVbr(id="x", local_gateway6=None).local_gateway6 is None


def test_update_sets_what_it_names():
    """What is not given stays as it is; an empty text is given."""
    assert given(UpdateVbr(id="x"), **TEXTS) == {}
    assert given(UpdateVbr(id="x", description="", circuit_code="C-1"), **TEXTS) == {"description": ""}


def test_bad_field_is_named():
    """Each field is checked under its own name."""
    with pytest.raises(InvalidInput) as refused:
        given(UpdateVbr(id="x", circuit_code="C\n1"), **TEXTS, circuit_code=check_name)
    assert refused.value.field == "circuit_code"
