"""LIO643: a number or a length that Lambda does not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.instances import instance_path
from optimizer.linting.facts.properties import hidden, is_set, name_of, number, property_of
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.limits import (
    CONCURRENCY_ON_INSTANCES,
    DURABLE_EXECUTION,
    DURABLE_RETENTION,
    LONGEST_COMMAND,
    LONGEST_WORKDIR,
    MEMORY,
    MEMORY_PER_VCPU,
    TMP,
    TMP_WITH_GPU,
)

_RANGES = (
    (("MemorySize",), MEMORY),
    (("DurableConfig", "ExecutionTimeout"), DURABLE_EXECUTION),
    (("DurableConfig", "RetentionPeriodInDays"), DURABLE_RETENTION),
)
_ON_INSTANCES = (
    ("PerExecutionEnvironmentMaxConcurrency", CONCURRENCY_ON_INSTANCES),
    ("ExecutionEnvironmentMemoryGiBPerVCpu", MEMORY_PER_VCPU),
)
_TMP = ("EphemeralStorage", "Size")
_LENGTHS = (
    (("ImageConfig", "Command"), list, LONGEST_COMMAND, "words"),
    (("ImageConfig", "EntryPoint"), list, LONGEST_COMMAND, "words"),
    (("ImageConfig", "WorkingDirectory"), str, LONGEST_WORKDIR, "characters"),
)


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    ranges = (*_RANGES, *((instance_path(declared, name), allowed) for name, allowed in _ON_INSTANCES))
    yield from hidden(subject, _TMP, *(path for path, _ in ranges), *(path for path, _, _, _ in _LENGTHS))
    for path, allowed in ranges:
        value = number(property_of(declared, *path))
        if value is not None and value not in allowed:
            yield _outside(subject, path, f"{value:.15g} {allowed.unit}", str(allowed))
    yield from _tmp(subject)
    for path, kind, most, unit in _LENGTHS:
        value = property_of(declared, *path)
        if isinstance(value, kind) and len(value) > most:
            yield _outside(subject, path, f"{len(value)} {unit} long", f"up to {most}")
    durable = property_of(declared, "DurableConfig")
    if isinstance(durable, Mapping) and "ExecutionTimeout" not in durable:
        yield Violation(
            message="DurableConfig has no ExecutionTimeout, which CloudFormation demands",
            span=subject.place("DurableConfig"),
            hint=f"write how many seconds an execution may take as a whole, {DURABLE_EXECUTION}",
        )


def _tmp(subject: FunctionSubject) -> Iterator[Verdict]:
    size = number(property_of(subject.declared, *_TMP))
    if size is None or size in TMP:
        return
    gpu = is_set(subject.declared, "AcceleratorConfig")
    given = f"{size:.15g} {TMP.unit}"
    if size not in TMP_WITH_GPU:
        yield _outside(subject, _TMP, given, f"{TMP_WITH_GPU}" if gpu else f"{TMP}")
    elif gpu is None:
        yield Inconclusive(
            reason="whether the function has a GPU, and so a larger /tmp, is known at deployment only", span=subject.place(*_TMP)
        )
    elif not gpu:
        yield _outside(subject, _TMP, given, f"{TMP}, and to {TMP_WITH_GPU.most:g} with a GPU alone")


def _outside(subject: FunctionSubject, path: tuple[str, ...], given: str, allowed: str) -> Violation:
    return Violation(message=f"{name_of(path)} is {given}; allowed: {allowed}", span=subject.place(*path))


RULE = Rule(
    id="LIO643",
    name="setting-out-of-range",
    severity=Severity.ERROR,
    since="0.1.0",
    summary="A setting of a function is smaller or larger than Lambda allows.",
    why=(
        "Lambda refuses the function, in the middle of the deployment. More than 10,240 MB of /tmp is for functions with a GPU alone, which "
        "cfn-lint does not look at; CDK refuses more also with a GPU. The other bounds are those of the API: cfn-lint knows them too, and CDK warns of "
        "them in cdk synth. A timeout over 900 seconds is not judged: AWS's own pages differ."
    ),
    fix="write a value that is allowed",
    bad="EphemeralStorage:\n  Size: 20480",
    good="EphemeralStorage:\n  Size: 10240",
    example="yaml",
    function=_check,
)
