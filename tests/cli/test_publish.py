"""``optimizer publish`` on synthesized apps, against a registry of this process."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from pathlib import Path

import aws_cdk as cdk
import botocore.session
import pytest
from aws_cdk import aws_lambda as lambda_
from click.testing import CliRunner, Result

from optimizer import ImageSpec, SourceCode
from optimizer.cdk import OptimizedFunction, SharedRepositorySynthesizer
from optimizer.cli import publish
from optimizer.cli.main import optimizer
from optimizer.errors import BudgetError, ConfigurationError, ContextError, RegistryError
from optimizer.model.reference import ImageReference
from optimizer.publishing.asking import index_fault
from tests.adapters.push_server import PushServer
from tests.images.archives import OCI_INDEX
from tests.publishing.cli_project import FUNCTIONS, RUNTIME, serving_base, write_project


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PushServer]:
    with serving_base(tmp_path) as served:
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    files = {
        **FUNCTIONS,
        "own/Dockerfile": "FROM scratch\n",
        "api.image.toml": f'runtime = "{RUNTIME}"\n\n[[steps]]\nkind = "source-code"\nsource = "functions/api"\n',
    }
    write_project(tmp_path, registry, files)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def app(registry: PushServer, *names: str) -> cdk.Stack:
    context = {"aws:cdk:enable-path-metadata": True, "optimizer:mirror": registry.host}
    synthesizer = SharedRepositorySynthesizer(repository_name="images")
    made = cdk.App(outdir=os.path.abspath("cdk.out"), default_stack_synthesizer=synthesizer, context=context)
    stack = cdk.Stack(made, "Shop")
    for name in names:
        spec = ImageSpec(runtime=RUNTIME, steps=[SourceCode(f"functions/{name}")])
        OptimizedFunction(stack, name.title(), spec=spec, handler="index.handler")
    return stack


def synth(stack: cdk.Stack) -> None:
    root = stack.node.root
    assert isinstance(root, cdk.App)
    root.synth()


def run(*arguments: str, target: str = "cdk.out") -> Result:
    return CliRunner().invoke(publish.command, [target, *arguments], catch_exceptions=False)


def run_spec(registry: PushServer, *arguments: str) -> Result:
    return run(*arguments, "--repository", f"{registry.host}/images", "--mirror", registry.host, target="api.image.toml")


def test_every_image_gets_the_tag_that_cdk_looks_for(registry: PushServer, project: Path) -> None:
    synth(app(registry, "api", "other"))
    result = run("--repository", f"{registry.host}/images", "--no-engine")
    assert result.exit_code == 0
    tags = set(json.loads((project / "cdk.out" / "Shop.assets.json").read_text())["dockerImages"])
    assert tags <= registry.tags("images")
    repository, header, *rows = result.stdout.splitlines()
    assert (repository, header.split()) == (f"{registry.host}/images", ["image", "tag", "state", "layers", "sent"])
    assert {row.split()[1] for row in rows[:-1]} == {tag[:12] for tag in tags}, "digests as people compare them: lines fit 80 columns"
    assert max(map(len, rows)) <= 80
    assert result.stdout.splitlines()[-1].startswith("2 of 2 images pushed, ")


def test_the_report_for_programs(registry: PushServer) -> None:
    synth(app(registry, "api"))
    result = run("--repository", f"{registry.host}/images", "--format", "json")
    said = json.loads(result.stdout)
    (image,) = said["images"]
    (layer,) = image["layers"]
    assert (image["name"], image["state"], said["left"]) == ("Shop/Api", "pushed", [])
    assert image["digest"].startswith("sha256:")
    assert (layer["source"], layer["pushed"]) == ("made", said["pushed_bytes"])
    again = json.loads(run("--repository", f"{registry.host}/images", "--format", "json").stdout)
    assert (again["images"][0]["state"], again["pushed_bytes"]) == ("present", 0)


BUDGETS = "[[conventions.budgets]]\nconstruct = 'Shop/*'\n"


class TestBudgets:
    def test_what_exceeds_one_is_not_published(self, registry: PushServer, project: Path) -> None:
        synth(app(registry, "api", "other"))
        (project / "optimizer.toml").write_text(f"{BUDGETS}max_bytes = 10\n")
        before = registry.tags("images")
        with pytest.raises(BudgetError) as caught:
            run("--repository", f"{registry.host}/images", "--no-engine")
        assert caught.value.exit_code == 1
        assert [fault.place for fault in caught.value.faults] == ["Shop/Api", "Shop/Other"], "all at once"
        said = caught.value.faults[0]
        assert re.fullmatch(
            r"its own layers have \d+ bytes as a registry stores them; allowed: 10; the largest: source-code-api \d+", said.message
        )
        assert said.hint.endswith("nothing was published")
        assert registry.tags("images") == before
        (project / "optimizer.toml").write_text(f"{BUDGETS}max_bytes = 1_000_000\nmax_unpacked_bytes = 1_000_000\n")
        assert run("--repository", f"{registry.host}/images", "--no-engine").exit_code == 0

    def test_a_wrong_one_is_told_before_anything_is_sent(self, registry: PushServer, project: Path) -> None:
        synth(app(registry, "api"))
        (project / "optimizer.toml").write_text(f"{BUDGETS}max_byte = 10\n")
        with pytest.raises(ConfigurationError, match='unknown key "max_byte"'):
            run("--repository", f"{registry.host}/images", "--no-engine")
        assert {method for method, _ in registry.calls} <= {"HEAD", "GET"}

    def test_growth_is_held_against_the_last_deployment(self, registry: PushServer, project: Path) -> None:
        (project / "optimizer.toml").write_text(f"{BUDGETS}max_growth_percent = 20\nmax_growth_bytes = 100\n")
        target = ["--repository", f"{registry.host}/images", "--no-engine", "--format", "json"]
        synth(app(registry, "api"))
        first = run(*target)
        assert "note: Shop/Api: its size in the last deployment is not known, so nothing can be said of its growth" in first.stderr
        (project / "1.json").write_text(first.stdout)
        # What is there already keeps the size that was known of it, so that one report follows another.
        second = run(*target, "--against", "1.json")
        assert json.loads(second.stdout)["images"][0]["state"] == "present"
        assert json.loads(second.stdout)["sizes"] == json.loads(first.stdout)["sizes"]
        (project / "2.json").write_text(second.stdout)
        (project / "functions" / "api" / "big.bin").write_bytes(os.urandom(5000))
        synth(app(registry, "api"))
        with pytest.raises(BudgetError) as caught:
            run(*target, "--against", "2.json")
        assert [fault.message.split("allowed: ")[1].split(";")[0] for fault in caught.value.faults] == ["100 bytes more", "20 % more"]
        assert re.search(r"and had \d+ in the last deployment; .*; grown most: source-code-api 5,\d+$", caught.value.faults[0].message)

    @pytest.mark.parametrize("text", ["[", "{}", '{"sizes": [{"name": 1}]}'])
    def test_a_file_that_is_no_report_is_refused(self, text: str, registry: PushServer, project: Path) -> None:
        synth(app(registry, "api"))
        (project / "last.json").write_text(text)
        with pytest.raises(ContextError, match=r'--against: "last.json" (is|has)'):
            run("--repository", f"{registry.host}/images", "--against", "last.json")


def test_an_index_under_the_name_of_an_image_is_an_error(registry: PushServer, project: Path) -> None:
    """Requirement: "where a tag exists in the repository as an index with attestations: say so instead of "present" (a deploy would fail at Lambda)"."""
    synth(app(registry, "api", "other"))
    run("--repository", f"{registry.host}/images", "--no-engine")
    tag, other = sorted(json.loads((project / "cdk.out" / "Shop.assets.json").read_text())["dockerImages"])
    registry.put(f"images:{tag}", OCI_INDEX, b'{"schemaVersion":2,"manifests":[]}')
    registry.calls.clear()
    result = run("--repository", f"{registry.host}/images", "--format", "json")
    assert result.exit_code == 1
    assert {image["reference"].rpartition(":")[2]: image["state"] for image in json.loads(result.stdout)["images"]} == {
        tag: "index",
        other: "present",
    }
    assert result.stderr == (
        f'error: "{registry.host}/images:{tag}" is an image index, and cdk deploy would give it to Lambda, which takes the manifest of one image only\n'
        f"  hint: delete it, and publish or deploy again: with the tool of the registry; see optimizer lint --image {registry.host}/images:{tag}\n"
    )
    assert sorted(registry.calls) == [("HEAD", f"/v2/images/manifests/{name}") for name in (tag, other)], "no request more than for images"
    assert run("--repository", f"{registry.host}/images").exit_code == 1


def test_the_index_of_a_specification_is_one_too(registry: PushServer) -> None:
    run_spec(registry, "--no-engine")
    (tag,) = {tag for tag in registry.tags("images") if "-" not in tag}
    registry.put(f"images:{tag}", OCI_INDEX, b'{"schemaVersion":2,"manifests":[]}')
    result = run_spec(registry)
    assert (result.exit_code, result.stdout.splitlines()[2].split()[2]) == (1, "index")


def test_ecr_is_told_what_to_delete() -> None:
    """The command has the parameters of ECR's API."""
    reference = ImageReference.parse("123456789012.dkr.ecr.eu-central-1.amazonaws.com/images:0123abcd")
    command = index_fault(reference).hint.partition(": ")[2].partition(";")[0].split()
    assert command[:3] == ["aws", "ecr", "batch-delete-image"]
    model = botocore.session.get_session().get_service_model("ecr").operation_model("BatchDeleteImage").input_shape
    for option in ("--registry-id", "--repository-name", "--image-ids"):
        assert "".join(part.title() if number else part for number, part in enumerate(option[2:].split("-"))) in model.members
        assert option in command
    assert command[command.index("--region") + 1] == "eu-central-1"
    assert command[-1] == "imageTag=0123abcd"
    assert "imageTag" in model.members["imageIds"].member.members


