"""What of a declared function counts where it is run on this machine."""

from __future__ import annotations

import pytest

from optimizer.model.function import DeclaredFunction
from optimizer.sam.running import run_settings


def test_lambda_s_defaults_hold_where_nothing_is_set() -> None:
    settings = run_settings("Api", DeclaredFunction())
    assert (settings.memory_mb, settings.timeout_s, settings.tmp_mb, settings.architecture) == (128, 3, 512, "x86_64")
    assert (settings.command, settings.environment, settings.unknown) == ((), {}, ())


def test_what_a_function_sets() -> None:
    properties = {
        "FunctionName": "orders",
        "MemorySize": 512,
        "Timeout": "10",
        "EphemeralStorage": {"Size": 1024},
        "Environment": {"Variables": {"LEVEL": "info", "COUNT": 3, "DEBUG": True}},
    }
    declared = DeclaredFunction(architecture="arm64", command=("app.handler",), entrypoint=("/run",), workdir="/srv", properties=properties)
    settings = run_settings("Api", declared, "eu-central-1")
    assert (settings.name, settings.memory_mb, settings.timeout_s, settings.tmp_mb) == ("orders", 512, 10, 1024)
    # As CloudFormation writes them.
    assert settings.environment == {"LEVEL": "info", "COUNT": "3", "DEBUG": "true"}
    assert (settings.command, settings.entrypoint, settings.workdir) == (("app.handler",), ("/run",), "/srv")
    assert (settings.architecture, settings.region) == ("arm64", "eu-central-1")


def test_what_only_a_deployment_knows_is_named() -> None:
    """Requirement: "What cannot be judged is said to be so"."""
    properties = {
        "FunctionName": "${AWS::StackName}-api",
        "MemorySize": {"Ref": "Memory"},
        "Environment": {"Variables": {"TABLE": {"Ref": "Table"}, "LEVEL": "info"}},
    }
    settings = run_settings("a/Api", DeclaredFunction(architecture=None, command=None, properties=properties))
    assert settings.name == "a-Api"
    assert settings.environment == {"LEVEL": "info"}
    assert settings.unknown == (
        "the variable TABLE: it is not set; give it with --env TABLE=VALUE",
        "ImageConfig.Command: the image decides it",
        "Architectures: x86_64 is taken",
        "MemorySize: 128 is taken",
    )


@pytest.mark.parametrize("environment", [{"Fn::If": ["A", {}, {}]}, {"Variables": {"Fn::If": ["A", {}, {}]}}, "text"])
def test_an_environment_that_is_hidden_as_a_whole(environment: object) -> None:
    settings = run_settings("Api", DeclaredFunction(properties={"Environment": environment}))
    assert settings.environment == {}
    assert settings.unknown == ("the environment: no variable is set; give them with --env NAME=VALUE",)
