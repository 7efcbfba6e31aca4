"""Reads what a registry asks for in ``WWW-Authenticate``."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A parameter, or else the word that begins a challenge
# (https://www.rfc-editor.org/rfc/rfc9110#section-11.6.1).
_PIECE = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))|([A-Za-z][A-Za-z0-9_-]*)')


def parse_challenges(headers: Iterable[str]) -> dict[str, dict[str, str]]:
    """The challenges of ``WWW-Authenticate`` headers: parameters by lower-case scheme; the last of each counts."""
    found: dict[str, dict[str, str]] = {}
    for header in headers:
        parameters: dict[str, str] = {}
        for name, quoted, plain, scheme in _PIECE.findall(header):
            if scheme:
                parameters = found[scheme.lower()] = {}
            else:
                parameters[name.lower()] = plain or re.sub(r"\\(.)", r"\1", quoted)
    return found
