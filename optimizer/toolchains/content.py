"""Content that is copied as it is: first-party code, files, extensions."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Sequence

from optimizer.errors import Fault
from optimizer.model.fields import EXTENSIONS
from optimizer.model.inputs import Input
from optimizer.model.plan import Stage
from optimizer.model.recipes.content import ImageTree, PackedFiles
from optimizer.model.reference import ImageReference
from optimizer.model.steps import Extension, Files, SourceCode
from optimizer.toolchains.toolchain import GENERATED_FILES, Rank, StepContext, Target, not_there

CODE_CACHES = (
    *GENERATED_FILES,
    "**/__pycache__",
    "**/*.py[co]",
    "**/.venv",
    "**/.pytest_cache",
    "**/.mypy_cache",
    "**/.ruff_cache",
    "**/node_modules",
    "**/.idea",
    "**/.vscode",
    "**/.env",
)
"""What a directory of first-party code leaves out by default; ``exclude = ["!**/.env"]`` takes one back."""


class SourceCodeToolchain:
    """One stage that is the code, with its byte-code where that is wanted."""

    families: tuple[str, ...] = ()
    rank: int = Rank.SOURCE_CODE
    sees_trees: bool = False

    def images(self, step: SourceCode, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: SourceCode, context: StepContext) -> Iterable[Fault]:
        return _missing(context, step.source)

    def stages(self, step: SourceCode, context: StepContext) -> Sequence[Stage]:
        directory = step.to if step.to.endswith("/") else f"{step.to}/"
        exclude = (*CODE_CACHES, *step.exclude)
        return [_packed(context, f"Code of {step.source}", step.source, directory, exclude, bytecode=context.target.compiles_python)]


class FilesToolchain:
    """One stage that is the files and nothing else."""

    families: tuple[str, ...] = ()
    rank: int = Rank.FILES
    sees_trees: bool = False

    def images(self, step: Files, target: Target) -> tuple[ImageReference, ...]:
        return ()

    def check(self, step: Files, context: StepContext) -> Iterable[Fault]:
        return _missing(context, step.source)

    def stages(self, step: Files, context: StepContext) -> Sequence[Stage]:
        return [_packed(context, f"Files of {step.source}", step.source, step.to, step.exclude)]


class ExtensionToolchain:
    """One stage that puts the extension under ``/opt``, where the runtime looks for it."""

    families: tuple[str, ...] = ()
    rank: int = Rank.EXTENSION
    sees_trees: bool = False

    def images(self, step: Extension, target: Target) -> tuple[ImageReference, ...]:
        return (step.image,) if step.image is not None else ()

    def check(self, step: Extension, context: StepContext) -> Iterable[Fault]:
        if (step.source is None) == (step.image is None):
            yield Fault("an extension needs exactly one of source and image", "source", 'write Extension("path") or Extension(image="...")')
        elif step.source is not None:
            yield from _missing(context, step.source)
        if step.file is not None and step.image is None:
            yield Fault(f'"{step.file}" is the file of no image', "file", 'set image too; a file of the project is source="PATH"')

    def stages(self, step: Extension, context: StepContext) -> Sequence[Stage]:
        if step.image is not None:
            source = target = "/opt/"
            if step.file is not None:
                source, target = step.file, f"{EXTENSIONS}/{step.name or posixpath.basename(step.file)}"
            return [
                Stage(
                    name=context.name,
                    step=context.name,
                    title=f"Lambda extension of {step.image.name}",
                    stability=context.stability,
                    origin=context.target.image,
                    recipe=ImageTree(image=step.image, source=source, target=target, language=context.target.language),
                )
            ]
        assert step.source is not None
        title = f"Lambda extension of {step.source}"
        if context.project.kind(step.source) == "directory":
            return [_packed(context, title, step.source, "/opt/", CODE_CACHES)]
        file_name = step.name or posixpath.basename(step.source)
        target = f"{EXTENSIONS}/{file_name}"
        # A checkout on a file system without modes must not make a dead extension.
        return [_packed(context, title, step.source, target, executable=True)]


def _missing(context: StepContext, source: str) -> Iterable[Fault]:
    if context.project.kind(source) is None:
        yield Fault(f'"{source}" {not_there(context)}', "source", "fix the path; it is relative to the project's root")


def _packed(
    context: StepContext,
    title: str,
    source: str,
    to: str,
    exclude: Sequence[str] = (),
    *,
    executable: bool = False,
    bytecode: bool = False,
) -> Stage:
    directory = context.project.kind(source) == "directory"
    target = to if to.endswith("/") or not directory else f"{to}/"
    files = Input(source=source, target=target, directory=directory, exclude=tuple(exclude) if directory else ())
    return Stage(
        name=context.name,
        step=context.name,
        title=title,
        stability=context.stability,
        origin=context.target.image,
        recipe=PackedFiles(files=files, executable=executable, bytecode=bytecode),
    )
