"""Templates as they are read: parameters of samconfig, loops, nested templates."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from optimizer.adapters.templates import load_template
from optimizer.adapters.tree import Source
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject
from optimizer.model.template import SamBuilder
from tests.linting.cases import PYTHON, TODAY

FUNCTION = "{Type: AWS::Serverless::Function, Properties: {PackageType: Image, Architectures: [%s]}, Metadata: {Dockerfile: %s, DockerContext: %s}}"


@pytest.fixture(autouse=True)
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("api/Dockerfile", "apps/shop/Dockerfile", "apps/shop/Dockerfile.slow"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"FROM {PYTHON}\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(text: str, path: str = "template.yaml") -> Source:
    Path(path).write_text(text)
    return load_template(path)


def functions(source: Source) -> list[tuple[str, str | None, str]]:
    found = [item for item in source.subjects if isinstance(item, FunctionSubject)]
    return [(item.construct, item.declared.architecture, item.dockerfile.path if item.dockerfile else "") for item in found]


def open_questions(source: Source) -> list[str]:
    apps = [item for item in source.subjects if isinstance(item, AppSubject)]
    return [f"{app.location.path}:{item.span.start}: {item.message}" for app in apps for item in app.inconclusive]


def problems(source: Source) -> list[str]:
    apps = [item for item in source.subjects if isinstance(item, AppSubject)]
    return [f"{app.location.path}:{item.span.start}: {item.message}" for app in apps for item in app.problems]


PARAMETERS = "Parameters: {Arch: {Type: String, Default: arm64}, File: {Type: String}}\n"
HIDDEN = PARAMETERS + "Resources:\n  Api: " + FUNCTION % ("!Ref Arch", "!Ref File", "apps/shop") + "\n"


def test_a_parameter_that_nothing_sets_is_named_at_its_place() -> None:
    source = read(HIDDEN)
    assert functions(source) == [("Api", "arm64", "")]
    reason = 'the parameter "File" has no default, and nothing sets it'
    assert open_questions(source) == [f"template.yaml:3:115: Dockerfile of Api is unknown: {reason}"]
    assert problems(source) == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("samconfig.toml", "[default.build.parameters]\nparameter_overrides = 'File=Dockerfile.slow Arch=x86_64'\n"),
        ("samconfig.yaml", "default: {global: {parameters: {parameter_overrides: {File: Dockerfile.slow, Arch: x86_64}}}}\n"),
    ],
)
def test_samconfig_sets_parameters(name: str, text: str) -> None:
    Path(name).write_text(text)
    source = read(HIDDEN)
    assert functions(source) == [("Api", "x86_64", "apps/shop/Dockerfile.slow")]
    assert open_questions(source) == []


def test_functions_of_a_loop() -> None:
    loop = 'Fn::ForEach::All: [Name, [api, apps/shop], {"Run&{Name}": %s}]' % (FUNCTION % ("arm64", "Dockerfile", '"${Name}"'))
    source = read(f"Transform: AWS::LanguageExtensions\nResources:\n  {loop}\n")
    assert functions(source) == [("Runapi", "arm64", "api/Dockerfile"), ("Runappsshop", "arm64", "apps/shop/Dockerfile")]
    assert {str(item.location.span.start) for item in source.subjects if isinstance(item, FunctionSubject) and item.location.span} == {
        "3:3"
    }
    without = read(f"Resources:\n  {loop}\n")
    assert functions(without) == []
    assert open_questions(without) == [
        "template.yaml:2:3: what Fn::ForEach::All gives is unknown: "
        "the template does not name the transform AWS::LanguageExtensions, which loops need"
    ]


SHOP = "Parameters: {File: {Type: String, Default: Dockerfile}}\nResources:\n  Order: " + FUNCTION % ("arm64", "!Ref File", "shop") + "\n"


def test_nested_templates() -> None:
    Path("apps/shop.yaml").write_text(SHOP)
    source = read(
        "Resources:\n  Shop: {Type: AWS::Serverless::Application, Properties: {Location: apps/shop.yaml}}\n"
        "  Slow: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./apps/shop.yaml, Parameters: {File: Dockerfile.slow}}}\n"
        "  Open: {Type: AWS::Serverless::Application, Properties: {Location: apps/shop.yaml, Parameters: {File: !Ref AWS::Region}}}\n"
        "  Far: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a, SemanticVersion: 1.0.0}}}\n"
    )
    assert functions(source) == [
        ("Open/Order", "arm64", ""),
        ("Shop/Order", "arm64", "apps/shop/Dockerfile"),
        ("Slow/Order", "arm64", "apps/shop/Dockerfile.slow"),
    ]
    assert {item.location.path for item in source.subjects if isinstance(item, FunctionSubject)} == {"apps/shop.yaml"}
    assert source.path == "template.yaml" and set(source.nested) == {"apps/shop.yaml"}
    assert open_questions(source) == [
        'apps/shop.yaml:3:113: Dockerfile of Order is unknown: the value that the parameter "File" gets is known at deployment only',
        "template.yaml:5:3: what the functions of Far are is unknown: its template is not in the project",
    ]


def test_what_is_wrong_with_a_nested_template() -> None:
    Path("apps/broken.yaml").write_text("Resources: [\n")
    source = read(
        "Resources:\n  Broken: {Type: AWS::Serverless::Application, Properties: {Location: apps/broken.yaml}}\n"
        "  Gone: {Type: AWS::Serverless::Application, Properties: {Location: gone.yaml}}\n"
        "  Self: {Type: AWS::Serverless::Application, Properties: {Location: ./template.yaml}}\n"
    )
    first, gone, itself = problems(source)
    assert first.startswith("apps/broken.yaml:2:1: not readable as YAML")
    assert gone == 'template.yaml:3:3: the template of Gone: "gone.yaml" does not exist'
    assert itself == 'template.yaml:4:3: the template of Self, "template.yaml", is nested in itself'


def test_nested_templates_end() -> None:
    for number in range(20):
        below = "".join(
            f"  {name}: {{Type: AWS::Serverless::Application, Properties: {{Location: t{number + 1}.yaml}}}}\n" for name in ("A", "B", "C")
        )
        Path(f"t{number}.yaml").write_text(f"Resources:\n{below}")
    source = load_template("t0.yaml")
    assert len(source.nested) == 100
    assert "templates are nested more than 10 deep, or are more than 100" in problems(source)[0]


BUILDKIT = "use_buildkit = true\n"


@pytest.mark.parametrize(
    ("above", "beside", "builder"),
    [
        ('template_file = "infra/template.yaml"\n' + BUILDKIT, "cached = true\n", SamBuilder.BUILDKIT),
        ('template = "./infra/template.yaml"\n' + BUILDKIT, None, SamBuilder.BUILDKIT),
        ('template_file = "other/template.yaml"\n' + BUILDKIT, "cached = true\n", SamBuilder.CLASSIC),
        (BUILDKIT, None, SamBuilder.CLASSIC),
        ("cached = true\n", BUILDKIT, SamBuilder.BUILDKIT),
    ],
)
def test_the_samconfig_of_a_template_is_the_one_that_names_it(above: str, beside: str | None, builder: SamBuilder) -> None:
    """As `sam build` of SAM CLI 1.170.0 finds it, with the template in its configuration, and with --template."""
    Path("infra").mkdir()
    Path("infra/template.yaml").write_text("Resources:\n  Api: " + FUNCTION % ("arm64", "Dockerfile", "../api") + "\n")
    Path("samconfig.toml").write_text(f"[default.build.parameters]\n{above}")
    if beside is not None:
        Path("infra/samconfig.toml").write_text(f"[default.build.parameters]\n{beside}")
    source = load_template("infra/template.yaml")
    assert [item.sam for item in source.subjects if isinstance(item, DockerfileSubject)] == [builder]


def test_contexts_start_at_the_base_directory_of_samconfig() -> None:
    """`sam build` of SAM CLI 1.170.0 with base_dir: relative to where it is called, for nested templates too."""
    Path("infra").mkdir()
    Path("infra/template.yaml").write_text("Resources:\n  Api: " + FUNCTION % ("arm64", "Dockerfile", "api") + "\n")
    Path("samconfig.toml").write_text('[default.global.parameters]\ntemplate_file = "infra/template.yaml"\nbase_dir = "."\n')
    source = load_template("infra/template.yaml")
    assert functions(source) == [("Api", "arm64", "api/Dockerfile")]


@pytest.mark.parametrize(
    ("name", "text", "why"),
    [
        ("samconfig.toml", "[default.build.parameters]\nuse_buildkit = tru\n", "line 2: the text tru has no quotes"),
        ("samconfig.toml", "[default.build.parameters\nuse_buildkit = true\n", "line 1: nothing closes the ["),
        ("samconfig.yaml", "a: [", "not readable as YAML"),
        ("samconfig.yml", "- a\n", "it is not a mapping"),
    ],
)
def test_a_samconfig_that_cannot_be_read_is_told(name: str, text: str, why: str) -> None:
    Path(name).write_text(text)
    source = read(HIDDEN + "  Raw: {Type: AWS::S3::Bucket}\n")
    (problem,) = problems(source)
    assert problem.startswith(f'template.yaml:1:1: "{name}" cannot be read, so parameters and the builder are unknown: {why}')
    assert functions(source) == [("Api", None, "")]
    assert len(open_questions(source)) == 2


@pytest.mark.parametrize(
    ("text", "builder"),
    [
        (None, SamBuilder.CLASSIC),
        ("[default.build.parameters]\nuse_buildkit = true\n", SamBuilder.BUILDKIT),
        ("[default.build.parameters]\nuse_buildkit = tru\n", SamBuilder.UNKNOWN),
    ],
)
def test_the_builder_of_a_template(text: str | None, builder: SamBuilder) -> None:
    if text is not None:
        Path("samconfig.toml").write_text(text)
    source = read("Resources:\n  Api: " + FUNCTION % ("arm64", "Dockerfile", "api") + "\n")
    assert [item.sam for item in source.subjects if isinstance(item, DockerfileSubject)] == [builder]


def test_an_image_that_cdk_builds_is_not_one_of_sam() -> None:
    resource = {
        "Type": "AWS::Lambda::Function",
        "Properties": {"Code": {"ImageUri": "a:1"}, "PackageType": "Image"},
        "Metadata": {
            "aws:asset:path": "apps/shop",
            "aws:asset:dockerfile-path": "Dockerfile",
            "aws:asset:docker-build-target": "one",
            "aws:asset:property": "Code.ImageUri",
        },
    }
    Path("apps/shop/Dockerfile").write_text(f"FROM {PYTHON} AS one\nFROM {PYTHON} AS two\n")
    source = read(json.dumps({"Resources": {"Api": resource}}))
    (file,) = [item for item in source.subjects if isinstance(item, DockerfileSubject)]
    assert (file.sam, file.target) == (None, "one")
    # SAM drops the target: this is what LIO203 says.
    assert [item.rule for item in lint([file], Conventions(today=TODAY)).findings if item.rule == "LIO203"] == ["LIO203"]


def test_faults_have_their_places_in_nested_templates_too() -> None:
    (Path("apps") / "template.yaml").write_text(
        "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image}\n    Metadata:\n      DockerContext: shop\n"
        "      Dockerfile: Dockerfile\n      DockerBuildArgs:\n        A: true\n"
    )
    source = read("Resources:\n  Shop: {Type: AWS::Serverless::Application, Properties: {Location: apps/template.yaml}}\n")
    apps = [item for item in source.subjects if isinstance(item, AppSubject)]
    found = [(app.location.path, fault.construct, str(fault.problem.span.start)) for app in apps for fault in app.faults]
    assert found == [("apps/template.yaml", "Shop/Api", "9:9")]


def test_a_text_without_resources_is_no_template() -> None:
    assert problems(read("services: {web: {image: a}}\n")) == ["template.yaml:1:1: the template has no mapping of Resources"]
