"""What stands beside the first specs of a project: settings and ignore files."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable
from pathlib import Path

from optimizer.adoption.companions import Companion, configuration, ignore_file, ignores
from optimizer.adoption.proposal import ProposedFile
from optimizer.cli.first_files import FirstFiles
from optimizer.config.files import FILE, PYPROJECT
from optimizer.config.settings import Settings
from optimizer.errors import ContextError
from optimizer.model.architectures import DEFAULT_ARCHITECTURE
from optimizer.project.files import Project

_IGNORE = ".gitignore"


def companions(files: FirstFiles, proposals: Iterable[ProposedFile], project: Project, settings: Settings) -> list[Companion]:
    """What else is added to the project: ignored outputs, and settings that are not the defaults."""
    found: list[Companion] = []
    around = files.surroundings
    wanted: dict[str, str] = {}
    for app in around.apps:
        wanted[os.path.basename(app.output) if app.output else "cdk.out"] = app.directory
    for template in around.templates:
        wanted.update({".aws-sam": posixpath.dirname(template) or ".", ".optimizer": posixpath.dirname(template) or "."})
    missing = [name for name, directory in wanted.items() if not _ignored(project.root, name, directory)]
    if missing:
        path = os.path.relpath(project.root / _IGNORE)
        found.append(ignore_file(path, _read(path), missing, "tools write there, and nothing of it is a source"))
    architectures = {image.proposal.spec.architecture for file in proposals for image in file.images}
    decided = bool(around.specs) or settings.defaults.architecture is not None
    if architectures and DEFAULT_ARCHITECTURE not in architectures and not decided:
        added = _configuration(architectures.pop())
        found += [added] if added is not None else []
    return found


def _ignored(root: Path, name: str, directory: str) -> bool:
    """Whether an ignore file from the directory up to the project's root has it."""
    home = root / directory
    places = [home, *home.parents]
    return any(ignores(_read(str(place / _IGNORE)) or "", name) for place in places[: places.index(root) + 1])


def _configuration(architecture: str) -> Companion | None:
    """Where the project keeps the settings of its tools; None where it has some of the optimizer already."""
    text = _read(PYPROJECT)
    if os.path.lexists(FILE) or (text is not None and "[tool.optimizer" in text):
        return None
    if text is not None and "[tool." in text:
        return configuration(PYPROJECT, text, architecture)
    return configuration(FILE, None, architecture)


def _read(path: str) -> str | None:
    try:
        return Path(path).read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise ContextError(f'"{path}" cannot be read: {error}', path, "check its permissions, and save it as UTF-8") from None
