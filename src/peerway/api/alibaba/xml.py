"""Answers as XML: a list is an element for each of its items, an object an element with its fields inside."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring


def to_xml(root: str, content: Mapping[str, Any]) -> bytes:
    """The document; characters that XML can't have are left out."""
    document = Element(root)
    for name, value in content.items():
        _add(document, name, value)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(document, encoding="unicode")}'.encode()


def _add(parent: Element, name: str, value: Any) -> None:
    if isinstance(value, list | tuple):
        for item in value:
            _add(parent, name, item)
        return
    element = SubElement(parent, name)
    if isinstance(value, Mapping):
        for inner, part in value.items():
            _add(element, inner, part)
    elif value is not None:
        element.text = _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "".join(one for one in str(value) if (one >= " " and one not in "\ufffe\uffff") or one in "\t\n\r")
