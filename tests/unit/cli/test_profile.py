"""Where the API is and who asks."""

from pathlib import Path

import pytest

from peerway.cli.errors import WrongUsage
from peerway.cli.profile import DEFAULT_URL, config_file, find_profile

FILE = """
default = "lab"
[profiles.lab]
url = "https://lab.test:8520/api/v1/"
token = "lab-token"
ca_file = "/etc/lab.pem"
[profiles.here]
token = "here-token"
"""


@pytest.fixture
def environ(tmp_path):
    """An environment with a profile file."""
    (tmp_path / "peerway").mkdir()
    (tmp_path / "peerway" / "config.toml").write_text(FILE)
    return {"XDG_CONFIG_HOME": str(tmp_path)}


def test_environment_alone_is_enough():
    """PEERWAY_URL and PEERWAY_TOKEN need no file."""
    profile = find_profile(
        {"PEERWAY_URL": "http://there.test:1/", "PEERWAY_TOKEN": "t", "HOME": "/nonexistent"}
    )
    assert (profile.url, profile.token) == ("http://there.test:1", "t")


def test_default_profile_is_used_without_an_environment(environ):
    """The file's default holds when nothing else is said; an address may be given with its /api/v1."""
    profile = find_profile(environ)
    assert (profile.url, profile.token, profile.ca_file) == (
        "https://lab.test:8520",
        "lab-token",
        Path("/etc/lab.pem"),
    )


def test_environment_replaces_what_the_profile_says(environ):
    """One variable replaces one value."""
    profile = find_profile(environ | {"PEERWAY_TOKEN": "mine"})
    assert (profile.url, profile.token) == ("https://lab.test:8520", "mine")


def test_named_profile_wins_over_the_environment(environ):
    """`--profile` is meant: the environment does not mix into it."""
    profile = find_profile(environ | {"PEERWAY_URL": "http://x.test", "PEERWAY_TOKEN": "x"}, "here")
    assert (profile.url, profile.token) == (DEFAULT_URL, "here-token")


def test_profile_can_be_named_by_the_environment(environ):
    """PEERWAY_PROFILE chooses the profile."""
    assert find_profile(environ | {"PEERWAY_PROFILE": "here"}).token == "here-token"


def test_without_anything_the_address_is_that_of_peerway_up():
    """A reader with no file gets the default address and no token."""
    profile = find_profile({"HOME": "/nonexistent"})
    assert (profile.url, profile.token) == (DEFAULT_URL, "")


@pytest.mark.parametrize("name", ["missing", "default"])
def test_unknown_profile_is_wrong_usage(environ, name):
    """A name that is not in the file is said so."""
    with pytest.raises(WrongUsage, match=name):
        find_profile(environ, name)


def test_file_that_is_no_toml_is_wrong_usage(environ):
    """A broken file is named."""
    config_file(environ).write_text("= nonsense")
    with pytest.raises(WrongUsage, match=r"config\.toml"):
        find_profile(environ)


def test_address_without_scheme_is_wrong_usage():
    """`localhost:8520` is refused with the reason instead of failing later."""
    with pytest.raises(WrongUsage, match="http://"):
        find_profile({"PEERWAY_URL": "localhost:8520", "PEERWAY_TOKEN": "t"})


def test_profile_does_not_print_its_token():
    """A token never reaches a log or a trace."""
    assert "hush" not in repr(find_profile({"PEERWAY_URL": "http://x.test", "PEERWAY_TOKEN": "hush"}))
