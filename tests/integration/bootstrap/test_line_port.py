"""The port that a server gives to all leased lines by itself."""

import pytest

from peerway.bootstrap.parts import make_world
from peerway.domain.errors import InvalidInput
from peerway.settings import ApiOptions


@pytest.mark.parametrize("port", ["interface:eth1", "netns:office", "anything"])
def test_only_what_all_lines_can_share_is_taken(tmp_path, port):
    """API-1: an interface is one line's; a namespace, by its whole path, is any number's."""
    with pytest.raises(InvalidInput, match="line-port"):
        make_world(ApiOptions(data=tmp_path), port)


def test_a_namespace_becomes_the_port_of_all_lines(tmp_path):
    """API-1: and without the option there is none."""
    options = ApiOptions(data=tmp_path)
    assert make_world(options, "netns:/run/netns/office").line_port == "netns:/run/netns/office"
    assert make_world(options).line_port is None
