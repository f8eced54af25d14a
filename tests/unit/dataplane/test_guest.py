"""What a command in an instance is shown of the host's files."""

from peerway.adapters.dataplane.kernel.guest import ask_name_servers

FEDORA = "passwd: files\nhosts:  files myhostname resolve [!UNAVAIL=return] dns\nservices: files\n"
DEBIAN = "passwd: files\nhosts:          files dns\nnetworks: files # resolve\n"


def test_names_are_asked_of_name_servers_and_not_of_the_hosts_service() -> None:
    """systemd-resolved answers for the host's network, from within any other; where it isn't used, nothing changes."""
    assert ask_name_servers(FEDORA) == "passwd: files\nhosts: files dns\nservices: files\n"
    assert ask_name_servers(DEBIAN) == DEBIAN
