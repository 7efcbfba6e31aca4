"""``optimizer sam``: templates that build images of specifications."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tarfile
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from optimizer.cli.init import command as init
from optimizer.cli.sam import command
from optimizer.errors import OptimizerError
from optimizer.sam.document import Document, parse_document
from tests.cli.terminal import Program

GOLDEN_LOCK = Path(__file__).parents[1] / "golden" / "optimizer.lock"
TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
# our fleet
Resources:
  Api:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
    Metadata:
      Dockerfile: Dockerfile # by hand
      DockerContext: ./api
  Worker:
    Type: AWS::Serverless::Function
    Properties:
      PackageType: Image
      ImageConfig:
        Command: ["app.work"]
    Metadata:
      Dockerfile: Dockerfile
      DockerContext: ./api
"""
SPEC = 'runtime = "python3.13"\narchitecture = "arm64"\nsteps = [{ kind = "source-code", source = "api/app.py" }]\n'
METADATA = {"Dockerfile": "Dockerfile", "DockerContext": ".optimizer/api", "ImageSpec": "api.image.toml"}
BOTH = ("--spec", "Api=api.image.toml", "--spec", "Worker=api.image.toml")


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("api").mkdir()
    Path("api/app.py").write_text("def handler(event, context):\n    return 'api'\n\n\ndef work(event, context):\n    return 'work'\n")
    Path("api/Dockerfile").write_text('FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\nCMD ["app.handler"]\n')
    Path("template.yaml").write_text(TEMPLATE)
    Path("api.image.toml").write_text(SPEC)
    shutil.copy(GOLDEN_LOCK, "optimizer.lock")
    return tmp_path


