"""What proposals look like to a person and to a machine."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from optimizer.adoption.companions import Companion
from optimizer.adoption.proposal import Account, NotCarried, Outcome, ProposedFile, ProposedImage, Skipped
from optimizer.report.table import table

_LONGEST = 70


@dataclass(frozen=True, slots=True, kw_only=True)
class Around:
    """What a look at a whole project found and made beside the specs.

    ``found`` says what the project is; ``beside`` are the other files, with
    whether each was written, or would be; ``stack`` is the directory of the
    app, and None where there is none that takes Python; ``by_hand`` is what
    else is to be done.
    """

    found: Sequence[str] = ()
    beside: Sequence[tuple[Companion, bool]] = ()
    stack: str | None = "."
    by_hand: Sequence[str] = ()


_NOTHING = Around()


def adoption_to_dict(
    files: Sequence[ProposedFile], skipped: Sequence[Skipped], commands: Sequence[str], around: Around = _NOTHING
) -> dict[str, Any]:
    """Everything as plain data; ``commands`` are those to run next."""
    return {
        "found": list(around.found),
        "beside": [
            {
                "path": item.path,
                "exists": item.before is not None,
                "written": written,
                "lines": list(item.lines),
                "reason": item.reason,
            }
            for item, written in around.beside
        ],
        "by_hand": list(around.by_hand),
        "files": [
            {
                "path": file.path,
                "complete": file.complete,
                "functions": [
                    {
                        "name": image.function,
                        "handler": image.proposal.handler,
                        "dockerfile": image.proposal.dockerfile,
                        "python": python_line(file, image, around.stack or "."),
                        "instructions": [_account_to_dict(account) for account in image.proposal.accounts],
                        "not_carried": [_not_carried_to_dict(loss) for loss in image.proposal.not_carried],
                        "guesses": [{"value": guess.value, "reason": guess.reason} for guess in image.proposal.guesses],
                        "remarks": list(image.proposal.remarks),
                    }
                    for image in file.images
                ],
                "not_carried": [_not_carried_to_dict(loss) for loss in file.not_carried],
                "spec": file.images[0].proposal.spec.to_dict(),
                "text": file.text,
            }
            for file in files
        ],
        "skipped": [
            {"function": item.function, "why": item.why, **({"by_hand": item.not_carried.by_hand} if item.not_carried else {})}
            for item in skipped
        ],
        "next": list(commands),
    }


def _account_to_dict(account: Account) -> dict[str, Any]:
    return {
        "line": account.line,
        "end_line": account.end_line,
        "text": account.text,
        "outcome": account.outcome.value,
        "into": list(account.into),
        "remarks": list(account.remarks),
        "not_carried": [_not_carried_to_dict(loss) for loss in account.not_carried],
    }


def _not_carried_to_dict(loss: NotCarried) -> dict[str, str]:
    return {"message": loss.message, "by_hand": loss.by_hand}


def adoption_as_text(files: Sequence[ProposedFile], skipped: Sequence[Skipped], commands: Sequence[str], around: Around = _NOTHING) -> str:
    """Each file with what became of every instruction, what is left to do, and the lines of Python that use it."""
    blocks = ["\n".join(f"found: {line}" for line in around.found)] if around.found else []
    blocks += [_file(file) for file in files]
    if skipped:
        blocks.append("\n".join(["no proposal:", *(line for item in skipped for line in _skipped(item))]))
    if around.beside:
        blocks.append("\n".join(["beside the specs:", *(_beside(item, written) for item, written in around.beside)]))
    if files and around.stack is not None:
        imports = ["  from optimizer import ImageSpec", "  from optimizer.cdk import OptimizedFunction"]
        blocks.append("\n".join(["in the stack:", *imports, *_python(files, around.stack)]))
    if around.by_hand:
        blocks.append("\n".join(f"by hand: {line}" for line in around.by_hand))
    blocks.append("\n".join([_summary(files, skipped), *(f"next: {command}" for command in commands)]))
    return "\n\n".join(blocks) + "\n"


def python_line(file: ProposedFile, image: ProposedImage, stack: str = ".") -> str:
    """The construct that uses the file, in an app whose directory is ``stack``."""
    path = posixpath.relpath(file.path, stack)
    return f'OptimizedFunction(self, "{image.id}", spec=ImageSpec.load("{path}"), handler="{image.proposal.handler or "..."}")'


def _python(files: Sequence[ProposedFile], stack: str) -> Iterable[str]:
    for file in files:
        for image in file.images:
            yield f"  {python_line(file, image, stack)}"


def _beside(item: Companion, written: bool) -> str:
    lines = ", ".join(line for line in item.lines if line and not line.startswith("#"))
    if written:
        return f"  {item.path}: {lines}  ({item.reason})"
    return f"  {item.path}: not changed; it lacks {lines}, which --yes adds  ({item.reason})"


def _skipped(item: Skipped) -> Iterable[str]:
    yield f"  {item.function}: {item.why}"
    if item.not_carried:
        yield f"    by hand: {item.not_carried.by_hand}"


def _file(file: ProposedFile) -> str:
    lines = []
    shown: set[tuple[str, tuple[Account, ...]]] = set()
    for image in file.images:
        proposal = image.proposal
        names = [other.function for other in file.images if other.proposal.dockerfile == proposal.dockerfile and other.function]
        if (proposal.dockerfile, proposal.accounts) in shown:
            continue
        shown.add((proposal.dockerfile, proposal.accounts))
        origin = f"  from {proposal.dockerfile}" if proposal.dockerfile else ""
        lines.append(f"{file.path}{origin}" + (f"  ({', '.join(names)})" if names else ""))
        rows = [(_place(account), _cut(account.text), _became(account)) for account in proposal.accounts]
        if rows:
            lines.append(table(("line", "instruction", "what became of it"), rows, "  "))
        lines += [f"  guess: {guess}" for guess in proposal.guesses]
        lines += [f"  note: {remark}" for remark in proposal.remarks]
        lines += [
            f"  note: line {account.line}: {remark}"
            for account in proposal.accounts
            if account.outcome is not Outcome.NOT_NEEDED
            for remark in account.remarks
        ]
        not_carried = [(f"line {account.line}: ", loss) for account in proposal.accounts for loss in account.not_carried]
        not_carried += [("", loss) for loss in (*proposal.not_carried, *file.not_carried)]
        if not_carried:
            lines.append("  not carried over:")
            for place, loss in not_carried:
                lines += [f"    {place}{loss.message}", f"      by hand: {loss.by_hand}"]
    return "\n".join(lines)


def _place(account: Account) -> str:
    return str(account.line) if account.line == account.end_line else f"{account.line}-{account.end_line}"


def _cut(text: str) -> str:
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _became(account: Account) -> str:
    into = ", ".join(account.into)
    match account.outcome:
        case Outcome.NOT_NEEDED:
            return f"not needed: {'; '.join(account.remarks)}"
        case Outcome.NOT_CARRIED:
            return f"NOT CARRIED{f', but for {into}' if into else ''}"
    return into


def _summary(files: Sequence[ProposedFile], skipped: Sequence[Skipped]) -> str:
    accounts = {
        (image.proposal.dockerfile, account): account for file in files for image in file.images for account in image.proposal.accounts
    }
    counts = {outcome: sum(account.outcome is outcome for account in accounts.values()) for outcome in Outcome}
    functions = sum(bool(image.function) for file in files for image in file.images) + sum(not item.is_place for item in skipped)
    of = f" for {functions} {'function' if functions == 1 else 'functions'}" if functions else ""
    words = ", ".join(f"{count} {outcome.value}" for outcome, count in counts.items())
    return f"{len(files)} {'spec' if len(files) == 1 else 'specs'}{of}" + (f"; instructions: {words}" if accounts else "")
