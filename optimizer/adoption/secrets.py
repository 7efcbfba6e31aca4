"""Build secrets of a Dockerfile for the installer of the step, which may be another than the Dockerfile's own."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from optimizer.errors import Fault
from optimizer.model.secret import BuildSecret
from optimizer.model.steps import PythonDependencies, Step
from optimizer.toolchains.installers import INSTALLERS, equivalent
from optimizer.toolchains.registry import toolchain_of
from optimizer.toolchains.secrets import secret_faults
from optimizer.toolchains.toolchain import StepContext, TakesSecrets


def with_read_secrets(step: Any, context: StepContext) -> tuple[Step, list[str], list[Fault]]:
    """The step with the secrets that its installer reads, what was changed for that, and the faults of those that nothing reads."""
    toolchain = toolchain_of(step)
    secrets: tuple[BuildSecret, ...] = getattr(step, "secrets", ())
    if not secrets or not isinstance(toolchain, TakesSecrets):
        return step, [], []
    main = INSTALLERS[toolchain.installers(step, context)[0]]
    remarks, fitting = [], []
    for secret in secrets:
        variable = secret.to_env and not main.reads_variable(secret.to_env) and equivalent(secret.to_env, main)
        if variable:
            remarks.append(f"{main.name}, which installs in the step, has {variable} in place of {secret.to_env}")
            secret = replace(secret, to_env=variable)
        fitting.append(secret)
    step = replace(step, secrets=tuple(fitting))
    faults = _faults(step, context)
    if faults and isinstance(step, PythonDependencies):
        other = replace(step, installer="pip")
        if len(_faults(other, context)) < len(faults):
            remarks.append(f"pip reads its build secrets, and {step.installer} would not")
            step, faults = other, _faults(other, context)
    lost = {index for index in range(len(step.secrets)) for fault in faults if fault.place.startswith(f"secrets[{index}]")}
    kept = tuple(secret for index, secret in enumerate(step.secrets) if index not in lost)
    return replace(step, secrets=kept), remarks, faults


def _faults(step: Step, context: StepContext) -> list[Fault]:
    toolchain = toolchain_of(step)
    assert isinstance(toolchain, TakesSecrets)
    return list(secret_faults(step, toolchain.installers(step, context), context, toolchain.stages(step, context)))