def test_images_that_only_a_build_makes_are_left_and_named(registry: PushServer) -> None:
    stack = app(registry, "api")
    lambda_.DockerImageFunction(stack, "Own", code=lambda_.DockerImageCode.from_image_asset(os.path.abspath("own")))
    synth(stack)
    result = run("--repository", f"{registry.host}/images")
    lines = result.stdout.splitlines()
    left = "left to cdk deploy: Shop/Own: its Dockerfile was written by hand, or CDK builds it with options of its own"
    assert left in " ".join(result.stdout.split())
    assert lines[-1].startswith("1 of 1 images pushed, ")


def test_a_generated_dockerfile_that_was_changed_is_left(registry: PushServer, project: Path) -> None:
    synth(app(registry, "api"))
    (dockerfile,) = project.glob("cdk.out/asset.*/Dockerfile")
    dockerfile.write_text(dockerfile.read_text() + "# mine\n")
    *lines, last = run("--repository", f"{registry.host}/images").stdout.splitlines()
    left = "left to cdk deploy: Shop/Api: its generated Dockerfile was changed after it was synthesized; run cdk synth again"
    assert " ".join(" ".join(lines).split()) == left
    assert last.startswith("0 of 0 images pushed")


def test_fails_for_repositories_that_only_a_deployment_knows(registry: PushServer) -> None:
    synth(app(registry, "api"))
    with pytest.raises(ConfigurationError, match='account and region of "Shop/Api" are known only at deployment'):
        run()


