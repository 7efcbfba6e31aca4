"""`OptimizedFunction`: what it puts into templates, manifests and assemblies, without Docker or network."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Annotations, Match, Template

from optimizer import Files, ImageSpec, PythonDependencies, SourceCode
from optimizer.bases.catalogue import base_image
from optimizer.bases.lock import Lock, LockedImage
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.errors import ConfigurationError, LockError, OptimizerError, SpecError
from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK

DAY = __import__("datetime").date(2026, 11, 1)
RUNTIMES = ("python3.13", "python3.9", "java21", "nodejs22.x")


def lock_text(digit: str = "5") -> str:
    images = [LockedImage(reference=base_image(runtime).reference, digest="sha256:" + digit * 64, resolved=DAY) for runtime in RUNTIMES]
    return Lock().with_images(images).render()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    root = tmp_path / "project"
    for path, text in {
        "functions/api/app.py": "def handler(event, context):\n    return None\n",
        "functions/other/app.py": "def handler(event, context):\n    return 1\n",
        "requirements.txt": "idna==3.10\n",
        "README.md": "read me\n",
        "optimizer.lock": lock_text(),
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    monkeypatch.chdir(root)
    return root


def api_spec(**fields: Any) -> ImageSpec:
    return ImageSpec(**{"runtime": "python3.13", "steps": [SourceCode("functions/api"), PythonDependencies("requirements.txt")], **fields})


def image_tag(**fields: Any) -> str:
    """The tag of the image that the project, as it is now, gives."""
    return OptimizedFunction(cdk.Stack(cdk.App(), "Stack"), "Api", spec=api_spec(**fields), handler="app.handler").image_tag


class TestSynthesizers:
    def test_one_that_makes_repositories_by_name_gets_a_name(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """`AppStagingSynthesizer`, which is no dependency here, ended the synthesis with a RuntimeError of its own."""
        add = cdk.DefaultStackSynthesizer.add_docker_image_asset
        names: list[str] = []

        def staging(self: Any, *, asset_name: str | None = None, **source: Any) -> Any:
            if asset_name is None:
                raise RuntimeError(
                    "Error: Assets synthesized with AppScopedStagingSynthesizer must include an 'assetName' in the asset source definition."
                )
            names.append(asset_name)
            return add(self, asset_name=asset_name, **source)

        monkeypatch.setattr(cdk.DefaultStackSynthesizer, "add_docker_image_asset", staging)
        app = cdk.App()
        functions = [OptimizedFunction(cdk.Stack(app, stack), "Api", spec=api_spec(), handler="app.handler") for stack in ("Shop", "shop-")]
        assert [name.rpartition("-")[0] for name in names] == ["shop-api", "shop-api"]
        assert len({*names}) == 2
        assert functions[0].image_tag == functions[1].image_tag
        assert len(names[0]) < 80

    @pytest.mark.parametrize(
        "make",
        [
            lambda: cdk.DefaultStackSynthesizer(qualifier="team"),
            lambda: cdk.CliCredentialsStackSynthesizer(qualifier="team"),
            lambda: SharedRepositorySynthesizer(qualifier="team", repository_name="images"),
        ],
        ids=["default", "CLI credentials", "shared repository"],
    )
    @pytest.mark.parametrize("given_to", ["stack", "app"])
    def test_one_made_in_python_gets_the_image_once(self, given_to: str, make: Any, project: Path) -> None:
        """It failed with "StackSynthesizerBoundStackFirst"."""
        app = cdk.App(default_stack_synthesizer=make()) if given_to == "app" else cdk.App()
        stack = cdk.Stack(app, "Stack", synthesizer=make() if given_to == "stack" else None)
        functions = [OptimizedFunction(stack, name, spec=api_spec(), handler="app.handler") for name in ("One", "Two")]
        assembly = Path(app.synth().directory)
        ((tag, image),) = json.loads((assembly / "Stack.assets.json").read_text())["dockerImages"].items()
        assert {function.image_tag for function in functions} == {tag}
        context = assembly / image["source"]["directory"]
        with tarfile.open(next(context.glob("layers/*.tar"))) as archive:
            assert "var/task/app.py" in archive.getnames()
        for function in Template.from_stack(stack).find_resources("AWS::Lambda::Function").values():
            assert tag in json.dumps(function["Properties"]["Code"]["ImageUri"])


class TestTemplate:
    def test_is_a_docker_image_function_with_every_property(self, project: Path) -> None:
        stack = cdk.Stack(cdk.App(), "Stack")
        function = OptimizedFunction(
            stack,
            "Api",
            spec=api_spec(architecture="arm64"),
            handler="app.handler",
            memory_size=512,
            timeout=cdk.Duration.seconds(7),
            environment={"A": "b"},
        )
        assert isinstance(function, lambda_.DockerImageFunction)
        Template.from_stack(stack).has_resource_properties(
            "AWS::Lambda::Function",
            {
                "PackageType": "Image",
                "Architectures": ["arm64"],
                "ImageConfig": {"Command": ["app.handler"]},
                "MemorySize": 512,
                "Timeout": 7,
                "Environment": {"Variables": {"A": "b"}},
                "Handler": Match.absent(),
                "Runtime": Match.absent(),
            },
        )

    def test_architecture_is_always_explicit(self, project: Path) -> None:
        stack = cdk.Stack(cdk.App(), "Stack")
        OptimizedFunction(stack, "Api", spec=api_spec(), handler="app.handler")
        Template.from_stack(stack).has_resource_properties("AWS::Lambda::Function", {"Architectures": ["x86_64"]})

    def test_functions_with_equal_specs_share_one_asset(self, project: Path) -> None:
        """Requirement: "functions with equal specs share one asset", in several stacks without leaking."""
        app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images"))
        tags = set()
        for name in ("One", "Two"):
            stack = cdk.Stack(app, name)
            for handler in ("app.handler", "app.other"):
                tags.add(OptimizedFunction(stack, handler.replace(".", ""), spec=api_spec(), handler=handler).image_tag)
        other = cdk.Stack(app, "Other")
        OptimizedFunction(other, "Other", spec=api_spec(steps=[SourceCode("functions/other")]), handler="app.handler")
        assembly = app.synth()
        assert len(tags) == 1
        for name in ("One", "Two", "Other"):
            images = json.loads(Path(assembly.directory, f"{name}.assets.json").read_text())["dockerImages"]
            assert len(images) == 1
            (image,) = images.values()
            assert image["source"]["platform"] == "linux/amd64"
            assert {destination["repositoryName"] for destination in image["destinations"].values()} == {"images"}
            assert Path(assembly.directory, image["source"]["directory"], "Dockerfile").is_file()

    def test_in_a_stage_the_context_is_found_from_the_nested_assembly(self, project: Path) -> None:
        app = cdk.App()
        stage = cdk.Stage(app, "Production")
        stack = cdk.Stack(stage, "Stack")
        OptimizedFunction(stack, "Api", spec=api_spec(), handler="app.handler")
        app.synth()
        directory = Path(stage.outdir)
        (manifest,) = directory.glob("*.assets.json")
        (image,) = json.loads(manifest.read_text())["dockerImages"].values()
        assert (directory / image["source"]["directory"] / "Dockerfile").is_file()

    def test_a_deprecated_runtime_warns_with_its_date(self, project: Path) -> None:
        stack = cdk.Stack(cdk.App(), "Stack")
        OptimizedFunction(stack, "Old", spec=ImageSpec(runtime="python3.9", steps=[SourceCode("functions/api")]), handler="app.handler")
        Annotations.from_stack(stack).has_warning("/Stack/Old", Match.string_like_regexp('runtime "python3.9" is deprecated since 20'))

    def test_asset_metadata_is_that_of_cdk(self, project: Path) -> None:
        stack = cdk.Stack(cdk.App(context={"aws:cdk:enable-asset-metadata": True}), "Stack")
        function = OptimizedFunction(stack, "Api", spec=api_spec(), handler="app.handler")
        metadata = {
            "aws:asset:path": f"asset.{function.image_tag}",
            "aws:asset:dockerfile-path": "Dockerfile",
            "aws:asset:property": "Code.ImageUri",
        }
        Template.from_stack(stack).has_resource("AWS::Lambda::Function", {"Metadata": metadata})


class TestAssetHash:
    def test_unrelated_edits_change_nothing(self, project: Path) -> None:
        """Requirement: "Unrelated edits (a README, a test, another function) change no other function's asset hash"."""
        before = image_tag()
        (project / "README.md").write_text("changed\n")
        (project / "functions/other/app.py").write_text("changed = True\n")
        (project / "functions/api/__pycache__").mkdir()
        (project / "functions/api/__pycache__/app.pyc").write_bytes(b"x")
        os.utime(project / "functions/api/app.py", (1, 1))
        assert image_tag() == before

    @pytest.mark.parametrize(
        "change",
        [
            lambda root: (root / "functions/api/app.py").write_text("def handler(event, context):\n    return 1234\n"),
            lambda root: (root / "functions/api/app.py").chmod(0o755),
            lambda root: (root / "functions/api/empty").mkdir(),
            lambda root: (root / "requirements.txt").write_text("idna==3.11\n"),
            lambda root: (root / "optimizer.lock").write_text(lock_text("6")),
        ],
        ids=["content", "executable bit", "empty directory", "lock file", "digest of the same length"],
    )
    def test_relevant_edits_change_it(self, project: Path, change: Any) -> None:
        before = image_tag()
        change(project)
        assert image_tag() != before

    def test_an_edit_in_place_that_keeps_size_and_time_changes_it(self, project: Path) -> None:
        path = project / "functions/api/app.py"
        os.utime(path, (499162500, 499162500))
        before = image_tag()
        with path.open("r+") as file:
            file.write("DEF")
        os.utime(path, (499162500, 499162500))
        assert image_tag() != before

    def test_is_the_same_in_every_directory_seed_umask_and_order(self, project: Path, tmp_path: Path) -> None:
        """Requirement: "synthesized in two directories, with different hash seeds, file times and umask, ... identical"."""
        program = (
            "import os, sys; os.umask(int(sys.argv[1], 8))\n"
            "import aws_cdk as cdk\n"
            "from optimizer import *\nfrom optimizer.cdk import OptimizedFunction\n"
            "steps = [SourceCode('functions/api'), PythonDependencies('requirements.txt'), Files('README.md', to='/opt/')]\n"
            "steps = steps[::int(sys.argv[2])]\n"
            "spec = ImageSpec(runtime='python3.13', steps=steps, environment={'A': '1', 'B': '2'} if sys.argv[2] == '1' else {'B': '2', 'A': '1'})\n"
            "app = cdk.App(outdir='out')\n"
            "f = OptimizedFunction(cdk.Stack(app, 'S'), 'F', spec=spec, handler='app.handler'); app.synth(); print(f.image_tag)\n"
            "print(open(f'out/asset.{f.image_tag}/Dockerfile').read())\n"
        )
        outputs = []
        for number, (umask, order) in enumerate((("022", "1"), ("077", "-1"))):
            copy = tmp_path / f"copy{number}"
            subprocess.run(["cp", "-r", str(project), str(copy)], check=True)
            for path in copy.rglob("*"):
                os.utime(path, (number * 10_000_000, number * 10_000_000))
                if number and path.is_file():
                    path.chmod(0o600)
            environment = {
                **os.environ,
                **WITHOUT_TEMPLATE_CHECK,
                "PYTHONHASHSEED": str(number),
                "PYTHONPATH": str(Path(__file__).parents[2]),
            }
            argv = [sys.executable, "-c", program, umask, order]
            outputs.append(subprocess.run(argv, cwd=copy, env=environment, capture_output=True, text=True, check=True).stdout)
        assert outputs[0] == outputs[1]

    def test_the_output_of_an_earlier_synthesis_is_no_part_of_the_image(self, project: Path) -> None:
        before = image_tag(steps=[SourceCode(".")])
        (project / "cdk.out").mkdir()
        (project / "cdk.out" / "manifest.json").write_text("{}")
        assert image_tag(steps=[SourceCode(".")]) == before

    @pytest.mark.parametrize("step", [SourceCode, lambda path: Files(path, to="/opt/all/")], ids=["code", "files"])
    def test_wherever_a_synthesis_writes_is_no_part_of_the_image(self, project: Path, step: Any) -> None:
        """With an output directory of another name, each synthesis packed the contexts of the one before, and deployed anew."""
        tags = []
        for _ in range(2):
            app = cdk.App(outdir=str(project / "build" / "assembly"))
            function = OptimizedFunction(
                cdk.Stack(app, "Stack"), "Api", spec=api_spec(steps=[step(".")]), handler="functions/api/app.handler"
            )
            app.synth()
            tags.append(function.image_tag)
        assert tags[0] == tags[1]


class TestBadInput:
    def test_fails_with_every_fault_under_the_path_of_the_construct(self, project: Path) -> None:
        stack = cdk.Stack(cdk.App(), "Stack")
        with pytest.raises(SpecError) as raised:
            OptimizedFunction(stack, "Api", spec=api_spec(), handler="handler", code="x", architecture="y")  # type: ignore[arg-type]
        text = str(raised.value)
        assert 'Stack/Api: handler: handler "handler" has the wrong form for runtime "python3.13"; allowed: module.function' in text
        assert 'Stack/Api: code: the property "code" is decided by spec' in text
        assert 'Stack/Api: architecture: the property "architecture" is decided by spec.architecture' in text

    def test_fails_for_a_property_that_no_function_has(self, project: Path) -> None:
        with pytest.raises(SpecError, match='Stack/Api: memory: DockerImageFunction has no property "memory"') as raised:
            OptimizedFunction(cdk.Stack(cdk.App(), "Stack"), "Api", spec=api_spec(), handler="app.handler", memory_sise=1, memory=2)
        assert 'did you mean "memory_size"?' in str(raised.value)

    def test_fails_for_a_missing_lock_file_with_its_place(self, project: Path) -> None:
        with pytest.raises(SpecError, match=r'Stack/Api: steps\[0\]\.lock: the lock file "gone.txt" does not exist'):
            image_tag(steps=[PythonDependencies("gone.txt")])

    def test_fails_for_an_unpinned_base_with_the_command_to_run(self, project: Path) -> None:
        (project / "optimizer.lock").unlink()
        with pytest.raises(LockError, match="run: optimizer pin --image public.ecr.aws/lambda/python:3.13"):
            image_tag()

    def test_fails_for_a_corrupt_lock(self, project: Path) -> None:
        (project / "optimizer.lock").write_text("version = \n")
        with pytest.raises(LockError, match=r"Stack/Api: .*optimizer\.lock:1"):
            image_tag()

    def test_fails_for_a_wrong_mirror(self, project: Path) -> None:
        app = cdk.App(context={"optimizer:mirror": "https://mirror.example.com/"})
        with pytest.raises(ConfigurationError, match='CDK context: optimizer:mirror: "https://mirror.example.com/" is not a mirror'):
            OptimizedFunction(cdk.Stack(app, "Stack"), "Api", spec=api_spec(), handler="app.handler")

    def test_writes_nothing_when_it_fails(self, project: Path) -> None:
        app = cdk.App(outdir=str(project / "out"))
        (project / "functions/api/leak").symlink_to("/etc/passwd")
        with pytest.raises(OptimizerError, match='the link "functions/api/leak" points to "/etc/passwd"'):
            OptimizedFunction(cdk.Stack(app, "Stack"), "Api", spec=api_spec(), handler="app.handler")
        assert not list((project / "out").glob("*asset*"))


def test_a_file_among_the_steps_is_staged_alone(project: Path) -> None:
    """Requirement: "Only the files that the spec names"."""
    app = cdk.App(outdir=str(project / "out"))
    function = OptimizedFunction(cdk.Stack(app, "S"), "F", spec=api_spec(steps=[Files("README.md", to="/opt/")]), handler="app.handler")
    context = project / "out" / f"asset.{function.image_tag}"
    (layer,) = [path for path in context.rglob("*") if path.is_file() and path.name != "Dockerfile"]
    with tarfile.open(layer) as archive:
        assert archive.getnames() == ["opt", "opt/README.md"]


def test_a_handler_that_no_file_defines_warns_with_what_was_meant(project: Path) -> None:
    """It passed every check, and failed at the first invocation."""
    stack = cdk.Stack(cdk.App(), "Stack")
    for name, handler in (("Good", "app.handler"), ("Module", "main.handler"), ("Name", "app.handlr")):
        OptimizedFunction(stack, name, spec=api_spec(), handler=handler)
    found = {item.id: str(item.entry.data) for item in Annotations.from_stack(stack).find_warning("*", Match.any_value())}
    assert found == {
        "/Stack/Module": 'handler "main.handler": no file of the image is the module "main"; '
        "looked for /var/task/main.py and /var/task/main/__init__.py\n"
        '  hint: did you mean "app.handler"? [ack: lambda-image-optimizer:handler]',
        "/Stack/Name": 'handler "app.handlr": /var/task/app.py defines no "handlr"\n'
        '  hint: did you mean "app.handler"? [ack: lambda-image-optimizer:handler]',
    }
