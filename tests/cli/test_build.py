"""``optimizer build`` of specifications and synthesized apps, against a registry of this process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
import click
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import ImageSpec, SourceCode
from optimizer.adapters.images.opening import open_image
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli import build
from optimizer.errors import BudgetError, OptimizerError
from tests.adapters.push_server import PushServer
from tests.patience import PATIENCE_S
from tests.publishing.cli_project import FUNCTIONS, RUNTIME, serving_base, write_project
from tests.publishing.fleet import Fleet, base_layer

ROOT = Path(__file__).parents[2]
SPEC = f'runtime = "{RUNTIME}"\n\n[[steps]]\nkind = "source-code"\nsource = "functions/api"\n'


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PushServer]:
    with serving_base(tmp_path) as served:
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        **FUNCTIONS,
        "api.image.toml": SPEC,
        "Upper.image.toml": SPEC,
        "own/Dockerfile": "FROM scratch\n",
    }
    write_project(tmp_path, registry, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def synth(registry: PushServer, project: Path, *names: str, own: bool = False) -> None:
    context = {"aws:cdk:enable-path-metadata": True, "optimizer:mirror": registry.host}
    synthesizer = SharedRepositorySynthesizer(repository_name="images")
    app = cdk.App(outdir=str(project / "cdk.out"), default_stack_synthesizer=synthesizer, context=context)
    stack = cdk.Stack(app, "Shop")
    for name in names:
        spec = ImageSpec(runtime=RUNTIME, steps=[SourceCode(f"functions/{name.rstrip('2')}")])
        OptimizedFunction(stack, name.title(), spec=spec, handler="index.handler")
    if own:
        lambda_.DockerImageFunction(stack, "Own", code=lambda_.DockerImageCode.from_image_asset(str(project / "own")))
    app.synth()


def run(registry: PushServer, *arguments: str) -> Result:
    return CliRunner().invoke(build.command, [*arguments, "--mirror", registry.host], catch_exceptions=False)


def refused(registry: PushServer, *arguments: str) -> str:
    with pytest.raises(OptimizerError) as raised:
        run(registry, *arguments)
    return str(raised.value)


def test_a_specification_becomes_an_archive(registry: PushServer, project: Path) -> None:
    result = run(registry, "api.image.toml", "--output", "archive:out/api.tar")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].split() == ["layer", "source", "size"]
    assert lines[-1].startswith("api:latest (linux/amd64, sha256:")
    with open_image("out/api.tar") as opened:
        assert len(opened.image.layers) == 3


def test_the_report_for_programs(registry: PushServer, project: Path) -> None:
    said = json.loads(run(registry, "api.image.toml", "--output", "oci:out", "--tag", "team/api:1", "--format", "json").stdout)
    (entry,) = json.loads((project / "out" / "index.json").read_bytes())["manifests"]
    assert (said["reference"], said["output"], said["digest"]) == ("team/api:1", "oci:out", entry["digest"])
    (layer,) = said["layers"]
    assert (layer["stage"], layer["source"]) == ("source-code-api", "made")


@pytest.mark.parametrize("output", ["oci:out", "archive:out", "registry"])
@pytest.mark.parametrize(("target", "name"), [("api.image.toml", "api.image.toml"), ("cdk.out", "Shop/Api")])
def test_what_exceeds_a_budget_is_not_written(target: str, name: str, output: str, registry: PushServer, project: Path) -> None:
    synth(registry, project, "api")
    with (project / "optimizer.toml").open("a") as settings:
        settings.write(f'[[conventions.budgets]]\nconstruct = "{name}"\nmax_bytes = 10\n')
    before = registry.tags("images")
    words = ("--tag", f"{registry.host}/images:one") if output == "registry" else ()
    with pytest.raises(BudgetError) as caught:
        run(registry, target, "--output", output, "--no-engine", *words)
    (fault,) = caught.value.faults
    assert fault.place == name and fault.message.startswith("its own layers have ") and "; allowed: 10; " in fault.message
    assert fault.hint.endswith("nothing was published" if output == "registry" else "nothing was written")
    assert not (project / "out").exists() and registry.tags("images") == before


def test_the_image_of_an_app_is_the_one_that_cdk_would_push(registry: PushServer, project: Path) -> None:
    synth(registry, project, "api")
    published = run(registry, "cdk.out", "--output", "registry", "--repository", f"{registry.host}/images", "--format", "json")
    said = json.loads(run(registry, "cdk.out", "--output", "oci:out", "--reuse", f"{registry.host}/images", "--format", "json").stdout)
    (asset,) = json.loads((project / "cdk.out" / "Shop.assets.json").read_text())["dockerImages"]
    assert asset in registry.tags("images")
    assert said["reference"] == f"cdkasset-{asset}:latest"
    assert said["digest"] == json.loads(published.stdout)["images"][0]["digest"]
    assert [layer["source"] for layer in said["layers"]] == ["found"]


def test_one_function_of_several_is_named(registry: PushServer, project: Path) -> None:
    synth(registry, project, "api", "api2", "other", own=True)
    output = ("--output", "archive:out.tar")
    message = '--function: the app in "cdk.out" has 3 images\n  hint: name one of its functions: Shop/Api, Shop/Api2, Shop/Other, Shop/Own'
    assert refused(registry, "cdk.out", *output) == message
    assert 'did you mean "Shop/Other"?' in refused(registry, "cdk.out", *output, "--function", "Shop/Othr")
    # Two functions share an image: each of their names is good.
    first, second = (run(registry, "cdk.out", *output, "--function", f"Shop/{name}").stdout.splitlines()[-1] for name in ("Api", "Api2"))
    assert first.partition(")")[0] == second.partition(")")[0]
    text = refused(registry, "cdk.out", *output, "--function", "Shop/Own")
    assert text.startswith("Shop/Own: this image cannot be assembled: its Dockerfile was written by hand")


def test_a_specification_goes_to_a_registry_by_a_whole_name(registry: PushServer, project: Path) -> None:
    run(registry, "api.image.toml", "--output", "registry", "--tag", f"{registry.host}/specs:one")
    assert "one" in registry.tags("specs")
    # The tag is the user's own: what it names is not taken for this image.
    (project / "functions/api/index.js").write_text("exports.handler = async () => 3;\n")
    before = registry.digest_of("specs:one")
    run(registry, "api.image.toml", "--output", "registry", "--tag", f"{registry.host}/specs:one")
    assert registry.digest_of("specs:one") != before
    run(registry, "api.image.toml", "--output", "registry", "--repository", f"{registry.host}/own")
    assert registry.digest_of("specs:one") in {registry.digest_of(f"own:{tag}") for tag in registry.tags("own") if "-" not in tag}
    output = ("api.image.toml", "--output", "registry")
    assert refused(registry, *output).startswith("--tag: the image of a specification has no name in a registry")
    assert refused(registry, *output, "--tag", f"{registry.host}/specs").startswith(f'--tag: "{registry.host}/specs" has no tag')
    assert refused(registry, *output, "--tag", "specs:one").startswith('--tag: "specs:one" is not an image reference with a registry')


def test_the_engine_gets_the_archive(registry: PushServer, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = project / "engine"
    program.write_text(
        f'#!{sys.executable}\nimport sys\nif sys.argv[1] == "load":\n    open("loaded", "wb").write(sys.stdin.buffer.read())\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("OPTIMIZER_DOCKER", str(program))
    run(registry, "api.image.toml", "--output", "engine")
    run(registry, "api.image.toml", "--output", "archive:api.tar")
    assert (project / "loaded").read_bytes() == (project / "api.tar").read_bytes()
    monkeypatch.setenv("OPTIMIZER_DOCKER", "nothing")
    assert 'there is no "nothing", which OPTIMIZER_DOCKER names' in refused(registry, "api.image.toml", "--output", "engine")


@pytest.mark.parametrize("output", ["docker", "oci", "archive:", "engine:x", "registry:y", "OCI:out", ""])
def test_fails_for_an_unknown_output(output: str, registry: PushServer) -> None:
    text = refused(registry, "api.image.toml", "--output", output)
    assert text.startswith(f'--output: "{output}" is no output; allowed: registry, oci:DIR, archive:FILE, engine')


def test_fails_for_names_that_no_engine_takes(registry: PushServer) -> None:
    for words in (["Upper.image.toml"], ["api.image.toml", "--tag", "A:b"], ["api.image.toml", "--tag", "a@sha256:" + "0" * 64]):
        assert "is not the name of an image; allowed: NAME[:TAG] in lower case" in refused(registry, *words, "--output", "archive:x.tar")


def test_fails_for_options_that_do_not_fit(registry: PushServer, project: Path) -> None:
    for words in (["--function", "Shop/Api"], ["--repository", f"{registry.host}/images"]):
        result = run(registry, "api.image.toml", "--output", "archive:x.tar", *words)
        assert (result.exit_code, "Usage" in result.stderr) == (click.UsageError.exit_code, True)
    assert not (project / "x.tar").exists()
    (project / "empty").mkdir()
    (project / "empty" / "manifest.json").write_text('{"artifacts": {}}')
    assert 'the app in "empty" has no image' in refused(registry, "empty", "--output", "archive:x.tar")


# The peak of a process itself: that of getrusage is never below what its parent had when it was started.
MEASURED = """
import pathlib, re, sys
from optimizer.cli.main import main
try:
    main()
finally:
    print(re.search(r"VmHWM:\\s+(\\d+) kB", pathlib.Path("/proc/self/status").read_text())[1])
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells the peak")
def test_nothing_is_kept_whole_in_memory(registry: PushServer, project: Path) -> None:
    """A model of 500 MB is compressed to a file, and a base layer of 120 MB is passed on as it comes."""
    Fleet(registry, project).add_base(base_layer("big", os.urandom(120 << 20)))
    write_project(project, registry, {})
    with (project / "model.bin").open("wb") as file:
        file.truncate(500 << 20)
    (project / "big.image.toml").write_text(f'{SPEC}\n[[steps]]\nkind = "files"\nsource = "model.bin"\nto = "/opt/ml/"\n')
    argv = [sys.executable, "-c", MEASURED, "build", "big.image.toml", "--output", "archive:big.tar", "--mirror", registry.host]
    result = subprocess.run(
        argv, cwd=project, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True, timeout=PATIENCE_S, check=False
    )
    assert result.returncode == 0, result.stderr
    assert int(result.stdout.splitlines()[-1]) < 150_000
