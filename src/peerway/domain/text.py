"""Names and free text that users give: bounded and printable. May not know what the text is for."""

from __future__ import annotations

from peerway.domain.errors import InvalidInput

#: Longest name.
NAME_LENGTH = 128
#: Longest description.
DESCRIPTION_LENGTH = 256
#: Longest client token.
TOKEN_LENGTH = 64


def check_name(text: object, field: str = "name") -> str:
    """The name, or `InvalidInput`; an empty name is allowed."""
    return check_text(text, field, NAME_LENGTH)


def check_description(text: object, field: str = "description") -> str:
    """The description, or `InvalidInput`; an empty one is allowed."""
    return check_text(text, field, DESCRIPTION_LENGTH)


def check_token(text: object, field: str = "client_token") -> str:
    """A client token: 1 to 64 visible ASCII characters."""
    token = check_text(text, field, TOKEN_LENGTH)
    if not token or not token.isascii() or " " in token:
        raise InvalidInput(field, f"must be 1 to {TOKEN_LENGTH} visible ASCII characters", token)
    return token


def check_text(text: object, field: str, longest: int) -> str:
    """Printable text of at most so many characters, or `InvalidInput`."""
    if not isinstance(text, str):
        raise InvalidInput(field, "must be text", text)
    if len(text) > longest:
        raise InvalidInput(field, f"must have at most {longest} characters", text)
    if not text.isprintable():
        raise InvalidInput(field, "must not contain control characters")
    return text


def check_number(value: object, field: str, low: int, high: int, *, code: str | None = None) -> int:
    """A whole number from `low` to `high`, or `InvalidInput`; booleans are no numbers."""
    if not isinstance(value, int) or isinstance(value, bool):
        raise InvalidInput(field, "must be a whole number", value, code=code)
    if not low <= value <= high:
        raise InvalidInput(field, f"must be from {low} to {high}", value, code=code)
    return value


def check_flag(value: object, field: str) -> bool:
    """True or False, or `InvalidInput`."""
    if not isinstance(value, bool):
        raise InvalidInput(field, "must be true or false", value)
    return value
