from __future__ import annotations

import datetime
import subprocess
import sys

import pytest

from optimizer.bases.catalogue import base_image, check_runtime, runtimes
from optimizer.bases.handlers import FORMS, check_handler
from optimizer.errors import Fault, SpecError
from tests.patience import PATIENCE_S

NOTHING: frozenset[str] = frozenset()


def test_a_base_image_has_everything_that_planning_needs() -> None:
    base = base_image("python3.13")
    assert str(base.reference) == "public.ecr.aws/lambda/python:3.13"
    assert base.family == "python"
    assert (base.os, base.package_manager) == ("AL2023", "dnf")
    assert base.architectures == ("x86_64", "arm64")
    assert base.architecture_tags == ("3.13-x86_64", "3.13-arm64")
    assert base.status == "supported"
    assert base.deprecated_on == datetime.date(2029, 6, 30)
    assert base.handler_form == "module.function"
    assert (base.task_root, base.runtime_dir) == ("/var/task", "/var/runtime")
    assert base.entrypoint == ("/lambda-entrypoint.sh",)
    assert base.note == ""


@pytest.mark.parametrize("runtime", runtimes())
def test_every_row_of_the_data_is_sound(runtime: str) -> None:
    base = base_image(runtime)
    assert base.family in FORMS
    assert base.reference.registry == "public.ecr.aws"
    assert base.reference.tag
    assert base.status in ("preview", "supported", "deprecated", "retired")
    assert (base.os, base.package_manager) in (("AL2023", "dnf"), ("AL2", "yum"), ("AL1", "yum"))
    assert set(base.architectures) <= {"x86_64", "arm64"}
    assert base.architectures
    assert base.handler_form
    dates = [day for day in (base.deprecated_on, base.block_create_on, base.block_update_on) if day]
    assert dates == sorted(dates)
    assert check_handler(base, FORMS[base.family].example) is None


def test_there_is_a_runtime_of_every_family() -> None:
    assert {base_image(runtime).family for runtime in runtimes()} == set(FORMS)


def test_fails_for_an_unknown_runtime_with_the_near_one() -> None:
    with pytest.raises(SpecError) as raised:
        base_image("pyhton3.13")
    (fault,) = raised.value.faults
    assert fault.message.startswith('unknown runtime "pyhton3.13"; allowed: python3.14, python3.13, python3.12, ')
    assert "go1.x" not in fault.message
    assert (fault.place, fault.hint) == ("runtime", 'did you mean "python3.13"?')


@pytest.mark.parametrize(
    ("runtime", "says", "hint"),
    [
        ("python3.7", 'the runtime "python3.7" is retired since 2023-12-04; allowed: ', "move to python3.14"),
        ("provided", 'the runtime "provided" is retired since 2024-01-08; allowed: ', "move to provided.al2023"),
        # What is suggested is allowed.
        ("python9", 'unknown runtime "python9"; allowed: ', 'did you mean "python3.14"?'),
    ],
)
def test_a_retired_runtime_is_called_so(runtime: str, says: str, hint: str) -> None:
    with pytest.raises(SpecError) as caught:
        base_image(runtime)
    (fault,) = caught.value.faults
    assert (fault.message[: len(says)], fault.hint) == (says, hint)


def test_fails_for_a_runtime_near_nothing() -> None:
    with pytest.raises(SpecError, match="hint: name one of the allowed runtimes"):
        base_image("cobol")


def test_supported_runtimes_pass_in_silence() -> None:
    assert check_runtime(base_image("python3.13"), NOTHING) == ([], [])


def test_deprecated_runtimes_warn_with_the_day() -> None:
    errors, warnings = check_runtime(base_image("python3.9"), NOTHING)
    assert errors == []
    assert warnings == ['runtime "python3.9" is deprecated since 2025-12-15: its base image may get no more patches; use "python3.14"']


@pytest.mark.parametrize(
    ("runtime", "state", "successor"),
    [("python3.15", "a preview", "python3.14"), ("nodejs26.x", "a preview", "nodejs24.x"), ("go1.x", "retired", "provided.al2023")],
)
def test_preview_and_retired_runtimes_must_be_allowed_by_name(runtime: str, state: str, successor: str) -> None:
    fault = Fault(
        f'runtime "{runtime}" is {state} and must be allowed by name', "runtime", f'set allow=["{runtime}"], or use "{successor}"'
    )
    assert check_runtime(base_image(runtime), NOTHING) == ([fault], [])
    assert check_runtime(base_image(runtime), frozenset({"python3.16"})) == ([fault], [])
    assert check_runtime(base_image(runtime), frozenset({runtime})) == ([], [])


def test_importing_the_bases_stays_light() -> None:
    program = "import sys, optimizer.bases.catalogue, optimizer.bases.handlers, optimizer.bases.lock, optimizer.bases.mirror;"
    program += "print(sorted({'tomlkit', 'urllib3', 'click', 'boto3', 'aws_cdk'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE_S)
    assert done.stdout == "[]\n"
