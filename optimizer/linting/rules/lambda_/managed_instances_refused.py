"""LIO646: a function on Managed Instances with what these do not take."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from optimizer.linting.conventions import Conventions
from optimizer.linting.facts.instances import CONFIG, on_instances
from optimizer.linting.facts.properties import HIDDEN, hidden, is_set, number, property_of
from optimizer.linting.finding import Inconclusive, Severity, Verdict, Violation
from optimizer.linting.rule import Rule
from optimizer.linting.subjects import FunctionSubject
from optimizer.model.limits import MEMORY_ON_INSTANCES


def _check(subject: FunctionSubject, conventions: Conventions) -> Iterator[Verdict]:
    declared = subject.declared
    managed = on_instances(declared)
    if managed is False and is_set(declared, "FunctionScalingConfig"):
        yield Violation(
            message="the function has FunctionScalingConfig and no capacity provider",
            span=subject.place("FunctionScalingConfig"),
            hint="take it out, or give the function CapacityProviderConfig",
        )
    if not managed:
        matters = is_set(declared, "VpcConfig") is not False or any(item.provisioned is not False for item in declared.qualifiers)
        if managed is None and matters:
            yield Inconclusive(
                reason="whether the function runs on Managed Instances is known at deployment only", span=subject.place(CONFIG)
            )
        return
    yield from _network(subject)
    yield from hidden(subject, ("MemorySize",))
    memory = number(property_of(declared, "MemorySize"))
    # More than any function has is the matter of LIO643.
    if memory is not None and memory < MEMORY_ON_INSTANCES.least:
        yield Violation(
            message=f"MemorySize is {memory:.15g} MB; allowed on Managed Instances: {MEMORY_ON_INSTANCES}",
            span=subject.place("MemorySize"),
            hint="give it 2048 MB or more",
        )
    for qualifier in declared.qualifiers:
        what = f"{'alias' if qualifier.alias else 'version'} {qualifier.name}"
        if qualifier.provisioned is None:
            yield Inconclusive(reason=f"whether the {what} has provisioned concurrency is known at deployment only")
        elif qualifier.provisioned:
            yield Violation(
                message=f"the function runs on Managed Instances, and its {what} has provisioned concurrency",
                hint="take ProvisionedConcurrencyConfig out; FunctionScalingConfig keeps environments ready there",
            )


def _network(subject: FunctionSubject) -> Iterator[Verdict]:
    network = property_of(subject.declared, "VpcConfig")
    if network is HIDDEN:
        yield Inconclusive(reason="whether the function has VpcConfig is known at deployment only", span=subject.place("VpcConfig"))
    elif isinstance(network, Mapping) and any(network.get(name) for name in ("SubnetIds", "SecurityGroupIds")):
        yield Violation(
            message="the function runs on Managed Instances and has VpcConfig",
            span=subject.place("VpcConfig"),
            hint="take it out (vpc= in CDK): the capacity provider decides the network",
        )


RULE = Rule(
    id="LIO646",
    name="managed-instances-refused",
    severity=Severity.ERROR,
    since="0.1.0",
    summary=(
        "A function on Managed Instances has a network of its own, provisioned concurrency, or less than 2,048 MB of memory; or one elsewhere "
        "has their scaling."
    ),
    why=(
        "The capacity provider decides where such a function runs, and in which network. SAM refuses VpcConfig and "
        "provisioned concurrency beside CapacityProviderConfig; CDK and cfn-lint take both, and the deployment fails. The smallest function there has 2,048 MB, and FunctionScalingConfig is for functions "
        "there alone: Lambda refuses both, and only SAM says the last one before."
    ),
    fix="leave the network and the scaling to the capacity provider",
    bad='provider.add_function(lambda_.DockerImageFunction(self, "Api", code=code, vpc=vpc))',
    good='provider.add_function(lambda_.DockerImageFunction(self, "Api", code=code))',
    example="python",
    function=_check,
)