def run(*arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, ["template.yaml", *arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result


def packed_names(directory: Path) -> list[str]:
    """The names in all archives of a directory."""
    found: list[str] = []
    for path in directory.glob("*.tar"):
        with tarfile.open(path) as archive:
            found += archive.getnames()
    return found


def resources() -> dict:
    document = parse_document(Path("template.yaml").read_text())
    assert isinstance(document, Document)
    return document.data["Resources"]


def test_without_specs_it_shows_what_init_would_propose_and_which_could_share() -> None:
    """Requirement: "shows per image function what the rules find, which functions could share an image, and what a spec would change"."""
    shown = run().stdout
    assert "api.image.toml: Api, Worker, which could share one image" in shown
    assert "LIO102" in shown
    assert "next: optimizer init --from template.yaml" in shown
    assert Path("template.yaml").read_text() == TEMPLATE


def test_equal_specs_are_one_context_and_equal_metadata() -> None:
    """Requirement: "equal text for equal images, so that SAM builds once"."""
    run("--write", *BOTH, "--image-repository", "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shared")
    api, worker = resources()["Api"], resources()["Worker"]
    assert api["Metadata"] == worker["Metadata"] == METADATA
    assert api["Properties"]["ImageConfig"]["Command"] == ["app.handler"], "what the hand-written image started"
    assert worker["Properties"]["ImageConfig"]["Command"] == ["app.work"]
    assert api["Properties"]["Architectures"] == worker["Properties"]["Architectures"] == ["arm64"]
    assert "# our fleet" in Path("template.yaml").read_text()
    assert "Dockerfile: Dockerfile # by hand" in Path("template.yaml").read_text()
    assert Path(".optimizer/api/layers").is_dir()
    assert Path(".optimizer/.gitignore").read_text() == "*\n"
    configuration = Path("samconfig.toml").read_text()
    assert "use_buildkit = true" in configuration
    assert configuration.count('image_repository = "123456789012.dkr.ecr.eu-central-1.amazonaws.com/shared"') == 2


def test_what_is_written_is_current_until_something_changes() -> None:
    """Requirement: "--check fails in CI when generated files are stale"."""
    run("--write", *BOTH)
    before = {path: path.stat().st_mtime_ns for path in Path().rglob("*") if path.is_file()}
    assert "current" in run("--check").stdout
    run("--write")
    assert {path: path.stat().st_mtime_ns for path in Path().rglob("*") if path.is_file()} == before, "nothing is written again"
    Path("api/app.py").write_text("def handler(event, context):\n    return 'new'\n")
    assert "to be written:\n  .optimizer/api" in run("--check", code=1).stdout
    run("--write")
    run("--check")


def test_what_only_reckons_makes_no_build_context_stale() -> None:
    """Evidence of how often a step changes is no part of its image; an evidence that makes another Dockerfile is."""
    run(*BOTH, "--write")
    lock = Path("optimizer.lock").read_text()
    evidence = "\n[evidence]\ndate = 2026-11-29\ndeployments = 20\nweight = 18.0\n\n[evidence.steps]\n"
    Path("optimizer.lock").write_text(f'{lock}{evidence}"packed-files api/app.py" = {{ changes = 0.61, size = 5 }}\n')
    run("--check")
    Path("optimizer.lock").write_text(f'{lock}{evidence}"packed-files api/app.py" = {{ changes = 0.01, stability = "yearly" }}\n')
    assert "to be written:\n  .optimizer/api" in run("--check", code=1).stdout


def test_what_sam_writes_beside_the_code_makes_nothing_stale() -> None:
    """`sam build` of SAM CLI 1.170.0 writes another id into .aws-sam/build.toml each time."""
    Path("app.py").write_text("def handler(event, context): ...\n")
    Path("api.image.toml").write_text(SPEC.replace("api/app.py", "."))
    run("--write", *BOTH)
    run("--write")
    Path(".aws-sam/build").mkdir(parents=True)
    Path(".aws-sam/build.toml").write_text("[function_build_definitions.a140539d]\n")
    run("--check")
    names = packed_names(Path(".optimizer/api/layers"))
    assert "var/task/app.py" in names
    assert not [name for name in names if ".aws-sam" in name or ".optimizer" in name]


@pytest.mark.parametrize("arguments", [[], ["--from", "template.yaml"]])
def test_init_proposes_nothing_for_functions_whose_build_contexts_are_generated(arguments: list[str]) -> None:
    Path("functions").mkdir()
    Path("api.image.toml").rename("functions/own.image.toml")
    run("--write", *(word.replace("api.image", "functions/own.image") for word in BOTH))
    Path("api/Dockerfile").unlink()
    result = CliRunner().invoke(init, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "  Api: it has a spec already\n  Worker: it has a spec already\n" in result.stdout
    assert [str(path) for path in Path().rglob("*.image.toml")] == ["functions/own.image.toml"]


def test_a_checkout_without_build_contexts_is_current() -> None:
    run("--write", *BOTH)
    shutil.rmtree(".optimizer")
    assert "to be written:\n  .optimizer/api" in run("--check").stdout
    Path("template.yaml").write_text(Path("template.yaml").read_text().replace("[arm64]", "[x86_64]"))
    run("--check", code=1)
    run("--write")
    assert resources()["Api"]["Properties"]["Architectures"] == ["arm64"]


def test_a_patch_shows_what_would_be_written_and_writes_nothing() -> None:
    patch = run("--diff", *BOTH).stdout
    assert "+++ b/template.yaml" in patch
    assert "+      DockerContext: .optimizer/api" in patch
    assert "+++ b/.optimizer/api/Dockerfile" in patch
    assert not Path(".optimizer").exists()
    assert Path("template.yaml").read_text() == TEMPLATE


def test_the_classic_builder_gets_a_text_without_mounts() -> None:
    """Requirement: "Both profiles: plain sam build (classic builder) and sam build --use-buildkit"."""
    Path("samconfig.toml").write_text("version = 0.1\n[default.build.parameters]\nuse_buildkit = true # fast\ncached = true\n")
    run("--write", "--profile", "classic", *BOTH)
    text = Path(".optimizer/api/Dockerfile").read_text()
    assert "--mount" not in text
    assert "--link" not in text
    assert "use_buildkit" not in Path("samconfig.toml").read_text()
    assert "cached = true" in Path("samconfig.toml").read_text()


def test_no_rule_finds_anything_in_what_the_classic_builder_gets() -> None:
    """Its scripts are copied, where BuildKit mounts them: before an installation, which is no fault of the specification."""
    Path("requirements.txt").write_text("idna==3.10 --hash=sha256:946d195a0d259cbba61165e88e65941f16e9b36ea6ddb97f00452bae8b1287d3\n")
    steps = '[{ kind = "python-dependencies", lock = "requirements.txt" }, { kind = "source-code", source = "api/app.py" }]'
    Path("api.image.toml").write_text(f'runtime = "python3.13"\narchitecture = "arm64"\nsteps = {steps}\n')
    shown = json.loads(run("--write", "--profile", "classic", "--format", "json", *BOTH).stdout)
    assert [function["findings"] for function in shown["functions"]] == [[], []]
    assert "COPY scripts/" in Path(".optimizer/api/Dockerfile").read_text()


def test_a_configuration_in_yaml_keeps_its_comments_and_its_other_repositories_go() -> None:
    before = "version: 0.1\ndefault:\n  deploy:\n    parameters:\n      stack_name: shop # ours\n      resolve_image_repos: true\n"
    Path("samconfig.yaml").write_text(before)
    run("--write", *BOTH, "--image-repository", "localhost:5000/shared")
    after = Path("samconfig.yaml").read_text()
    assert "stack_name: shop # ours" in after
    assert "resolve_image_repos" not in after
    assert "image_repository: localhost:5000/shared" in after.replace('"', "")


def test_the_configuration_that_names_the_template_is_set_and_contexts_start_at_its_base_directory() -> None:
    Path("infra").mkdir()
    Path("template.yaml").rename("infra/template.yaml")
    Path("samconfig.toml").write_text('version = 0.1\n[default.global.parameters]\ntemplate_file = "infra/template.yaml"\nbase_dir = "."\n')
    arguments = ["infra/template.yaml", "--write", *BOTH]
    result = CliRunner().invoke(command, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    assert "use_buildkit = true" in Path("samconfig.toml").read_text()
    assert not Path("infra/samconfig.toml").exists()
    assert "DockerContext: infra/.optimizer/api\n" in Path("infra/template.yaml").read_text()
    assert "ImageSpec: ../api.image.toml\n" in Path("infra/template.yaml").read_text()
    assert CliRunner().invoke(command, ["infra/template.yaml", "--check"], catch_exceptions=False).exit_code == 0


def test_environments_that_build_otherwise_or_push_elsewhere_are_named() -> None:
    Path("samconfig.toml").write_text(
        "version = 0.1\n[default.build.parameters]\ncached = true\n[test.deploy.parameters]\nstack_name = 'test'\n"
        "[stage.build.parameters]\ncached = true\n[prod.deploy.parameters]\nresolve_image_repos = true\n"
    )
    shown = run("--write", *BOTH).stdout
    assert (
        "other environments stay as they are; to set them, with --image-repository of each:\n"
        "  optimizer sam template.yaml --write --config-env stage\n  optimizer sam template.yaml --write --config-env prod\n"
    ) in shown
    run("--write", "--config-env", "stage")
    assert "--config-env stage" not in run().stdout


def test_what_a_person_wrote_is_not_overwritten() -> None:
    """Requirement: "asks before it overwrites a file that a person wrote"."""
    Path(".optimizer/api").mkdir(parents=True)
    Path(".optimizer/api/Dockerfile").write_text("FROM scratch\n")
    with pytest.raises(OptimizerError) as raised:
        run("--write", *BOTH)
    assert str(raised.value.faults[0]) == (
        '.optimizer/api: ".optimizer/api" is there, and was not generated\n'
        "  hint: name another directory with --output, or overwrite it with --force"
    )
    assert Path("template.yaml").read_text() == TEMPLATE
    run("--write", "--force", *BOTH)


@pytest.mark.parametrize(("answer", "code"), [("y", 0), ("n", 2)])
def test_at_a_terminal_somebody_is_asked(answer: str, code: int, project: Path) -> None:
    """Requirement: "asks before it overwrites a file that a person wrote"."""
    Path(".optimizer/api").mkdir(parents=True)
    Path(".optimizer/api/Dockerfile").write_text("FROM scratch\n")
    argv = [sys.executable, "-m", "optimizer", "sam", "template.yaml", "--write", *BOTH]
    program = Program(argv, {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}, width=120)
    program.wait_for(lambda line: line == '".optimizer/api": there, and not generated. Overwrite? [y/N]:')
    program.press(f"{answer}\n")
    assert program.end()[0] == code
    assert (Path(".optimizer/api/Dockerfile").read_text() == "FROM scratch\n") is (answer == "n")
    assert (Path("template.yaml").read_text() == TEMPLATE) is (answer == "n")


def test_a_repository_is_one() -> None:
    with pytest.raises(OptimizerError, match='--image-repository: "shop images" is not a repository'):
        run("--write", *BOTH, "--image-repository", "shop images")


def test_a_template_that_is_nested_twice_has_one_text_of_each_function() -> None:
    Path("orders.yaml").write_text(TEMPLATE)
    nested = "".join(
        f"  {name}:\n    Type: AWS::Serverless::Application\n    Properties:\n      Location: orders.yaml\n" for name in ("A", "B")
    )
    Path("template.yaml").write_text(f"Transform: AWS::Serverless-2016-10-31\nResources:\n{nested}")
    Path("other.image.toml").write_text(SPEC)
    with pytest.raises(OptimizerError) as raised:
        run("--write", "--spec", "A/Api=api.image.toml", "--spec", "B/Api=other.image.toml")
    assert [fault.hint for fault in raised.value.faults] == ['both are "Api" of "orders.yaml": name one specification for it']
    shown = run("--write", "--spec", "A/Api=api.image.toml", "--spec", "B/Worker=api.image.toml").stdout
    assert "4 functions, 4 with a spec, 1 image generated" in shown


@pytest.mark.parametrize("value", ["!If [Small, [x86_64], [arm64]]", "[!Ref Machine]"])
def test_an_image_has_one_architecture_whatever_a_deployment_would_choose(value: str) -> None:
    head = "Parameters: {Machine: {Type: String, Default: arm64}}\nConditions: {Small: !Equals [!Ref Machine, x86_64]}\n"
    Path("template.yaml").write_text(head + TEMPLATE.replace("PackageType: Image", f"PackageType: Image\n      Architectures: {value}", 1))
    run("--write", *BOTH)
    assert resources()["Api"]["Properties"]["Architectures"] == ["arm64"]
    run("--check")


def test_what_no_function_uses_any_more_goes() -> None:
    run("--write", *BOTH)
    Path("template.yaml").write_text(Path("template.yaml").read_text().replace("api.image.toml", "other.image.toml"))
    Path("api.image.toml").rename("other.image.toml")
    run("--write")
    assert sorted(path.name for path in Path(".optimizer").iterdir()) == [".gitignore", "other", "other.plan.json"]


def test_all_faults_are_told_at_once_and_nothing_is_written() -> None:
    Path("api/Dockerfile").write_text("FROM public.ecr.aws/lambda/python:3.13\nCOPY app.py ./\n")
    Path("worker.image.toml").write_text(SPEC.replace("api/app.py", "api/missing.py"))
    with pytest.raises(OptimizerError) as raised:
        run("--write", "--spec", "Api=api.image.toml", "--spec", "Worker=worker.image.toml")
    assert "api/missing.py" in str(raised.value)
    with pytest.raises(OptimizerError) as raised:
        run("--write", "--spec", "Api=api.image.toml")
    assert "nothing says which handler the function starts" in str(raised.value)
    with pytest.raises(OptimizerError) as raised:
        run("--spec", "Nobody=api.image.toml", "--spec", "Nothing=api.image.toml")
    assert [fault.message for fault in raised.value.faults] == [
        f'no image function is named "{name}"; allowed: Api, Worker' for name in ("Nobody", "Nothing")
    ]
    assert not Path(".optimizer").exists()
    assert Path("template.yaml").read_text() == TEMPLATE


SHARED = TEMPLATE.replace(
    "    Metadata:\n      Dockerfile: Dockerfile # by hand\n      DockerContext: ./api\n",
    "    Metadata: &build\n      Dockerfile: Dockerfile\n      DockerContext: ./api\n",
).replace("    Metadata:\n      Dockerfile: Dockerfile\n      DockerContext: ./api\n", "    Metadata: *build\n")


def test_metadata_that_functions_of_one_spec_share_by_an_anchor_are_set_there() -> None:
    """As the fix of LIO904 has it."""
    Path("template.yaml").write_text(SHARED)
    run("--write", *BOTH)
    assert "    Metadata: *build\n" in Path("template.yaml").read_text()
    assert resources()["Worker"]["Metadata"] == resources()["Api"]["Metadata"] == METADATA
    run("--check")


def test_metadata_of_a_function_that_shall_be_another_are_merged() -> None:
    Path("template.yaml").write_text(SHARED)
    run("--write", "--spec", "Worker=api.image.toml")
    text = Path("template.yaml").read_text()
    assert "    Metadata: &build\n      Dockerfile: Dockerfile\n      DockerContext: ./api\n" in text
    assert "    Metadata:\n      <<: *build\n      ImageSpec: api.image.toml\n      DockerContext: .optimizer/api\n" in text
    assert resources()["Worker"]["Metadata"] == METADATA


def test_an_anchor_whose_block_another_function_needs_is_left_to_people_and_all_is_told() -> None:
    Path("template.yaml").write_text(SHARED)
    with pytest.raises(OptimizerError) as raised:
        run("--write", "--spec", "Api=api.image.toml")
    assert [fault.message for fault in raised.value.faults] == [
        f"the text has no safe place for an edit: set Resources.Api.Metadata.{key} by hand"
        for key in ('ImageSpec to "api.image.toml"', 'DockerContext to ".optimizer/api"')
    ]
    assert Path("template.yaml").read_text() == SHARED


def test_functions_of_one_spec_name_it_in_the_same_words() -> None:
    """Requirement: "equal text for equal images, so that SAM builds once"."""
    Path("template.yaml").write_text(
        TEMPLATE.replace("./api\n", "./api\n      ImageSpec: api.image.toml\n", 1) + "      ImageSpec: ./api.image.toml\n"
    )
    run("--write")
    assert resources()["Worker"]["Metadata"] == resources()["Api"]["Metadata"] == METADATA


def test_findings_are_those_of_a_functions_own_image() -> None:
    """A Dockerfile that another function is still built of is no longer the first one's."""
    run("--write", "--spec", "Api=api.image.toml")
    found = {item["function"]: item["findings"] for item in json.loads(run("--format", "json").stdout)["functions"]}
    assert "LIO102" in found["Worker"]
    assert found["Api"] == []


def test_json_has_each_function_with_its_state() -> None:
    document = json.loads(run("--format", "json", *BOTH).stdout)
    assert [(item["function"], item["spec"], item["state"]) for item in document["functions"]] == [
        ("Api", "api.image.toml", "stale"),
        ("Worker", "api.image.toml", "stale"),
    ]
    assert document["changed"] == [".optimizer/api", "samconfig.toml", "template.yaml"]
    assert document["written"] is False


def test_a_spec_that_is_missing_is_told_at_each_function_that_names_it() -> None:
    with pytest.raises(OptimizerError) as raised:
        run("--spec", "Api=gone.image.toml", "--spec", "Worker=gone.image.toml")
    assert [str(fault) for fault in raised.value.faults] == [
        f'template.yaml: {name}: its spec "gone.image.toml" does not exist\n  hint: mend ImageSpec in its Metadata, or put the file there'
        for name in ("Api", "Worker")
    ]


def test_functions_of_a_loop_are_left_to_people_with_the_reason() -> None:
    """SAM CLI 1.170.0 writes no ``ImageUri`` for them, so that what is generated could not be deployed (LIO688)."""
    loop = """\
  Fn::ForEach::Queues:
    - Name
    - [Mail, Print]
    - ${Name}Queue:
        Type: AWS::Serverless::Function
        Properties: {PackageType: Image, ImageConfig: {Command: [app.work]}}
        Metadata: {ImageSpec: api.image.toml} # all alike
"""
    text = TEMPLATE.replace("Transform: ", "Transform: [AWS::LanguageExtensions, ").replace("31\n", "31]\n", 1) + loop
    Path("template.yaml").write_text(text)
    functions = {item["function"]: item for item in json.loads(run(*BOTH, "--write", "--format", "json").stdout)["functions"]}
    assert {name for name, item in functions.items() if item["state"] == "impossible"} == {"MailQueue", "PrintQueue"}
    assert functions["MailQueue"]["why"] == "a loop makes it, and SAM CLI packages no image of a loop: write the function out"
    assert Path("template.yaml").read_text().endswith(loop)
    assert resources()["Api"]["Metadata"]["DockerContext"] == ".optimizer/api"
