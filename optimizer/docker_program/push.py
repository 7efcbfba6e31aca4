"""``push``: the image of a plan is assembled in its repository."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from optimizer.adapters.index_files import read_index
from optimizer.adapters.registry.client import HttpRegistry
from optimizer.adapters.registry.credentials import DefaultCredentials
from optimizer.adapters.registry.login import Login
from optimizer.checking.admission import admission
from optimizer.config.nearest import configured
from optimizer.docker_program.arguments import parse_build
from optimizer.docker_program.context import is_current, shown_name
from optimizer.docker_program.state import RememberedImage, State
from optimizer.errors import ContextError, RegistryError
from optimizer.model.progress import Event
from optimizer.model.publication import INDEX
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import index_fault
from optimizer.publishing.images import PublishImage
from optimizer.publishing.indexes import index_of_directory, publish_index
from optimizer.publishing.planned import NotPlanned, planned
from optimizer.publishing.publish import publish
from optimizer.report.progress import progress_line


class KeptCredentials:
    """The logins that CDK gave, and for other hosts those that all commands use."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._others = DefaultCredentials()

    def login(self, host: str) -> Login | None:
        """The login for a registry's host; None for anonymous access.  Raises RegistryError."""
        kept = self._state.login(host)
        return Login(username=kept.username, password=kept.password) if kept is not None else self._others.login(host)


def push(image: RememberedImage, state: State) -> None:
    """Publish an image under its name.

    Raises :class:`ContextError` where its build context is not there any more
    as it was, :class:`RegistryError` where the name is that of an image index,
    and as :func:`publish` does.
    """
    directory = Path(image.directory)
    gone = ContextError(
        f'the build context "{directory}" of the image "{image.name}" is not as it was when it was built',
        str(directory),
        "run cdk deploy again",
    )
    call = parse_build(image.words)
    if call is None or not is_current(image):
        raise gone
    if image.config:
        # For the base's registry, and for an engine that makes a stage; it is Docker's own name for the option.
        os.environ["DOCKER_CONFIG"] = image.config
    name, destinations = _name(directory, call.tag), (ImageReference.parse(image.name),)
    contexts = read_index(directory)
    if contexts:
        index = index_of_directory(name, directory, contexts, destinations)
        admit = admission(str(directory), index.made, _tell)
        with HttpRegistry(KeptCredentials(state)) as registry:
            publish_index(index, registry, report=_tell, admit=admit)
        return
    try:
        kept = planned(directory, call.options)
    except NotPlanned:
        raise gone from None
    published = PublishImage(name=name, kept=kept, directory=directory, destinations=destinations, options=call.options)
    admit = admission(str(directory), [published], _tell)
    with HttpRegistry(KeptCredentials(state)) as registry:
        (result,) = publish([published], registry, report=_tell, admit=admit)
    if result.state == INDEX:
        raise RegistryError([index_fault(*destinations)])


def _name(directory: Path, tag: str) -> str:
    """What people call an image; where an app has budgets, the path of its function, by which they find it."""
    assembly = directory.parent
    if configured(str(directory), "budgets") and (assembly / "manifest.json").exists():
        # Imported here: to read templates takes as long as to ask for an image, and most configurations have no budgets.
        from optimizer.adapters.assembly import load_images

        for image in load_images(assembly):
            if image.directory == directory:
                return image.name
    return shown_name(directory, tag)


def _tell(event: Event) -> None:
    if line := progress_line(event):
        print(line, file=sys.stderr, flush=True)
