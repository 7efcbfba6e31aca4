"""The command that makes a lock of a requirements file."""

from __future__ import annotations

import pytest

from tests.adoption.test_propose import of, outcome
from tests.linting.cases import PYTHON


@pytest.mark.parametrize(
    ("image", "options"),
    [
        (PYTHON, "--python-version 3.13 --python-platform x86_64-manylinux_2_34"),
        (f"--platform=linux/arm64 {PYTHON}", "--python-version 3.13 --python-platform aarch64-manylinux_2_34"),
        ("public.ecr.aws/lambda/python:3.11", "--python-version 3.11 --python-platform x86_64-manylinux_2_"),
    ],
)
def test_it_locks_for_the_python_and_the_machine_of_the_runtime(image: str, options: str) -> None:
    """Issue 14: the command lacked the runtime's Python version, and locked for that of the machine."""
    files = {"fn/requirements.txt": "idna\nrequests[socks]>=2 ; python_version > '3'\nboto3==1.40.0\n"}
    told = outcome(of(f"FROM {image}\nCOPY fn/requirements.txt .\nRUN pip install -r requirements.txt", files), 3)[1]
    assert told.startswith(
        "fn/requirements.txt gives no version of idna, requests; this makes a lock, to be named in the step: uv pip compile "
    )
    assert options in told
    assert told.endswith(" --generate-hashes --output-file fn/requirements.lock.txt fn/requirements.txt")


@pytest.mark.parametrize("text", ["idna==3.10\n", "idna==3.10 \\\n    --hash=sha256:94\n", "# idna\n-r other.txt\n"])
def test_a_lock_is_left_alone(text: str) -> None:
    files = {"requirements.txt": text, "other.txt": "idna==3.10\n"}
    assert "uv pip compile" not in outcome(of("COPY requirements.txt .\nRUN pip install -r requirements.txt", files), 3)[1]
