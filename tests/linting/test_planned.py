"""Images made from specifications are judged as any other: by the same rules, with the same verdict."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from optimizer import Command, Files, GoBuild, ImageSpec, PythonDependencies, RustBuild, SourceCode, SystemPackages
from optimizer.bases.catalogue import base_image
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.finding import Location
from optimizer.linting.report import LintReport
from optimizer.linting.rule import Family, choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject, Subject
from optimizer.model.function import Qualifier
from optimizer.model.stability import Stability
from optimizer.model.tag_mutability import TagMutability
from optimizer.model.template import SamBuilder
from tests.linting.cases import PYTHON, TODAY
from tests.linting.planned import lock, planned, running, written
from tests.linting.snapstart import BY_SAM, ON
from tests.test_golden import CASES, GOLDEN

CONVENTIONS = Conventions(today=TODAY)
LATER = Conventions(today=datetime.date(2036, 1, 1), lock=lock())


def shell(*scripts: str, **known: object) -> Command:
    return Command([["sh", "-c", script] for script in scripts], **known)  # type: ignore[arg-type]


def code(root: Path, **known: object) -> DockerfileSubject:
    return planned(root, SourceCode("app"), **known)  # type: ignore[arg-type]


def functions(*items: FunctionSubject) -> list[Subject]:
    files = [item.dockerfile for item in items if item.dockerfile is not None]
    return [*files, *items, AppSubject(location=Location(path="cdk.out"), functions=items, dockerfiles=files)]


@dataclass(frozen=True)
class Planned:
    """An image of a specification in which a rule finds something, with what it is judged by."""

    made: Callable[[Path], DockerfileSubject]
    conventions: Conventions = CONVENTIONS
    files: dict[str, str] = field(default_factory=dict)
    app: Callable[[DockerfileSubject], Sequence[FunctionSubject]] = lambda file: [running(file)]

    def subjects(self, root: Path) -> list[Subject]:
        for path, text in {"app/app.py": "def handler(event, context): ...\n", **self.files}.items():
            (root / path).parent.mkdir(parents=True, exist_ok=True)
            (root / path).write_text(text)
        return functions(*self.app(self.made(root)))


def sets(file: DockerfileSubject, **properties: object) -> FunctionSubject:
    """A function of the image with the properties."""
    return running(file, properties={"PackageType": "Image", **properties})


def asked(**known: object) -> Conventions:
    return replace(CONVENTIONS, **known)  # type: ignore[arg-type]


PROVIDER = {"LambdaManagedInstancesCapacityProviderConfig": {"CapacityProviderArn": "arn"}}

FIND = {
    "LIO101": Planned(lambda root: code(root, base="example.com/house:1")),
    "LIO104": Planned(code, LATER),
    "LIO105": Planned(lambda root: code(root, runtime="python3.15", allow=["python3.15"])),
    "LIO106": Planned(code, LATER),
    "LIO151": Planned(
        lambda root: planned(root, GoBuild("go"), runtime="provided.al2023"),
        asked(registries=("public.ecr.aws/lambda",)),
        {"go/go.mod": "module shop\n\ngo 1.25\n", "go/main.go": "package main\n"},
    ),
    "LIO152": Planned(code, asked(runtimes=("nodejs22.x",))),
    "LIO153": Planned(code, asked(architectures=("arm64",))),
    "LIO201": Planned(lambda root: planned(root, SystemPackages(["gcc"]))),
    "LIO302": Planned(
        lambda root: planned(root, shell("pip install -r requirements.txt --target /layer/tree", inputs=["app", "requirements.txt"])),
        files={"requirements.txt": "idna==3.10\n"},
    ),
    "LIO303": Planned(
        lambda root: planned(root, shell("make", inputs=["app", "models"])),
        asked(stabilities={"app": Stability.DAILY, "models": Stability.MONTHLY}),
        {"models/ranker.onnx": "1"},
    ),
    "LIO305": Planned(lambda root: planned(root, shell("make"), build_arguments={"GIT_SHA": "1"})),
    "LIO401": Planned(lambda root: planned(root, PythonDependencies("fn/requirements.txt")), files={"fn/requirements.txt": "idna==3.10\n"}),
    "LIO403": Planned(lambda root: planned(root, shell("export SOURCE_DATE_EPOCH=$(date +%s); make"))),
    "LIO404": Planned(lambda root: planned(root, shell("echo $(date) > /layer/tree/built"))),
    "LIO407": Planned(lambda root: planned(root, shell("dnf upgrade -y"))),
    "LIO408": Planned(lambda root: planned(root, shell("curl -fsSLo /layer/tree/tool https://example.com/tool"))),
    "LIO506": Planned(lambda root: planned(root, shell("make", inputs=["lib"])), files={"lib/.venv/a": "", "lib/b": ""}),
    "LIO603": Planned(code, app=lambda file: [running(file, command=("app.one", "app.two"))]),
    "LIO605": Planned(lambda root: planned(root), app=lambda file: [running(file, entrypoint=("uvicorn", "app:app"))]),
    "LIO607": Planned(lambda root: code(root, environment={"AWS_REGION": "eu-west-1"})),
    "LIO609": Planned(code, app=lambda file: [running(file, command=())]),
    "LIO610": Planned(
        lambda root: planned(root, *(Files(f"many/{number}", to="/opt/", name=f"file-{number}") for number in range(112))),
        files={f"many/{number}": "" for number in range(112)},
    ),
    "LIO613": Planned(lambda root: code(root, runtime="python3.12"), app=lambda file: [sets(file, CapacityProviderConfig=PROVIDER)]),
    "LIO614": Planned(
        code,
        app=lambda file: [
            running(file, properties={"CapacityProviderConfig": PROVIDER}, architecture="x86_64", provider_architectures=("arm64",))
        ],
    ),
    "LIO641": Planned(code, app=lambda file: [sets(file, Layers=["arn"])]),
    "LIO642": Planned(code, app=lambda file: [sets(file, CodeSigningConfigArn="arn")]),
    "LIO643": Planned(code, app=lambda file: [sets(file, EphemeralStorage={"Size": 20480})]),
    "LIO644": Planned(code, app=lambda file: [sets(file, MemorySize=16384)]),
    "LIO645": Planned(code, app=lambda file: [sets(file, AcceleratorConfig={"AcceleratorMemorySize": 16})]),
    "LIO646": Planned(code, app=lambda file: [sets(file, CapacityProviderConfig=PROVIDER, VpcConfig={"SubnetIds": ["subnet-1"]})]),
    "LIO649": Planned(
        lambda root: planned(root, PythonDependencies("fn/requirements.txt")),
        files={"fn/requirements.txt": f"idna==3.10 --hash=sha256:{'1' * 64}\n"},
        app=lambda file: [sets(file, DurableConfig={"ExecutionTimeout": 3600})],
    ),
    "LIO650": Planned(code, app=lambda file: [sets(file, FunctionName="orders", DurableConfig={"ExecutionTimeout": 3600})]),
    "LIO682": Planned(code, app=lambda file: [running(file, architecture_given=False, metadata="Dockerfile: Dockerfile")]),
    "LIO683": Planned(code, app=lambda file: [running(file, architecture="arm64")]),
    "LIO701": Planned(
        code,
        app=lambda file: [running(file, repository=name, image=image) for name, image in (("a", "1"), ("a", "2"), ("b", "3"))],
    ),
    "LIO702": Planned(code, app=lambda file: [running(file, repository=name, image=name) for name in ("a", "b")]),
    "LIO703": Planned(code, app=lambda file: [running(file, repository=name, image=name) for name in ("shop/a", "shop/b")]),
    "LIO706": Planned(
        lambda root: replace(
            code(root),
            repository="shop",
            repository_tags=TagMutability(mode="IMMUTABLE"),
            cache_to=("1.dkr.ecr.eu-west-1.amazonaws.com/shop:cache",),
        )
    ),
    "LIO751": Planned(code, asked(repository="shop"), app=lambda file: [running(file, repository="other")]),
    "LIO802": Planned(lambda root: planned(root, shell("make", inputs=["keys"])), files={"keys/id_rsa": "1"}),
    "LIO803": Planned(lambda root: planned(root, shell("curl -H 'Authorization: Bearer 0123456789' https://example.com"))),
    "LIO901": Planned(
        code,
        app=lambda file: [
            running(file),
            *(running(DockerfileSubject.of(f"FROM {PYTHON}", "hand/Dockerfile", construct=name)) for name in ("Shop/One", "Shop/Two")),
        ],
    ),
    "LIO631": Planned(lambda root: code(root, runtime="nodejs22.x"), app=lambda file: [running(file, properties=ON)]),
    "LIO632": Planned(code, app=lambda file: [running(file, properties={**ON, "EphemeralStorage": {"Size": 1024}})]),
    "LIO633": Planned(
        code, app=lambda file: [running(file, properties=ON, qualifiers=(Qualifier(name="Live", alias=True, provisioned=True),))]
    ),
    "LIO634": Planned(code, app=lambda file: [running(file, properties=ON, region="ap-east-2")]),
    "LIO636": Planned(code, app=lambda file: [running(file, properties=ON, serverless=True, qualifiers=BY_SAM)]),
    "LIO904": Planned(code, app=lambda file: [running(file, metadata=text) for text in ("DockerTag: get", "DockerTag: put")]),
}
"""For each rule that can find something in an image of a specification, such an image."""

NEVER = {
    "LIO102": "planning refuses an image that the lock does not pin",
    "LIO103": "planning refuses an image that the lock does not pin",
    "LIO107": "no FROM of the image names a platform, and planning refuses an architecture that the runtime lacks; LIO683 judges the function",
    "LIO108": "no syntax line is rendered",
    "LIO109": "the image of a specification is a function's",
    "LIO202": "packages of languages are installed in stages of their own",
    "LIO203": "the image is the last stage",
    "LIO204": "the cache is emptied in the same RUN, or mounted",
    "LIO205": "code and dependencies are trees of their own",
    "LIO206": "nothing of the image is removed in a later layer",
    "LIO207": "the image has one command and one entrypoint, which the specification names",
    "LIO301": "each file and each directory of inputs has a COPY of its own",
    "LIO304": "dependencies come before code, by their stabilities or because after demands it",
    "LIO402": "no ADD of a URL is rendered",
    "LIO405": "only system packages are installed in place",
    "LIO406": "every layer has one constant time",
    "LIO501": "the context holds what the specification names, and nothing else",
    "LIO502": "the context has no ignore file",
    "LIO503": "the Dockerfile stands in its context",
    "LIO504": "the context has no ignore file",
    "LIO505": "the context has no ignore file",
    "LIO601": "no such instruction is rendered",
    "LIO602": "no USER is rendered",
    "LIO604": "no mode is rendered; trees have two modes, which all can read",
    "LIO606": "no SHELL is rendered",
    "LIO608": "no working directory of the image is rendered",
    "LIO635": "it judges images that are built elsewhere",
    "LIO647": "the function runs an image",
    "LIO648": "the image is an asset of the app, in the repository that CDK chooses",
    "LIO672": "it judges the sizes of a plan, which a written image has none of",
    "LIO681": "it judges templates, whatever images they name",
    "LIO684": "it judges templates, whatever images they name",
    "LIO685": "it judges templates, whatever images they name",
    "LIO686": "it judges templates, whatever images they name",
    "LIO687": "no template of SAM builds it",
    "LIO688": "it judges templates, whatever images they name",
    "LIO691": "it judges runtimes of zip functions, and no image of a function",
    "LIO692": "it judges runtimes of zip functions, and no image of a function",
    "LIO693": "it judges runtimes of zip functions, and no image of a function",
    "LIO694": "it judges runtimes of zip functions, and no image of a function",
    "LIO709": "the image is an asset of the function's own stack",
    "LIO801": "an ImageSpec refuses such a name and such a value",
    "LIO804": "no secret is copied into a layer to be removed",
    "LIO902": "files of a lock are mounted, not copied, and equal dependencies of one base make one stage",
    "LIO903": "the command is the function's, never the image's",
    "LIO905": "no template of SAM builds it",
    "LIO409": "the script of a command is one quoted argument, in which redirections are not read",
    "LIO611": "whole trees are copied to the root, and planning refuses steps that put files into /tmp",
    "LIO612": "packages are installed in stages of their own, into the tree that is copied",
}
"""The rules of hand-written images that find nothing in one of a specification, and why."""


def verdicts(report: LintReport, rule: str) -> set[str]:
    """What the rule says, wherever, and without the words for the step."""
    found = [item.message for item in report.findings if item.rule == rule] + [
        item.reason for item in report.inconclusive if item.rule == rule
    ]
    return {text.partition(", in the step ")[0].replace("hand/Dockerfile", "Shop/Api") for text in found}


def twins(subjects: list[Subject]) -> list[Subject]:
    """The same app, with its images from Dockerfiles that people wrote."""
    made = [item for item in subjects if isinstance(item, FunctionSubject)]
    files = [item.dockerfile for item in made]
    assert all(file is not None for file in files)
    hand = [replace(item, dockerfile=written(file) if file and file.place else file) for item, file in zip(made, files, strict=True)]
    return functions(*hand)


def test_every_rule_of_images_is_one_or_the_other() -> None:
    kinds = {"dockerfile", "function", "app"}
    judging = {rule.id for rule in RULES if kinds & set(rule.applies_to) and rule.family is not Family.LINT}
    assert set(FIND) | set(NEVER) == judging
    assert not set(FIND) & set(NEVER)


@pytest.mark.parametrize("rule", FIND)
def test_finds_in_a_planned_image_what_it_finds_in_a_written_one(rule: str, tmp_path: Path) -> None:
    """Requirement: "rules ask one subject, whatever made the image"."""
    case = FIND[rule]
    subjects = case.subjects(tmp_path / "project")
    report = lint(subjects, case.conventions)
    found = [item for item in report.findings if item.rule == rule]
    assert found
    assert verdicts(report, rule) == verdicts(lint(twins(subjects), case.conventions), rule)
    # Nobody edits the file, and a second synthesis gives it another name.
    assert {(item.location.path, item.location.span, item.fix) for item in found} <= {
        ("Shop.template.json", None, None),
        ("cdk.out", None, None),
        ("hand/Dockerfile", None, None),
    }


@pytest.mark.parametrize("rule", FIND)
def test_every_other_verdict_is_that_of_a_written_image(rule: str, tmp_path: Path) -> None:
    subjects = FIND[rule].subjects(tmp_path / "project")
    made, hand = (lint(items, FIND[rule].conventions) for items in (subjects, twins(subjects)))
    for other in (item.id for item in RULES if item.id != "LIO501"):
        assert verdicts(made, other) == verdicts(hand, other), other


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_found_is_not_found(case: str, tmp_path: Path) -> None:
    text = (GOLDEN / case / "Dockerfile").read_text(encoding="utf-8")
    file = DockerfileSubject.of(text, arguments={}, architecture="x86_64", construct="Shop/Api")
    report = lint(functions(running(replace(file, platform="linux/amd64", place=Location(construct="Shop/Api")))), CONVENTIONS)
    assert not {item.rule for item in report.findings} & set(NEVER)


def test_managed_instances_take_programs_of_rust_on_the_base_without_a_language(tmp_path: Path) -> None:
    """The page of AWS names Rust alone; of other programs nothing is known."""
    files = {
        "rs/Cargo.toml": '[package]\nname = "bootstrap"\n',
        "rs/Cargo.lock": "",
        "rs/src/main.rs": "",
        "go/go.mod": "module shop\n",
        "go/main.go": "",
    }
    for program, count in ((RustBuild("rs"), 0), (GoBuild("go"), 1)):
        case = Planned(
            lambda root, program=program: planned(root, program, runtime="provided.al2023"),
            files=files,
            app=lambda file: [sets(file, CapacityProviderConfig=PROVIDER)],
        )
        report = lint(case.subjects(tmp_path / type(program).__name__), CONVENTIONS, rules=choose(RULES, ["LIO613"]))
        assert (report.findings, len(report.inconclusive)) == ((), count)


def test_a_step_is_named_and_its_advice_is_for_the_specification(tmp_path: Path) -> None:
    (finding,) = lint(FIND["LIO401"].subjects(tmp_path / "project"), CONVENTIONS).findings
    assert finding.message == '"fn/requirements.txt" has no hashes, in the step "Python packages of fn/requirements.txt"'
    assert finding.hint.startswith("lock with hashes")
    assert finding.location == Location(path="Shop.template.json", construct="Shop/Api")


def test_a_rendered_file_that_is_named_itself_keeps_its_lines_and_is_not_edited(tmp_path: Path) -> None:
    made = Planned(lambda root: planned(root, Command([["uv", "sync"]], inputs=["uv.lock"])), files={"uv.lock": "version = 1"})
    (file, *_) = made.subjects(tmp_path / "project")
    assert isinstance(file, DockerfileSubject)
    report = lint([replace(file, place=None, construct="")], CONVENTIONS, rules=choose(RULES, ["LIO401"]))
    (finding,) = report.findings
    (twin,) = lint([written(file)], CONVENTIONS, rules=choose(RULES, ["LIO401"])).findings
    assert twin.fix is not None
    assert (finding.location.path, finding.fix) == (file.path, None)
    assert finding.location.span is not None and "uv sync" in finding.excerpt
    assert finding.hint.startswith("lock with hashes")


def test_a_whole_project_as_input_is_no_copy_of_everything(tmp_path: Path) -> None:
    subjects = Planned(lambda root: planned(root, shell("make", inputs=["."]))).subjects(tmp_path / "project")
    assert lint(subjects, CONVENTIONS).findings == ()
    assert {item.rule for item in lint(twins(subjects), CONVENTIONS).findings} == {"LIO501"}


def test_of_a_base_of_the_company_the_runtime_is_inconclusive_with_the_reason(tmp_path: Path) -> None:
    case = Planned(lambda root: code(root, base="example.com/house:1"), asked(runtimes=("python3.13",)))
    (result,) = lint(case.subjects(tmp_path / "project"), case.conventions).inconclusive
    assert (result.rule, result.location.construct) == ("LIO152", "Shop/Api")
    assert "example.com/house:1@sha256:5555" in result.reason


def test_an_image_specification_refuses_what_no_rule_has_to_find() -> None:
    assert base_image("python3.13").architectures == ("x86_64", "arm64")
    with pytest.raises(Exception, match="looks like a secret"):
        ImageSpec(runtime="python3.13", environment={"API_TOKEN": "1"})


@pytest.mark.parametrize("case", [case for case in CASES if (GOLDEN / case / "Dockerfile.classic").exists()])
def test_the_builder_of_sam_takes_the_classic_profile(case: str) -> None:
    """Requirement: "generated Dockerfiles that need use_buildkit" are told, and only those."""

    def found(name: str) -> bool:
        text = (GOLDEN / case / name).read_text(encoding="utf-8")
        file = DockerfileSubject.of(text, name, arguments={}, architecture="arm64", sam=SamBuilder.CLASSIC)
        return bool(lint([file], CONVENTIONS, rules=choose(RULES, ["LIO687"])).findings)

    usual = (GOLDEN / case / "Dockerfile").read_text(encoding="utf-8")
    assert not found("Dockerfile.classic")
    assert found("Dockerfile") is any(word in usual for word in ("RUN --mount", "RUN --network", "$BUILDPLATFORM"))