@pytest.mark.parametrize("option", ["--repository", "--reuse"])
def test_fails_for_what_is_no_repository(registry: PushServer, option: str) -> None:
    synth(app(registry, "api"))
    with pytest.raises(ConfigurationError) as raised:
        run("--repository", f"{registry.host}/images", option, "images:latest")
    assert raised.value.faults[0].place == option


def test_fails_for_an_app_without_images(registry: PushServer) -> None:
    synth(app(registry))
    with pytest.raises(ContextError, match='the app in "cdk.out" has no image'):
        run()


def test_fails_for_a_file(project: Path) -> None:
    """It said that "README.md/manifest.json" is not a directory."""
    (project / "README.md").write_text("")
    with pytest.raises(ContextError) as raised:
        CliRunner().invoke(publish.command, ["README.md"], catch_exceptions=False)
    assert raised.value.faults[0].message == '"README.md" is a file, and no output directory of cdk synth'


def test_fails_where_nothing_was_synthesized() -> None:
    with pytest.raises(ContextError, match="is a CDK app that is not synthesized"):
        run()


# A specification.


def test_a_specification_gets_the_tag_that_cdk_gives_the_same_image(registry: PushServer, project: Path) -> None:
    """Requirement: "takes a synthesized app (or a spec with `--repository`)"."""
    result = run_spec(registry, "--no-engine")
    (tag,) = {tag for tag in registry.tags("images") if "-" not in tag}
    synth(app(registry, "api"))
    assert list(json.loads((project / "cdk.out" / "Shop.assets.json").read_text())["dockerImages"]) == [tag]
    assert result.stdout.splitlines()[2].split()[:3] == ["api.image.toml", tag[:12], "pushed"]
    registry.calls.clear()
    again = run_spec(registry)
    assert again.stdout.splitlines()[2].split()[:3] == ["api.image.toml", tag[:12], "present"]
    assert registry.calls == [("HEAD", f"/v2/images/manifests/{tag}")]


