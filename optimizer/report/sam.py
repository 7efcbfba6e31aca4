"""What ``optimizer sam`` shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from optimizer.adoption.proposal import ProposedFile
from optimizer.report.counts import counted
from optimizer.report.table import table

_STATES = {
    "none": "no spec",
    "impossible": "cannot be generated",
    "stale": "to be written",
    "current": "current",
}


def sam_to_dict(
    functions: Sequence[Mapping[str, Any]],
    findings: Mapping[str, Sequence[str]],
    proposals: Sequence[ProposedFile],
    changed: Sequence[str],
    *,
    written: bool,
) -> dict[str, Any]:
    """Everything as plain data; ``findings`` are the rules that each function breaks, ``changed`` the paths that are, or would be, written."""
    return {
        "functions": [{**function, "findings": list(findings.get(function["function"], ()))} for function in functions],
        "proposals": [
            {"spec": file.path, "functions": [image.function for image in file.images], "complete": file.complete} for file in proposals
        ],
        "changed": list(changed),
        "written": written,
    }


def sam_as_text(
    functions: Sequence[Mapping[str, Any]],
    findings: Mapping[str, Sequence[str]],
    proposals: Sequence[ProposedFile],
    changed: Sequence[str],
    template: str,
    *,
    written: bool,
    others: Sequence[str] = (),
) -> str:
    """A table of the functions, and what to do next; ``others`` are the calls that set other environments of the configuration."""
    rows = [
        (
            function["function"],
            function["spec"] or "-",
            function["context"] or "-",
            "current" if written and function["state"] == "stale" else _STATES[function["state"]],
            _counted(findings.get(function["function"], ())),
        )
        for function in functions
    ]
    blocks = [table(("function", "spec", "build context", "state", "findings"), rows)]
    blocks += [f"{function['function']}: {function['why']}" for function in functions if function["why"]]
    if proposals:
        lines = [f"  {file.path}: {', '.join(image.function for image in file.images)}{_share(file)}" for file in proposals]
        blocks.append("\n".join(["specs that optimizer init proposes:", *lines]))
    if changed:
        blocks.append("\n".join(["written:" if written else "to be written:", *(f"  {path}" for path in changed)]))
    if others:
        blocks.append(
            "\n".join(
                ["other environments stay as they are; to set them, with --image-repository of each:", *(f"  {call}" for call in others)]
            )
        )
    blocks.append("\n".join(_next(functions, findings, proposals, changed, template, written=written)))
    return "\n\n".join(blocks) + "\n"


def _counted(rules: Sequence[str]) -> str:
    return ", ".join(f"{rule} x{rules.count(rule)}" if rules.count(rule) > 1 else rule for rule in dict.fromkeys(rules)) or "-"


def _share(file: ProposedFile) -> str:
    note = ", which could share one image" if len(file.images) > 1 else ""
    return note if file.complete else f"{note} (not all of it: see optimizer init)"


def _next(
    functions: Sequence[Mapping[str, Any]],
    findings: Mapping[str, Sequence[str]],
    proposals: Sequence[ProposedFile],
    changed: Sequence[str],
    template: str,
    *,
    written: bool,
) -> list[str]:
    images = {function["context"] for function in functions if function["context"]}
    with_spec = sum(1 for function in functions if function["context"])
    summary = f"{counted(len(functions), 'function')}, {with_spec} with a spec, {counted(len(images), 'image')} generated"
    commands = []
    if proposals:
        commands.append(f"optimizer init --from {template}")
        named = " ".join(f"--spec {image.function}={file.path}" for file in proposals for image in file.images)
        commands.append(f"optimizer sam {template} --write {named}")
    elif changed and not written:
        commands.append(f"optimizer sam {template} --write")
    if any(findings.values()):
        commands.append(f"optimizer lint {template}")
    if written:
        commands.append("sam build")
    return [summary, *(f"next: {command}" for command in commands)]
