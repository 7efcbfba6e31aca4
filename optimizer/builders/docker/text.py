"""Values as a Dockerfile writes them.

Every value that comes from a specification is quoted here for the place where
it stands: words of a command for the shell, paths of a COPY for its JSON form
where they need it, values of ENV, LABEL and ARG in double quotes.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterable, Sequence

from optimizer.builders.docker.actions import Script
from optimizer.errors import PlanError
from optimizer.model.inputs import Input
from optimizer.model.secret import BuildSecret

_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./@%+,:=-]+")
_WIDTH = 100


def command_text(command: Sequence[str] | Script) -> str:
    """A command of a RUN: its words quoted for the shell, on lines of at most about 100 characters."""
    words = [shlex.quote(word) for word in (command.words if isinstance(command, Script) else command)]
    lines, current = [], words[0]
    for word in words[1:]:
        if len(current) + 1 + len(word) > _WIDTH:
            lines.append(current)
            current = word
        else:
            current = f"{current} {word}"
    return " \\\n      ".join([*lines, current])


def copies(inputs: Iterable[Input]) -> list[str]:
    """One COPY per target, so that files that go together stand together."""
    groups: dict[tuple[str, bool], list[str]] = {}
    for item in inputs:
        # Only files may share a COPY: the contents of two directories would hide where each came from.
        key = (item.target, item.directory) if not item.directory else (f"{item.target}\0{item.source}", True)
        groups.setdefault(key, []).append(f"{item.source}/" if item.directory else item.source)
    return [_copy(sources, target.partition("\0")[0]) for (target, _), sources in groups.items()]


def _copy(sources: Sequence[str], target: str) -> str:
    words = [*("./" if source == "./" else source for source in sources), target]
    # What begins with two dashes would be read as a flag.
    if all(_PLAIN_PATH.fullmatch(word) and not word.startswith("--") for word in words):
        return f"COPY {' '.join(words)}"
    escaped = [_expandable(word) for word in (*map(_pattern, words[:-1]), words[-1])]
    return f"COPY {json.dumps(escaped, ensure_ascii=False)}"


def _pattern(path: str) -> str:
    """The pattern that matches the path alone.

    Two readers match it, and they agree on little: the client, which knows no
    escape in a class, and the builder, which takes a path for no pattern, and
    its escapes for names, when nothing but escapes is in it.

    Raises :class:`PlanError` for a path of wildcards alone.
    """
    if not re.search(r"[\\*?\[]", path):
        return path
    pattern = re.sub(r"([\\*?])", r"\\\1", path.replace("[", "[[]"))
    if "[" not in path:
        pattern, found = re.subn(r"([A-Za-z0-9])", r"[\1]", pattern, count=1)
        if not found:
            raise PlanError(f'path "{path}" cannot be copied: it holds no letter or digit', "", "rename the file")
    return pattern


def _expandable(word: str) -> str:
    """A word that stays as it is when a builder expands variables and takes quotes away."""
    return re.sub(r"""([\\$"'])""", r"\\\1", word)


def is_plain_mount(item: Input) -> bool:
    """Whether a flag of a RUN can mount the input; it is copied else."""
    # A mount is a line of CSV in words of a shell, read byte by byte: BuildKit 0.12 finds no other names.
    return all(_PLAIN_PATH.fullmatch(path) and not set(path) & set(",=") for path in (item.source, item.target))


def secret_mount(secret: BuildSecret) -> str:
    """The flag of a RUN that mounts a build secret."""
    return f"--mount=type=secret,id={secret.id},target={secret.target},required=true"


def secret_commands(secret: BuildSecret) -> list[str]:
    """Put the secret where the step looks for it, and fail where it is empty.

    A builder takes a variable that is not set for an empty secret, and with
    an empty one installers go to the public index.
    """
    source = f"set {secret.from_env}" if secret.from_env else f"fill the file {secret.from_file}"
    message = f"the build secret {secret.id} is empty: {source} where the image is built"
    empty = f"then echo '{message}' >&2; exit 1; fi"
    if not secret.to_env:
        return [f'if [ -z "$(cat {secret.target})" ]; {empty}']
    name = secret.to_env
    # Assigned before it is exported: `export X="$(...)"` would go on without the secret.
    return [f'{name}="$(cat {secret.target})"', f'if [ -z "${name}" ]; {empty}', f"export {name}"]


def pairs(instruction: str, pairs: Sequence[tuple[str, str]]) -> str:
    """An ENV or LABEL of several pairs, one on each line."""
    return " \\\n    ".join(
        [f"{instruction} {pairs[0][0]}={quoted(pairs[0][1])}", *(f"{name}={quoted(value)}" for name, value in pairs[1:])]
    )


def quoted(value: str) -> str:
    """A value in double quotes, in which a builder expands nothing."""
    return '"' + re.sub(r'([\\"$])', r"\\\1", value) + '"'


def comment(text: str) -> str:
    """A text without what would end its line."""
    return re.sub(r"[\x00-\x1f\x7f]", " ", text)
