"""Faults of an app, one synthesis for all of them.

Under the CDK CLI a fault becomes an error annotation of its construct, and
synthesis goes on: the CLI prints all of them, ends with 1, and deploys no
stack that holds one.  Elsewhere, as in a team's own tests, it is raised where
it is found.
"""

from __future__ import annotations

import json
import os
import shlex
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Any, cast

import aws_cdk as cdk
import jsii
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_lambda as lambda_
from constructs import IConstruct, IValidation

from optimizer.cdk import traces
from optimizer.cdk.synthesizer import top_level_stack
from optimizer.errors import Fault, OptimizerError, UnpinnedError

# Both are set by the CLI alone: https://github.com/aws/aws-cdk/blob/main/packages/aws-cdk-lib/cx-api/lib/cxapi.ts
_CLI, _OUTPUT = "CDK_CLI_VERSION", "CDK_OUTDIR"
# No repository holds such an image, so Lambda refuses whatever is deployed in spite of the errors.
_PLACEHOLDER = "image-with-faults"


@jsii.implements(IValidation)
class _ValidatedBySynth:
    """Lets ``cdk synth`` look at stacks of nested stages, whose errors it would pass over: it looks at the app's own stacks alone.

    The entry of a stack in the manifest asks for that; ``App.synth`` has an
    option for all of them, which belongs to the app.  A validation of the root
    runs when the manifests of nested stages are written, and that of the app
    is not.
    """

    def __init__(self) -> None:
        self.stacks: list[cdk.Stack] = []

    def validate(self) -> list[str]:
        for stack in self.stacks:
            stage = cdk.Stage.of(stack)
            assert stage is not None, "every stack of an app is in a stage"
            path = Path(stage.outdir, "manifest.json")
            manifest = json.loads(path.read_text(encoding="utf-8"))
            manifest["artifacts"][stack.artifact_id]["properties"]["validateOnSynth"] = True
            path.write_text(json.dumps(manifest, indent=2), encoding="utf-8")
        return []


_NESTED: weakref.WeakKeyDictionary[Any, _ValidatedBySynth] = weakref.WeakKeyDictionary()


def cli_reports() -> bool:
    """Whether the CDK CLI runs this app, and will report annotations."""
    return _CLI in os.environ and _OUTPUT in os.environ


def joined(errors: Sequence[OptimizerError], path: str) -> OptimizerError:
    """One error, of the first one's type, with the faults of all, each placed under the construct's path."""
    return type(errors[0])(
        [Fault(fault.message, f"{path}: {fault.place}".removesuffix(": "), fault.hint) for error in errors for fault in error.faults]
    )


def annotate(construct: IConstruct, errors: Sequence[OptimizerError]) -> None:
    """Add every fault to the construct as an error that the CLI reports, and that keeps its stack from being deployed."""
    traces.record(construct)
    for error in errors:
        for fault in error.faults:
            if isinstance(error, UnpinnedError):
                # One command for all functions: the assembly records what each of them needs.
                fault = Fault(fault.message, fault.place, f"run: optimizer pin {shlex.quote(os.environ[_OUTPUT])}")
            # Not Annotations.add_error, which adds a trace of jsii's own frames that the CLI prints above the message.
            construct.node.add_metadata("aws:cdk:error", str(fault))
    stack = top_level_stack(construct)
    root = construct.node.root
    if cdk.Stage.of(stack) is not root:
        if root not in _NESTED:
            _NESTED[root] = _ValidatedBySynth()
            root.node.add_validation(_NESTED[root])
        _NESTED[root].stacks.append(stack)


def placeholder(stack: cdk.Stack) -> lambda_.DockerImageCode:
    """The code of a function whose image cannot be planned, so that the rest of the app can be looked at."""
    repository = stack.node.try_find_child(_PLACEHOLDER) or ecr.Repository.from_repository_name(stack, _PLACEHOLDER, _PLACEHOLDER)
    return lambda_.DockerImageCode.from_ecr(cast(ecr.IRepository, repository), tag_or_digest=_PLACEHOLDER)