def test_the_commands_of_the_page(registry: PushServer, project: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "publish.md").read_text(encoding="utf-8")
    commands = re.findall(r"^ *\$ optimizer (.*)$", page, re.MULTILINE)
    assert [command.partition(" ")[0] for command in commands] == ["publish", "publish", "publish", "build"]
    (project / "last.json").write_text('{"sizes": []}')
    (project / "api.image.toml").rename("hello.image.toml")
    (project / "optimizer.toml").write_text(f'mirror = "{registry.host}"\n')
    synth(app(registry, "api"))
    for words in commands:
        line = words.replace("123456789012.dkr.ecr.eu-central-1.amazonaws.com", registry.host)
        assert CliRunner().invoke(optimizer, line.split(), catch_exceptions=False).exit_code == 0
    assert (project / "scan" / "index.json").exists()
    assert registry.tags("tools") <= registry.tags("shop-functions")


def test_a_specification_gets_the_tag_that_is_named(registry: PushServer, project: Path) -> None:
    said = json.loads(run_spec(registry, "--tag", "test", "--format", "json").stdout)
    assert (said["images"][0]["reference"], said["left"]) == (f"{registry.host}/images:test", [])
    first = registry.digest_of("images:test")
    assert said["images"][0]["digest"] == first
    # It names another image now: a tag of one's own is moved, where tags can be.
    (project / "functions/api/index.js").write_text("exports.handler = async () => 3;\n")
    assert json.loads(run_spec(registry, "--tag", "test", "--format", "json").stdout)["images"][0]["digest"] != first
    assert registry.digest_of("images:test") != first
    registry.immutable = True
    (project / "functions/api/index.js").write_text("exports.handler = async () => 4;\n")
    with pytest.raises(RegistryError, match='images:test" is another image .* its tag cannot be moved'):
        run_spec(registry, "--tag", "test")


def test_a_specification_needs_a_repository() -> None:
    with pytest.raises(ConfigurationError) as raised:
        run(target="api.image.toml")
    assert str(raised.value) == (
        "--repository: the image of a specification has no repository of its own\n  hint: name one: --repository HOST/NAME"
    )


@pytest.mark.parametrize("tag", ["", "a b", "x" * 129, "1@sha256:" + "0" * 64])
def test_fails_for_what_is_no_tag(registry: PushServer, tag: str) -> None:
    with pytest.raises(ConfigurationError, match="is not a tag; allowed: letters, digits"):
        run_spec(registry, "--tag", tag)


def test_options_of_a_specification_are_no_options_of_an_app(registry: PushServer) -> None:
    synth(app(registry, "api"))
    for words in (["--tag", "1"], ["--lock", "optimizer.lock"], ["--root", "."], ["--mirror", registry.host]):
        result = run("--repository", f"{registry.host}/images", *words)
        assert (result.exit_code, words[0] in result.stderr) == (2, True)
