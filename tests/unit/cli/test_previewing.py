"""`--preview` stands at every command that changes something, and at no other."""

import inspect
import re

import pytest
from typer.core import TyperGroup

from peerway.cli.main import ENTRIES, load

#: What changes something: calls of the session or its client.
CHANGES = re.compile(
    r"(session_of\(ctx\)|session)\.(create|change|act|remove)\(|client\.(create|act|change|replace|delete)\("
)
#: Commands that send something that the API does not take for a change, or ask a question that is kept for its answer's sake.
ASK = {"ping", "path analyze", "path batch", "intent check"}


def verbs(name, command):
    """All commands below one of the root's, by their words."""
    if isinstance(command, TyperGroup):
        for verb, inner in command.commands.items():
            yield from verbs(f"{name} {verb}", inner)
    else:
        yield name, command


@pytest.mark.parametrize("name", ENTRIES)
def test_every_command_that_changes_something_has_the_option(name):
    """A new command that changes something can be previewed; one that only reads offers no such thing."""
    for words, command in verbs(name, load(name)):
        offered = "preview" in {parameter.name for parameter in command.params}
        changes = bool(CHANGES.search(inspect.getsource(inspect.unwrap(command.callback))))
        assert offered == (changes and words not in ASK), words
