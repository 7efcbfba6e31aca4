"""From the text of a Dockerfile to instructions; the only user of dockerfile-parse.

dockerfile-parse misreads some text that an engine accepts: here-documents,
empty lines within an instruction, a doubled escape at the end of a line, a
keyword with its continuation on the same word.  Such text is refused instead
of read wrongly.
"""

from __future__ import annotations

import io
import re

from optimizer.dockerfile.instruction import Instruction
from optimizer.errors import Fault, SpecError

KEYWORDS = frozenset(
    [
        "ADD",
        "ARG",
        "CMD",
        "COPY",
        "ENTRYPOINT",
        "ENV",
        "EXPOSE",
        "FROM",
        "HEALTHCHECK",
        "LABEL",
        "MAINTAINER",
        "ONBUILD",
        "RUN",
        "SHELL",
        "STOPSIGNAL",
        "USER",
        "VOLUME",
        "WORKDIR",
    ]
)
"""Source: https://docs.docker.com/reference/dockerfile/#overview"""

_HEREDOC = re.compile(r"^\s*(?:ONBUILD\s+)?(?:RUN|COPY|ADD)\b(?!\s*\[).*?(?<![<\\$(])(?<!\(\()\d*<<-?[\"']?[A-Za-z_]", re.IGNORECASE)


def parse(text: str, path: str = "Dockerfile") -> tuple[Instruction, ...]:
    """The instructions, in order, without comments; ``path`` only names the file in errors.

    Raises :class:`SpecError` with one fault per line that cannot be read
    reliably.
    """
    # Imported here: most uses of the package never read a Dockerfile.
    from dockerfile_parse import DockerfileParser

    text = text.removeprefix("\ufeff")
    faults = [Fault(message, f"{path}:{line}", hint) for line, message, hint in _unreadable(text)]
    if faults:
        raise SpecError(faults)
    structure = DockerfileParser(fileobj=io.BytesIO(text.encode("utf-8"))).structure
    covered: set[int] = set()
    instructions = []
    for item in sorted(structure, key=lambda item: (item["startline"], item["endline"])):
        covered.update(range(item["startline"], item["endline"] + 1))
        if item["instruction"] == "COMMENT":
            continue
        keyword = item["instruction"].upper()
        if keyword not in KEYWORDS:
            faults.append(
                Fault(
                    f'unknown instruction "{item["instruction"]}"',
                    f"{path}:{item['startline'] + 1}",
                    f"allowed: {', '.join(sorted(KEYWORDS))}",
                )
            )
        instructions.append(Instruction(keyword=keyword, value=item["value"], line=item["startline"] + 1))
    for number, line in enumerate(text.splitlines()):
        if line.strip() and number not in covered:
            faults.append(Fault("the line belongs to no instruction", f"{path}:{number + 1}", "end the line before it without a backslash"))
    if not instructions:
        faults.append(Fault("the file holds no instruction", path, "start it with FROM"))
    if faults:
        raise SpecError(faults)
    return tuple(instructions)


def _unreadable(text: str) -> list[tuple[int, str, str]]:
    found = []
    lines = text.splitlines()
    continued = False
    for number, line in enumerate(lines, 1):
        stripped = line.rstrip()
        comment = stripped.lstrip().startswith("#")
        if comment and re.match(r"#\s*escape\s*=\s*`", stripped, re.IGNORECASE):
            found.append((number, "the escape directive is not supported", "use the backslash"))
        if continued and not stripped:
            found.append((number, "an empty line within an instruction", "take the empty line out"))
        if not continued and not comment and _HEREDOC.match(stripped):
            found.append((number, "a here-document is not supported", "write the script into a file of its own and copy it"))
        if not continued and re.fullmatch(r"\s*[A-Za-z]+\\", stripped):
            found.append((number, "a keyword with nothing after it", "put the first word beside the keyword"))
        if not comment and stripped.endswith("\\\\"):
            found.append((number, "a line that ends in two backslashes", "end it with one, or with none"))
        continued = stripped.endswith("\\") if not comment else continued
    if continued:
        found.append((len(lines), "the last line continues on a line that is not there", "take the backslash out"))
    return found
