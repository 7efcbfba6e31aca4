"""One baseline for every way in: ``optimizer lint`` of the sources and of an app's output, and ``cdk synth``."""

from __future__ import annotations

import json
from pathlib import Path

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import ImageSpec, PythonDependencies
from optimizer.cdk import Conventions, OptimizedFunction
from optimizer.cli import lint as lint_command
from tests.cdk.test_conventions import GOOD, asset, home, plain

__all__ = ["home"]


@pytest.fixture
def project(home: Path) -> Path:
    (home / "optimizer.toml").write_text('baseline = "known.json"\n')
    (home / "requirements.txt").write_text("six==1.17.0\n")
    return home


def lint(*words: str) -> Result:
    return CliRunner().invoke(lint_command.command, [*words, "--format", "json"])


def new(*words: str) -> list[tuple[str, str]]:
    """The rules and constructs of what the baseline does not hold."""
    return [(item["rule"], item.get("construct", "")) for item in json.loads(lint(*words).stdout)["findings"]]


def synthesized(*names: str, conventions: Conventions | None = None) -> cdk.App:
    app = cdk.App(outdir=str(Path("cdk.out").absolute()))
    if conventions is not None:
        conventions.apply(app)
    stack = cdk.Stack(app, "Shop")
    for name in names:
        plain(stack, name)
    OptimizedFunction(
        stack, "Made", spec=ImageSpec(runtime="python3.13", steps=[PythonDependencies("requirements.txt")]), handler="app.handler"
    )
    app.synth()
    return app


def entries() -> list[dict[str, object]]:
    return list(json.loads(Path("known.json").read_text())["findings"])


def violations(app: cdk.App) -> list[str]:
    """The rules in the report of a synthesis; CDK writes none where no plugin has anything to say."""
    path = Path(app.outdir, "validation-report.json")
    reports = json.loads(path.read_text())["pluginReports"] if path.exists() else []
    return [item["ruleName"] for report in reports if report["pluginName"] == "lambda-image-optimizer" for item in report["violations"]]


def test_a_change_of_a_context_makes_no_finding_new(project: Path) -> None:
    """Issue 14: "one added line in a context made 15 known findings new"."""
    synthesized("Api")
    assert lint("cdk.out", "--write-baseline").exit_code == 0
    assert {(entry["path"], entry.get("construct")) for entry in entries()} == {("", "Shop/Api"), ("", "Shop/Made")}
    before = {path.name for path in Path("cdk.out").glob("asset.*")}
    (project / "bad" / "app.py").write_text("# one more line\n")
    (project / "requirements.txt").write_text("six==1.17.0\nidna==3.11\n")
    cdk.AssetStaging.clear_asset_hash_cache()
    synthesized("Api")
    assert len({path.name for path in Path("cdk.out").glob("asset.*") if path.is_dir()} - before) == 2
    assert new("cdk.out") == []


def test_synthesis_reads_what_lint_of_the_sources_wrote(project: Path) -> None:
    """Issue 14: "`cdk synth` with `Conventions` reads no baseline: 14 findings where `lint .` had none"."""
    assert lint(".", "--write-baseline").exit_code == 0
    assert {(entry["path"], entry["rule"], entry["count"]) for entry in entries()} == {("bad/Dockerfile", "LIO602", 1)}
    app = cdk.App(outdir=str(project / "cdk.out"))
    Conventions().apply(app)
    stack = cdk.Stack(app, "Shop")
    # Two functions run the image: at synthesis the finding of the file is one at each.
    plain(stack, "Api")
    plain(stack, "Other")
    app.synth()
    assert violations(app) == []
    (project / "bad" / "Dockerfile").write_text(GOOD.replace("LABEL", "USER 7\nLABEL"))
    cdk.AssetStaging.clear_asset_hash_cache()
    app = cdk.App(outdir=str(project / "cdk.out"))
    Conventions().apply(app)
    plain(cdk.Stack(app, "Shop"))
    with pytest.raises(RuntimeError, match="LIO602"):
        app.synth()


def test_synthesis_and_lint_of_its_output_share_one(project: Path) -> None:
    synthesized("Api", "Other")
    assert lint("cdk.out", "--write-baseline").exit_code == 0
    app = synthesized("Api", "Other", conventions=Conventions())
    assert violations(app) == []
    # A function that is gone leaves an entry that is to go too; the image of the other is still known.
    with pytest.raises(RuntimeError, match='LIO602 is fixed in "Shop/Other", and the baseline still holds it'):
        synthesized("Api", conventions=Conventions())
    assert new("cdk.out") == [("LIO005", "")]
    assert lint("cdk.out", "--write-baseline").exit_code == 0
    synthesized("Api", conventions=Conventions())


def test_what_one_way_in_wrote_is_not_fixed_because_another_does_not_see_it(project: Path) -> None:
    lint(".", "--write-baseline")
    synthesized("Api")
    lint("cdk.out", "--write-baseline", "--grow")
    assert {entry["path"] for entry in entries()} == {"", "bad/Dockerfile"}
    assert (new("."), new("cdk.out")) == ([], [])
    synthesized("Api", conventions=Conventions())


def test_a_missing_baseline_is_told_with_the_command_that_writes_it(project: Path) -> None:
    with pytest.raises(RuntimeError):
        synthesized("Api", conventions=Conventions())
    report = json.loads(Path("cdk.out", "validation-report.json").read_text())["pluginReports"]
    assert "the baseline does not exist" in json.dumps(report)
    assert "optimizer lint cdk.out --baseline known.json --write-baseline" in json.dumps(report)


def test_no_report_holds_an_absolute_path(home: Path) -> None:
    """Assets that CDK does not stage are at their own, absolute, path; SAM's build writes such paths too."""
    app = cdk.App(outdir=str(home / "cdk.out"), context={"aws:cdk:disable-asset-staging": True})
    lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=asset("bad"))
    app.synth()
    (home / "template.yaml").write_text(
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties:\n      PackageType: Image\n"
        f"      Architectures: [x86_64]\n    Metadata:\n      Dockerfile: Dockerfile\n      DockerContext: {home / 'bad'}\n"
    )
    for words in (["cdk.out"], ["."], [str(home)], ["template.yaml"]):
        for form in ("text", "json", "sarif", "github", "gitlab", "junit"):
            result = CliRunner().invoke(lint_command.command, [*words, "--select", "LIO602", "--format", form])
            assert result.exit_code == 1 and "Dockerfile" in result.stdout
            assert str(home) not in result.stdout, (words, form)
