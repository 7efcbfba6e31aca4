"""A small project and its app, for tests of ``optimizer plan``."""

from __future__ import annotations

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner

from optimizer import Files, ImageSpec, PythonDependencies, SourceCode
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli.main import optimizer
from tests.test_golden import GOLDEN

FILES = {
    "requirements.txt": "six==1.17.0\nidna==3.7\n",
    "README.md": "# Shop\n",
    "functions/api/app.py": "def handler(event, context): ...\n",
    "functions/api/tests/test_app.py": "",
    "functions/jobs/app.py": "def handler(event, context): return 1\n",
    "models/ranker.bin": "m" * 1000,
}


def write_project(root: Path) -> None:
    """The files of the project, with a lock that pins every image."""
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    (root / "optimizer.lock").write_bytes((GOLDEN / "optimizer.lock").read_bytes())


def spec(name: str, *steps: object) -> ImageSpec:
    """The image of one of the functions."""
    return ImageSpec(
        runtime="python3.13",
        steps=[
            PythonDependencies("requirements.txt", name="packages", size=13_000_000, seconds=8),
            SourceCode(f"functions/{name}", name="code", exclude=["tests"]),
            *steps,  # type: ignore[list-item]
        ],
    )


def synthesize(outdir: str, *, plain: bool = False) -> Path:
    """The app of the project here: two functions that share an image, one with a model, and a plain one."""
    made = cdk.App(outdir=str(Path(outdir).absolute()))
    stack = cdk.Stack(made, "Shop", synthesizer=SharedRepositorySynthesizer(repository_name="lambda-images"))
    OptimizedFunction(stack, "Api", spec=spec("api"), handler="app.handler")
    OptimizedFunction(stack, "Again", spec=spec("api"), handler="app.other")
    OptimizedFunction(stack, "Jobs", spec=spec("jobs", Files("models", to="/opt/ml/", name="models")), handler="app.handler")
    if plain:
        directory = Path("plain").absolute()
        directory.mkdir(exist_ok=True)
        (directory / "Dockerfile").write_text('FROM public.ecr.aws/lambda/python:3.13\nCMD ["app.handler"]\n', encoding="utf-8")
        lambda_.DockerImageFunction(stack, "Plain", code=lambda_.DockerImageCode.from_image_asset(str(directory)))
    made.synth()
    return Path(outdir)


def output(*arguments: str) -> str:
    """What ``optimizer plan`` prints."""
    result = CliRunner().invoke(optimizer, ["plan", *arguments])
    assert result.exit_code == 0, result.stderr or result.exception
    return result.stdout


def refused(*arguments: str) -> str:
    """What it says of arguments that it does not take."""
    result = CliRunner().invoke(optimizer, ["plan", *arguments])
    assert result.exit_code == 2 or result.exception is not None, result.output
    return f"{result.stderr}{result.exception}"
