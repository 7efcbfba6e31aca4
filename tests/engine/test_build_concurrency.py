"""``docs/build-concurrency.md``: how many builds and pushes CDK runs at once, with a program in docker's place that only waits."""

from __future__ import annotations

import os
import stat
from itertools import accumulate
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests import pages
from tests.howto.conftest import LOCK
from tests.patience import PATIENCE_S

PAGE = pages.page("build-concurrency.md")
ACCOUNT, REGION, REPOSITORY = "123456789012", "eu-west-3", "side-by-side"
APP = f"""
import aws_cdk as cdk
from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer

app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="{REPOSITORY}"))
stack = cdk.Stack(app, "SideBySide", env=cdk.Environment(account="{ACCOUNT}", region="{REGION}"))
for number in range(5):
    spec = ImageSpec(runtime="python3.13", steps=[SourceCode(f"functions/f{{number}}")])
    OptimizedFunction(stack, f"F{{number}}", spec=spec, handler="app.handler")
# Two functions of one image are one build.
OptimizedFunction(stack, "Again", spec=spec, handler="app.other")
app.synth()
"""
# A build waits for as many as have to run at once; each more that there is has then some time to begin beside them.
DOCKER = f"""#!/bin/sh
[ "$1" = inspect ] && exit 1
case "$1" in build|push) ;; *) exit 0 ;; esac
echo "$1 1" >> "$CALLS"
looks=0
while [ "$1" = build ] && [ "$(grep -c '^build 1$' "$CALLS")" -lt "$TOGETHER" ] && [ $looks -lt {PATIENCE_S * 10} ]; do
  sleep 0.1; looks=$((looks + 1))
done
sleep 0.7
echo "$1 -1" >> "$CALLS"
"""


@pytest.fixture
def environment(control_plane: dict[str, str], tmp_path: Path) -> dict[str, str]:
    """Another Region of the control plane, with what a bootstrap would make of it that a deployment asks for."""
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}

    def client(service: str) -> Any:
        return boto3.client(service, region_name=REGION, endpoint_url=control_plane["AWS_ENDPOINT_URL"], **keys)

    client("ecr").create_repository(repositoryName=REPOSITORY)
    client("ssm").put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="33", Type="String")
    bucket = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
    client("s3").create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    docker = tmp_path / "docker"
    docker.write_text(DOCKER, encoding="utf-8")
    docker.chmod(docker.stat().st_mode | stat.S_IXUSR)
    return {**os.environ, **control_plane, "AWS_REGION": REGION, "CDK_DOCKER": str(docker), "CALLS": str(tmp_path / "calls")}


def test_builds_run_one_at_a_time_unless_they_are_told_otherwise(environment: dict[str, str], tmp_path: Path) -> None:
    """Requirement: "`--asset-build-concurrency` (what CDK does at pushes)"."""
    project = tmp_path / "project"
    for number in range(5):
        code = project / "functions" / f"f{number}" / "app.py"
        code.parent.mkdir(parents=True)
        code.write_text(f"def handler(event, context):\n    return {number}\n", encoding="utf-8")
    (project / "app.py").write_text(APP, encoding="utf-8")
    (project / "optimizer.lock").write_text(LOCK.read_text(encoding="utf-8"), encoding="utf-8")
    # The file of the settings has no say in it.
    (project / "cdk.json").write_text('{"app": "python3 app.py", "assetBuildConcurrency": 3}', encoding="utf-8")
    (side_by_side, _), *_ = pages.commands(PAGE)
    assert side_by_side[-2:] == ["--asset-build-concurrency", "4"]
    calls = Path(environment["CALLS"])
    found = {}
    for words, together in ((side_by_side[:-2], 1), (side_by_side, 4)):
        pages.run([*words, "--require-approval", "never", "--ci"], project, {**environment, "TOGETHER": str(together)})
        found[len(words)] = {kind: at_once(calls, kind) for kind in ("build", "push")}
        calls.unlink()
    (alone, pushes), (beside, _) = (tuple(item.values()) for item in found.values())
    assert alone == (5, 1) and beside == (5, 4)
    # Up to 8 run at once; here each can start when its image is built.
    assert pushes[0] == 5


def at_once(calls: Path, kind: str) -> tuple[int, int]:
    """How often the program was called, and how many of the calls ran at once."""
    steps = [int(line.split()[1]) for line in calls.read_text(encoding="utf-8").splitlines() if line.startswith(kind)]
    return steps.count(1), max(accumulate(steps))
