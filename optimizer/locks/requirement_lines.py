"""The lines of a requirements file, by pip's rules.

Planning reads the files with it, and so does the stage that takes out of them
what is installed in another way: this text runs there too, so it needs nothing
but Python itself, of any version that Lambda has.
Source: https://pip.pypa.io/en/stable/reference/requirements-file-format/
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_ARCHIVES = (".whl", ".tar.gz", ".tgz", ".zip", ".tar.bz2", ".tar.xz")
_OPTION = re.compile(r"(?P<name>-[rcfei]|--[a-z-]+)(?:\s*=\s*|\s+|(?<=^-[rcfei]))(?P<value>\S.*)$")
_LONG = {"-r": "--requirement", "-c": "--constraint", "-f": "--find-links", "-e": "--editable", "-i": "--index-url"}
_DIRECT = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)\s*(?:\[(?P<extras>[^\]]*)\])?\s*@\s*(?P<place>\S+)")
_BARE = re.compile(r"(?P<place>[^\s;\[]+)(?:\[(?P<extras>[^\]]*)\])?")
_VCS = re.compile(r"(?:git|hg|svn|bzr)\+")
_EGG = re.compile(r"[#&]egg=(?P<name>[A-Za-z0-9._-]+)")


def logical_lines(text: str) -> Iterator[tuple[int, str]]:
    """The lines with their numbers, continued ones joined, without comments and empty ones."""
    number, pending = 0, ""
    for position, line in enumerate([*text.lstrip("\ufeff").splitlines(), ""], 1):
        number = number or position
        # A comment ends a line that is continued, whatever its own end.
        comment = re.match(r"\s*#", line)
        if line.endswith("\\") and not comment:
            pending += line[:-1]
            continue
        joined = re.sub(r"(^|\s)#.*$", "", pending + (" " + line if comment else line)).strip()
        if joined:
            yield number, joined
        number, pending = 0, ""


def option(line: str) -> tuple[str, str] | None:
    """The long name and the value of a line that is an option with a value, or None."""
    match = _OPTION.match(line)
    return (_LONG.get(match["name"], match["name"]), match["value"].strip().strip("'\"")) if match else None


def reference(line: str) -> tuple[str, str, str, str] | None:
    """What a line names directly: its kind, the name (or empty), extras and place; None for a line that names a package of an index.

    The kinds are ``vcs``, ``url``, ``archive`` and ``directory``.
    """
    found = option(line)
    if found and found[0] != "--editable":
        return None
    text = re.split(r"\s--(?:hash|config-settings|global-option)\b", found[1] if found else line)[0].strip()
    direct = _DIRECT.match(text)
    match = direct or _BARE.match(text)
    if not match:
        return None
    name, place = (match["name"] if direct else ""), match["place"]
    if _VCS.match(place):
        egg = _EGG.search(place)
        return "vcs", name or (egg["name"] if egg else ""), match["extras"] or "", place
    if "://" in place and not place.startswith("file:"):
        return "url", name, match["extras"] or "", place
    place = re.sub(r"^file:(//)?", "", place).partition("#")[0]
    if place.endswith(_ARCHIVES):
        return "archive", name, match["extras"] or "", place
    if direct or found or "/" in place or place in (".", ".."):
        return "directory", name, match["extras"] or "", place
    return None
