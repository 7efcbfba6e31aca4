"""The reference page of specifications, made from the fields themselves."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import MISSING, Field, fields
from typing import Any

from optimizer.model.field_texts import field_texts
from optimizer.model.secret import BuildSecret
from optimizer.model.spec import ImageSpec
from optimizer.model.steps import Step, step_kinds
from optimizer.toolchains.installers import INSTALLERS, PROXIES, Installer


def specification_page() -> str:
    """Markdown: every field of a specification and of every step kind."""
    blocks = [
        "# Specifications",
        "A specification is an `ImageSpec` in Python, or a `*.image.toml` file: the fields are the same, and each step is a `[[steps]]` "
        "table whose `kind` is the name in parentheses below. `optimizer schema` prints the JSON Schema.",
        "Paths are relative to the project's [root](configuration.md#the-root), and may not leave it. Targets are absolute paths under `/var/task`, `/opt` or `/var/runtime`.",
        "## ImageSpec",
        _table(ImageSpec),
        "## Every step",
        _table(Step),
    ]
    common = {item.name for item in fields(Step)}
    for kind, cls in step_kinds().items():
        blocks += [
            f"## {cls.__name__} (`{kind}`)",
            _paragraphs(cls.__doc__ or ""),
            f"Changes {cls.default_stability.value} unless set otherwise.",
            _table(cls, common),
        ]
    blocks += [
        "## BuildSecret",
        _paragraphs(BuildSecret.__doc__ or ""),
        'In a file, each is a table: `secrets = [{ id = "npm", from_env = "NPM_TOKEN", to_env = "NPM_TOKEN" }]`. '
        "[Private indexes](private-index.md) has the variables and files of each installer.",
        _table(BuildSecret),
        "A step's installer reads these, where `*` stands for any text; planning refuses a secret that it would ignore. "
        "What it fetches with git may also need variables and files of git, such as `/root/.gitconfig`.",
        "\n".join(
            ["| Installer | Variables | Files | Names in the project's files |", "|---|---|---|---|", *map(_installer, INSTALLERS.values())]
        ),
    ]
    return "\n\n".join(blocks) + "\n"


def _paragraphs(text: str) -> str:
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n")).replace("``", "`")


def _installer(installer: Installer) -> str:
    files = (*installer.files, *installer.templates)
    written = installer.written.format(name="NAME") if installer.written else "none"
    variables = [name for name in installer.variables if name not in PROXIES]
    proxies = ", those of proxies" if len(variables) < len(installer.variables) else ""
    return f"| [{installer.name}]({installer.source}) | {_code(variables)}{proxies} | {_code(files)} | {written} |"


def _code(words: Sequence[str]) -> str:
    return ", ".join(f"`{word}`" for word in words) or "none"


def _table(cls: type, without: Collection[str] = ()) -> str:
    texts = field_texts(cls)
    items = [item for item in fields(cls) if item.name not in without]
    rows = [f"| `{item.name}` | {item.metadata['type'].name} | {_default(item)} | {texts[item.name]} |" for item in items]
    return "\n".join(["| Field | Type | Default | Meaning |", "|---|---|---|---|", *rows])


def _default(item: Field[Any]) -> str:
    if item.default is MISSING:
        return "required"
    if item.default is None:
        return "none"
    if item.default == ():
        return "empty"
    return f"`{str(item.default).lower() if isinstance(item.default, bool) else item.default}`"
