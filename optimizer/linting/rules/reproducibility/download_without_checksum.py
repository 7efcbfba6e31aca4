"""LIO408: a RUN fetches something, and nobody says what must come."""

from __future__ import annotations

import re
from collections.abc import Iterator

from optimizer.dockerfile.shell import Command
from optimizer.linting.conventions import Conventions
from optimizer.linting.finding import Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import DockerfileSubject

_VERIFIERS = re.compile(r"(?:md5|sha1|sha224|sha256|sha384|sha512|b2)sum|shasum|cosign|gpgv?2?|minisign|openssl|rpm|rpmkeys|signify")
_URL = re.compile(r"(?:https?|ftp)://(?!localhost\b|127\.|\[::1\]|169\.254\.)", re.IGNORECASE)
_WITH_VALUE = {"curl": "AbcCdDeEFhHKmoPQrtTuUwxXyYz", "wget": "aABDeGiIlOoPQRtTUwX"}
"""The short options that take a value. Source: https://curl.se/docs/manpage.html, https://www.gnu.org/software/wget/manual/wget.html"""

_SWITCHES = {
    "--compressed", "--create-dirs", "--fail", "--fail-with-body", "--insecure", "--ipv4", "--ipv6", "--location", "--no-check-certificate",
    "--no-progress-meter", "--no-verbose", "--progress-bar", "--quiet", "--remote-name", "--remote-header-name", "--retry-all-errors",
    "--retry-connrefused", "--show-error", "--silent", "--tlsv1.2", "--verbose",
}  # fmt: skip
"""Long options that take none."""

_COMMIT = re.compile(r"[0-9a-fA-F]{40,64}")


def _check(subject: DockerfileSubject, conventions: Conventions) -> Iterator[Verdict]:
    for item in subject.needed_stages:
        for instruction in item.stage.instructions:
            commands = subject.commands(instruction)
            verified = any(_VERIFIERS.fullmatch(command.program) for command in commands)
            checked_out = max((index for index, command in enumerate(commands) if _at_commit(command)), default=-1)
            for index, command in enumerate(commands):
                if command.program in ("curl", "wget") and not verified and not _asks_only(command):
                    url = _url(command)
                    if url:
                        yield Violation(message=f'"{url}" is fetched without a checksum', span=command.span)
                elif command.program == "git" and "clone" in command.words[1:3] and index > checked_out:
                    yield Violation(
                        message="git clone fetches the newest commit of the branch",
                        span=command.span,
                        hint="check a commit out, by its hash",
                    )


def _url(command: Command) -> str:
    """What a command of curl or wget fetches, perhaps a variable; empty for nothing that can be told."""
    literal = next((word for word in command.words[1:] if _URL.match(word)), "")
    pairs = zip(command.words, command.words[1:], strict=False)
    return literal or next((word for before, word in pairs if word.startswith("$") and not _takes_value(command.program, before)), "")


def _takes_value(program: str, word: str) -> bool:
    """Whether the word is an option whose value follows it; of letters written together, the last one counts."""
    if word.startswith("--"):
        return "=" not in word and word not in _SWITCHES
    return word.startswith("-") and word[-1] in _WITH_VALUE[program]


def _asks_only(command: Command) -> bool:
    """Whether it fetches headers alone, or sends something."""
    return command.has("-I", "--head", "--spider", "-X", "--request", "-d", "--data", "-T", "--upload-file", "-F", "--form")


def _at_commit(command: Command) -> bool:
    """Whether Git is told a commit, or what may be one."""
    return command.program == "git" and any(_COMMIT.fullmatch(word.partition("=")[2] or word) or "$" in word for word in command.words[1:])


RULE = Rule(
    id="LIO408",
    name="download-without-checksum",
    severity=Severity.WARNING,
    since="0.1.0",
    summary="A RUN fetches a file or a script from the network without a checksum.",
    why=(
        "What the URL gives can change, by a release or by an attacker; the image then differs, or runs code that nobody has reviewed. The build cache "
        "does not notice a change either: RUN is cached by its text."
    ),
    fix="use ADD --checksum=sha256:<digest>, or check what came with sha256sum -c in the same RUN",
    fix_in_spec="keep the file in the project and add it with Files, or check what came with sha256sum -c in the same command",
    bad="RUN curl -fsSL https://example.com/install.sh | sh",
    good='RUN curl -fsSLo /i.sh https://example.com/install.sh && echo "0123abcd  /i.sh" | sha256sum -c && sh /i.sh',
    dockerfile=_check,
)
