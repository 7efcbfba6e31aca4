"""The line that creates a construct, which ``cdk synth`` prints and ``cdk lsp`` shows beside what is reported of it.

jsii tells CDK the lines of a Python app where ``JSII_HOST_STACK_TRACES`` is 1.
CDK records them for stacks and resources of CloudFormation alone, while our
reports name functions, as acknowledgements and suppressions do; and it takes
the innermost line for the team's, also where it is one of an installed package.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import traceback
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from constructs import IConstruct

_KIND = "aws:cdk:creationStack"
_FRAME = re.compile(r".* \((?P<file>.+?)(:\d+){1,2}\)")
_PACKAGE = str(Path(__file__).parents[1]) + os.sep


def leave_out_own_lines() -> None:
    """Let jsii leave the lines of this package out, as it does with its own, so that the team's come first."""
    # There is no public way. A jsii without the list has those lines, which is a wrong place and no wrong finding.
    with contextlib.suppress(ImportError, AttributeError, TypeError):
        module: Any = importlib.import_module("jsii._stack_trace")
        module._INTERNAL_PREFIXES = (*(known for known in module._INTERNAL_PREFIXES if known != _PACKAGE), _PACKAGE)


def record(construct: IConstruct) -> None:
    """Record at the construct which line of the app creates it, unless jsii is to leave that out."""
    # The words are jsii's own; it reads the variable at every call, so an app may set it.
    if os.environ.get("JSII_HOST_STACK_TRACES", "").lower() in ("1", "true", "yes"):
        frames = reversed(traceback.extract_stack())
        _add(construct, [f"{frame.name} ({frame.filename}:{frame.lineno})" for frame in frames])


def locate(root: IConstruct, paths: Iterable[str], stacks: Mapping[str, Sequence[str]]) -> None:
    """Give each construct that has no line that of its resource, else that of what is nearest above it.

    ``paths`` are those of the constructs; ``stacks`` the frames that CDK
    recorded, by path.
    """
    for path in dict.fromkeys(paths):
        if path in stacks:
            continue
        above = path.split("/")
        places = [f"{path}/Resource", *("/".join(above[:count]) for count in range(len(above) - 1, 0, -1))]
        frames = next((stacks[place] for place in places if place in stacks), None)
        construct = _find(root, above)
        if frames and construct is not None:
            _add(construct, frames)


def _add(construct: IConstruct, frames: Sequence[str]) -> None:
    own = [index for index, frame in enumerate(frames) if _is_own(frame)]
    # An editor shows nothing that lies outside of the app.
    if own:
        construct.node.add_metadata(_KIND, list(frames[own[0] :]))


def _is_own(frame: str) -> bool:
    """Whether the frame is in a file of the app, and in no package that is installed for it."""
    match = _FRAME.fullmatch(frame)
    if match is None:
        return False
    file = Path(os.path.abspath(match["file"]))
    if str(file).startswith(_PACKAGE) or {"site-packages", "dist-packages"} & {*file.parts}:
        return False
    return file.is_relative_to(os.getcwd())


def _find(root: IConstruct, ids: Iterable[str]) -> IConstruct | None:
    construct: IConstruct | None = root
    for id in ids:
        construct = construct.node.try_find_child(id) if construct is not None and id else construct
    return construct
