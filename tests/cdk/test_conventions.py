"""`Conventions`: what a platform team switches on in one line of app.py."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
import pytest
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_ecr_assets as ecr_assets
from aws_cdk import aws_lambda as lambda_
from aws_cdk.assertions import Template
from click.testing import CliRunner

from optimizer import ImageSpec, PythonDependencies, SourceCode, SystemPackages
from optimizer.cdk import Conventions, OptimizedFunction, SharedAssetRepository, SharedRepositorySynthesizer
from optimizer.cdk.conventions import _PROPERTIES
from optimizer.cli import lint as lint_command
from optimizer.errors import ConfigurationError
from tests.cdk.test_function import lock_text
from tests.cdk_apps import WITHOUT_TEMPLATE_CHECK
from tests.linting.cases import PYTHON
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
BAD = f'FROM {PYTHON}\nLABEL team=shop\nUSER 1000\nCMD ["app.handler"]\n'
GOOD = f'FROM {PYTHON}\nLABEL team=shop\nCMD ["app.handler"]\n'


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in (("bad", BAD), ("good", GOOD)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "Dockerfile").write_text(text)
        (tmp_path / name / "app.py").write_text(f"# {name}\n")
    (tmp_path / "optimizer.lock").write_text(lock_text())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def plain(scope: Any, id: str = "Api", source: str = "bad", **properties: Any) -> lambda_.DockerImageFunction:
    properties.setdefault("architecture", lambda_.Architecture.X86_64)
    return lambda_.DockerImageFunction(scope, id, code=asset(source), **properties)


def asset(source: str, **properties: Any) -> lambda_.DockerImageCode:
    # The directory of Node.js stays what it was when it was started.
    return lambda_.DockerImageCode.from_image_asset(os.path.abspath(source), **properties)


def own_report(app: cdk.App) -> dict[str, Any]:
    (report,) = [
        item
        for item in json.loads(Path(app.outdir, "validation-report.json").read_text())["pluginReports"]
        if item["pluginName"] == "lambda-image-optimizer"
    ]
    return report


class TestValidation:
    def test_fails_with_rule_construct_line_and_fix(self, home: Path) -> None:
        """Requirement: "a CDK app with a hand-written bad function fails synth with the rule, the construct's path, the
        Dockerfile's line and the fix"."""
        app = cdk.App()
        Conventions().apply(app)
        plain(cdk.Stack(app, "Shop"))
        with pytest.raises(RuntimeError, match="LIO602"):
            app.synth()
        report = own_report(app)
        assert report["conclusion"] == "failure"
        (violation,) = report["violations"]
        assert violation["ruleName"] == "LIO602"
        assert violation["description"] == 'user-set: the image sets the user "1000" (bad/Dockerfile:3:1: USER 1000)'
        assert violation["suggestedFix"] == "remove USER, and make every file readable by all"
        assert violation["ruleMetadata"] == {
            "name": "user-set",
            "severity": "warning",
            "path": "bad/Dockerfile",
            "line": "3",
            "column": "1",
        }
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Shop/Api"]

    def test_passes_what_holds_to_them(self, home: Path) -> None:
        app = cdk.App()
        Conventions(fail_on="info").apply(app)
        plain(cdk.Stack(app, "Shop"), source="good")
        app.synth()

    def test_acknowledged_with_a_reason_it_passes_and_the_report_says_so(self, home: Path) -> None:
        app = cdk.App()
        conventions = Conventions()
        conventions.apply(app)
        function = plain(cdk.Stack(app, "Shop"))
        conventions.acknowledge(function, "user-set", reason="the vendor's agent needs it until March")
        app.synth()
        report = own_report(app)
        assert (report["conclusion"], report["violations"]) == ("success", [])
        (suppressed,) = report["suppressedViolations"]
        assert (suppressed["ruleName"], suppressed["reason"]) == ("LIO602", "the vendor's agent needs it until March")
        assert suppressed["acknowledgedAt"] == "Shop/Api"

    def test_an_acknowledgement_holds_for_its_construct_and_below(self, home: Path) -> None:
        app = cdk.App()
        conventions = Conventions()
        conventions.apply(app)
        first, second = cdk.Stack(app, "First"), cdk.Stack(app, "Second")
        plain(first)
        plain(second)
        conventions.acknowledge(first, "LIO602", reason="agreed")
        with pytest.raises(RuntimeError, match="LIO602"):
            app.synth()
        (violation,) = own_report(app)["violations"]
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Second/Api"]

    def test_fails_a_warning_still_when_another_one_is_acknowledged(self, home: Path) -> None:
        """CDK judges anew after it has set acknowledged violations aside, and fails for its own word "error" alone."""
        (home / "bad" / "Dockerfile").write_text(BAD + "EXPOSE 80\n")
        app = cdk.App()
        conventions = Conventions()
        conventions.apply(app)
        conventions.acknowledge(plain(cdk.Stack(app, "Shop")), "LIO602", reason="agreed")
        with pytest.raises(RuntimeError, match="LIO601"):
            app.synth()

    def test_below_the_threshold_it_is_reported_and_passes(self, home: Path) -> None:
        app = cdk.App()
        Conventions(fail_on="error").apply(app)
        plain(cdk.Stack(app, "Shop"))
        app.synth()
        report = own_report(app)
        assert (report["conclusion"], report["violations"][0]["severity"]) == ("success", "warning")

    def test_severities_of_the_company_count(self, home: Path) -> None:
        app = cdk.App()
        Conventions(fail_on="error", severities={"user-set": "error"}).apply(app)
        plain(cdk.Stack(app, "Shop"))
        with pytest.raises(RuntimeError, match="LIO602"):
            app.synth()
        other = cdk.App()
        Conventions(severities={"LIO602": None}).apply(other)
        plain(cdk.Stack(other, "Shop"))
        other.synth()

    @pytest.mark.parametrize(
        ("id", "reason", "message"),
        [
            ("lambda-image-optimizer::LIO602", " ", "the acknowledgement of LIO602: a suppression needs a reason"),
            ("lambda-image-optimizer::LIO999", "agreed", 'no rule has the id "LIO999" that is acknowledged'),
            ("lambda-image-optimizer::LIO501", "agreed", "the suppression matches no finding of LIO501"),
        ],
    )
    def test_fails_for_an_acknowledgement_that_is_none(self, home: Path, id: str, reason: str, message: str) -> None:
        app = cdk.App()
        Conventions().apply(app)
        function = plain(cdk.Stack(app, "Shop"), source="good")
        cdk.Validations.of(function).acknowledge(cdk.Acknowledgment(id=id, reason=reason))
        with pytest.raises(RuntimeError, match=message):
            app.synth()
        assert own_report(app)["violations"][0]["violatingConstructs"][0]["constructPath"] == "Shop/Api"

    def test_fails_when_the_last_day_of_an_acknowledgement_is_over(self, home: Path) -> None:
        app = cdk.App()
        conventions = Conventions()
        conventions.apply(app)
        conventions.acknowledge(plain(cdk.Stack(app, "Shop")), "user-set", reason="until the vendor fixes it (until 2024-01-31)")
        with pytest.raises(RuntimeError, match="LIO004"):
            app.synth()
        assert "the suppression expired on 2024-01-31" in own_report(app)["violations"][0]["description"]

    def test_the_configuration_of_the_project_holds_beneath_what_is_said_in_python(self, home: Path) -> None:
        (home / "optimizer.toml").write_text(
            '[conventions]\nfail_on = "error"\nruntimes = ["python3.12"]\n\n[conventions.severities]\n"user-set" = "info"\n'
        )

        def judged(conventions: Conventions) -> dict[str, str]:
            app = cdk.App()
            conventions.apply(app)
            plain(cdk.Stack(app, "Shop"))
            with contextlib.suppress(RuntimeError):
                app.synth()
            return {item["ruleName"]: item["severity"] for item in own_report(app)["violations"]}

        assert judged(Conventions()) == {"LIO602": "info", "LIO152": "error"}
        assert judged(Conventions(severities={"LIO602": "error", "runtime-not-allowed": "warning"})) == {
            "LIO602": "error",
            "LIO152": "warning",
        }
        assert judged(Conventions(fail_on="info")) == {"LIO602": "error", "LIO152": "error"}

    def test_suppressions_of_the_configuration_hold_by_construct(self, home: Path) -> None:
        suppression = '[[conventions.suppressions]]\nrules = ["user-set"]\nconstruct = "Shop"\nreason = "agreed"\n'
        (home / "optimizer.toml").write_text(suppression)
        app = cdk.App()
        Conventions().apply(app)
        plain(cdk.Stack(app, "Shop"))
        app.synth()
        other = cdk.App()
        Conventions().apply(other)
        plain(cdk.Stack(other, "Stock"))
        with pytest.raises(RuntimeError, match="LIO602"):
            other.synth()

    def test_a_shared_image_is_one_violation_with_every_function(self, home: Path) -> None:
        app = cdk.App()
        Conventions().apply(app)
        stack = cdk.Stack(app, "Shop")
        for id in ("One", "Two"):
            code = asset("bad", cmd=[f"app.{id.lower()}"])
            lambda_.DockerImageFunction(stack, id, code=code, architecture=lambda_.Architecture.X86_64)
        with pytest.raises(RuntimeError):
            app.synth()
        (violation,) = own_report(app)["violations"]
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Shop/One", "Shop/Two"]

    def test_sees_stages_nested_stacks_and_assets_without_a_function(self, home: Path) -> None:
        (home / "bad" / "Dockerfile").write_text("FROM alpine\nADD https://example.com/tool /tool\nUSER 1\n")
        app = cdk.App()
        Conventions().apply(app)
        stack = cdk.Stack(cdk.Stage(app, "Production"), "Shop")
        plain(cdk.NestedStack(stack, "Nested"))
        ecr_assets.DockerImageAsset(stack, "Sidecar", directory=os.path.abspath("bad"), extra_hash="other")
        with pytest.raises(RuntimeError):
            app.synth()
        found = {
            (violation["ruleName"], resource["constructPath"])
            for violation in own_report(app)["violations"]
            for resource in violation["violatingConstructs"]
        }
        assert {("LIO101", "Production/Shop/Nested/Api"), ("LIO602", "Production/Shop/Nested/Api")} <= found
        # What Lambda demands is not asked of other images.
        assert {rule for rule, path in found if path.endswith("Sidecar")} == {"LIO102", "LIO402"}

    def test_knows_the_image_that_another_stack_publishes(self, home: Path) -> None:
        """Nothing was said of such functions but what holds for every image."""
        app = cdk.App()
        Conventions().apply(app)
        images, shop = cdk.Stack(app, "Images"), cdk.Stack(app, "Shop")
        shared = ecr_assets.DockerImageAsset(images, "Shared", directory=os.path.abspath("bad"), platform=ecr_assets.Platform.LINUX_AMD64)
        code = lambda_.DockerImageCode.from_ecr(shared.repository, tag_or_digest=shared.image_tag)
        lambda_.DockerImageFunction(shop, "Api", code=code, architecture=lambda_.Architecture.X86_64)
        with pytest.raises(RuntimeError):
            app.synth()
        found = own_report(app)["violations"]
        assert {violation["ruleName"] for violation in found} == {"LIO602", "LIO709"}
        assert {item["constructPath"] for violation in found for item in violation["violatingConstructs"]} == {"Shop/Api"}

    def test_reads_what_the_legacy_synthesizer_writes(self, home: Path) -> None:
        app = cdk.App()
        Conventions().apply(app)
        plain(cdk.Stack(app, "Shop", synthesizer=cdk.LegacyStackSynthesizer()))
        with pytest.raises(RuntimeError):
            app.synth()
        # Its repository is called aws-cdk/assets.
        assert {violation["ruleName"] for violation in own_report(app)["violations"]} == {"LIO602", "LIO703"}

    def test_on_a_stage_it_judges_the_stage(self, home: Path) -> None:
        app = cdk.App()
        stages = [cdk.Stage(app, name) for name in ("Development", "Production")]
        Conventions().apply(stages[1])
        for stage in stages:
            plain(cdk.Stack(stage, "Shop"))
        with pytest.raises(RuntimeError):
            app.synth()
        (violation,) = own_report(app)["violations"]
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Production/Shop/Api"]

    def test_a_real_cdk_synth_exits_1_and_shows_it(self, home: Path) -> None:
        (home / "app.py").write_text(
            "import aws_cdk as cdk\n"
            "from aws_cdk import aws_lambda as lambda_\n"
            "from optimizer.cdk import Conventions\n"
            "app = cdk.App()\n"
            "Conventions().apply(app)\n"
            'lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=lambda_.DockerImageCode.from_image_asset("bad"),\n'
            "    architecture=lambda_.Architecture.X86_64)\n"
            "app.synth()\n"
        )
        bin = Path(sys.executable).parent
        result = subprocess.run(
            [str(bin / "cdk"), "synth", "--quiet", "--no-notices", "--app", f"{sys.executable} app.py"],
            cwd=home,
            env={**os.environ, **WITHOUT_TEMPLATE_CHECK, "PATH": f"{bin}:{os.environ['PATH']}", "PYTHONPATH": str(ROOT), "CI": "true"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        shown = result.stdout + result.stderr
        assert result.returncode == 1
        assert 'user-set: the image sets the user "1000" (bad/Dockerfile:3:1: USER 1000)' in shown
        assert "Shop/Api aws-cdk-lib.aws_lambda.DockerImageFunction" in shown
        assert "Suggested fix: remove USER" in shown
        assert "Acknowledge with 'lambda-image-optimizer::LIO602'" in shown


def spec(*steps: Any, **known: Any) -> ImageSpec:
    return ImageSpec(**{"runtime": "python3.13", "steps": steps, **known})


def function_of(construct: lambda_.Function) -> lambda_.CfnFunction:
    resource = construct.node.default_child
    assert isinstance(resource, lambda_.CfnFunction)
    return resource


@jsii.implements(cdk.IAspect)
class Graviton:
    """Moves every function to arm64, as platform teams do."""

    def visit(self, node: Any) -> None:
        if isinstance(node, lambda_.CfnFunction):
            node.architectures = ["arm64"]


class TestSpecifications:
    """Images of specifications are judged by the same rules as any other."""

    @pytest.fixture(autouse=True)
    def project(self, home: Path) -> None:
        for path, text in {"code/app.py": "", "fn/requirements.txt": "idna==3.10\n"}.items():
            (home / path).parent.mkdir(exist_ok=True)
            (home / path).write_text(text)

    def made(self, scope: Any, id: str = "Made", *steps: Any, **known: Any) -> OptimizedFunction:
        return OptimizedFunction(scope, id, spec=spec(*(steps or (SourceCode("code"),)), **known), handler="app.handler")

    @pytest.mark.parametrize("way", ["aspect", "escape hatch"])
    def test_fails_for_an_architecture_that_is_changed_behind_the_specification(self, home: Path, way: str) -> None:
        app = cdk.App()
        Conventions().apply(app)
        stack = cdk.Stack(app, "Shop")
        function = self.made(stack)
        if way == "aspect":
            cdk.Aspects.of(app).add(Graviton())
        else:
            function_of(function).add_property_override("Architectures", ["arm64"])
        with pytest.raises(RuntimeError, match="LIO683"):
            app.synth()
        (violation,) = own_report(app)["violations"]
        assert (violation["ruleName"], violation["severity"]) == ("LIO683", "error")
        assert "the function is arm64, and its image is built for linux/amd64" in violation["description"]
        assert violation["suggestedFix"].startswith("set architecture in the specification")
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Shop/Made"]

    def test_fails_for_packages_without_hashes_at_the_step(self, home: Path) -> None:
        app = cdk.App()
        Conventions().apply(app)
        self.made(cdk.Stack(app, "Shop"), "Made", PythonDependencies("fn/requirements.txt"))
        with pytest.raises(RuntimeError, match="LIO401"):
            app.synth()
        (violation,) = own_report(app)["violations"]
        assert '"fn/requirements.txt" has no hashes, in the step "Python packages of fn/requirements.txt"' in violation["description"]
        assert "asset." not in violation["description"]
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Shop/Made"]

    def test_what_is_inconclusive_is_told_with_rule_construct_and_reason_and_fails_nothing(self, home: Path) -> None:
        """Requirement: "what is inconclusive says why, everywhere"."""
        app = cdk.App()
        conventions = Conventions()
        conventions.apply(app)
        parameter = cdk.CfnParameter(stack := cdk.Stack(app, "Shop"), "Architecture")
        for name in ("Told", "Agreed"):
            function_of(self.made(stack, name)).add_property_override("Architectures", [parameter.value_as_string])
        conventions.acknowledge(stack.node.find_child("Agreed"), "LIO683", reason="the parameter is x86_64 in every account")
        app.synth()
        report = own_report(app)
        assert report["conclusion"] == "success"
        (violation,) = report["violations"]
        assert (violation["ruleName"], violation["severity"]) == ("LIO683", "info")
        assert violation["description"].startswith(
            "inconclusive: image-of-other-architecture: the architecture of the function is known at"
        )
        assert [item["constructPath"] for item in violation["violatingConstructs"]] == ["Shop/Told"]

    def test_a_synthesis_and_lint_of_its_output_find_the_same(self, home: Path) -> None:
        """Requirement: "the same findings from cdk synth and from optimizer lint cdk.out on the same app"."""
        (home / "optimizer.toml").write_text(
            '[conventions]\nruntimes = ["python3.13"]\nmax_image_bytes = 1000\n'
            '[[conventions.budgets]]\nconstruct = "Shop/[LS]*[et]"\nmax_unpacked_bytes = 1\n'
        )
        app = cdk.App(outdir=str(home / "cdk.out"))
        Conventions().apply(app)
        stack = cdk.Stack(app, "Shop")
        plain(stack, "Written")
        function_of(self.made(stack, "Other")).add_property_override("Architectures", ["arm64"])
        function_of(self.made(stack, "Silent")).add_property_deletion_override("ImageConfig")
        function_of(self.made(stack, "Server")).add_property_override("ImageConfig.EntryPoint", ["uvicorn", "app:app"])
        function_of(self.made(stack, "Two")).add_property_override("ImageConfig.Command", ["app.one", "app.two"])
        self.made(stack, "Loose", PythonDependencies("fn/requirements.txt"))
        self.made(stack, "Old", runtime="python3.9")
        self.made(cdk.Stack(cdk.Stage(app, "Production"), "Shop"), "Tools", SystemPackages(["gcc"]))
        with pytest.raises(RuntimeError):
            app.synth()
        violations = own_report(app)["violations"]

        def seen(inconclusive: bool) -> set[tuple[str, str, str]]:
            """Rule, what it says and construct, of the findings at synthesis or of what is inconclusive there."""
            return {
                (
                    item["ruleName"],
                    item["description"].removeprefix("inconclusive: ").partition(" (")[0].partition(": ")[2],
                    resource["constructPath"],
                )
                for item in violations
                for resource in item["violatingConstructs"]
                if ("inconclusive" in item["ruleMetadata"]) is inconclusive
            }

        result = CliRunner().invoke(lint_command.command, ["cdk.out", "--format", "json"])
        document = json.loads(result.stdout)
        afterwards = {
            (item["rule"], item["message"].partition(" (")[0], construct)
            for item in document["findings"]
            for construct in item.get("constructs", [item.get("construct", "")])
        }
        assert seen(inconclusive=False) == afterwards
        assert seen(inconclusive=True) == {(item["rule"], item["reason"], item["construct"]) for item in document["inconclusive"]}
        assert {(rule, construct) for rule, _, construct in seen(inconclusive=True)} == {
            ("LIO605", "Shop/Server"),
            ("LIO672", "Shop/Loose"),
        }
        assert {(rule, construct) for rule, _, construct in afterwards} == {
            ("LIO104", "Shop/Old"),
            ("LIO152", "Shop/Old"),
            ("LIO201", "Production/Shop/Tools"),
            ("LIO401", "Shop/Loose"),
            ("LIO602", "Shop/Written"),
            ("LIO603", "Shop/Two"),
            ("LIO609", "Shop/Silent"),
            ("LIO672", "Shop/Silent"),
            ("LIO683", "Shop/Other"),
            ("LIO901", "Shop/Written"),
        }


class TestRepositories:
    """What an app's stacks say of its repository, read from their templates."""

    def found(self, app: cdk.App) -> set[tuple[str, str]]:
        with contextlib.suppress(RuntimeError):
            app.synth()
        reports = json.loads(Path(app.outdir, "validation-report.json").read_text())["pluginReports"]
        own = [item for item in reports if item["pluginName"] == "lambda-image-optimizer"]
        return {
            (violation["ruleName"], resource["constructPath"])
            for report in own
            for violation in report["violations"]
            for resource in violation["violatingConstructs"]
        }

    def shared(self) -> cdk.App:
        app = cdk.App(default_stack_synthesizer=SharedRepositorySynthesizer(repository_name="images-${AWS::Region}"))
        Conventions().apply(app)
        plain(cdk.Stack(app, "Shop"), source="good")
        return app

    def test_our_own_repository_holds_to_the_rules(self, home: Path) -> None:
        app = self.shared()
        SharedAssetRepository(cdk.Stack(app, "Images"), "Repository")
        assert self.found(app) == set()

    def test_our_own_repository_in_an_app_without_functions(self, home: Path) -> None:
        """As docs/shared-repository.md has it for pipelines: caches expire, and no error says that functions would."""
        app = cdk.App()
        Conventions().apply(app)
        repository = SharedAssetRepository(cdk.Stack(app, "Images"), "Repository", repository_name="images", mutable_tags=["cache-*"])
        repository.add_lifecycle_rule(tag_prefix_list=["cache-"], max_image_age=cdk.Duration.days(60))
        app.synth()
        (violation,) = own_report(app)["violations"]
        assert violation["description"].startswith("inconclusive: lifecycle-kills-versions: whether functions run images by the tags")
        assert violation["severity"] == "info"

    def test_a_plain_one_that_expires_images_and_refuses_lambda(self, home: Path) -> None:
        app = self.shared()
        stack = cdk.Stack(app, "Images")
        ecr.Repository(stack, "Repository", repository_name=f"images-{stack.region}").add_lifecycle_rule(max_image_count=10)
        ecr.Repository(stack, "Other", repository_name="builders").add_lifecycle_rule(max_image_count=10)
        assert self.found(app) == {("LIO704", "Images/Repository"), ("LIO705", "Images/Repository")}

    def test_a_policy_that_archives_images_and_what_ecr_refuses(self, home: Path) -> None:
        """Requirement: rules of the archive "for lifecycle policy text in CDK apps"."""
        app = self.shared()
        stack = cdk.Stack(app, "Images")
        selection = {"tagStatus": "any", "countType": "sinceImagePulled", "countUnit": "days", "countNumber": 30}
        for id, name, action in (
            ("Repository", f"images-{stack.region}", {"type": "transition", "targetStorageClass": "archive"}),
            ("Other", "builders", {"type": "expire"}),
        ):
            text = json.dumps({"rules": [{"rulePriority": 1, "selection": selection, "action": action}]})
            policy = ecr.CfnRepository.LifecyclePolicyProperty(lifecycle_policy_text=text)
            ecr.CfnRepository(stack, id, repository_name=name, lifecycle_policy=policy)
        ecr.CfnRepository(stack, "Plain", image_tag_mutability="IMMUTABLE_WITH_EXCLUSION")
        assert self.found(app) == {
            ("LIO704", "Images/Repository"),
            ("LIO705", "Images/Repository"),
            ("LIO707", "Images/Other"),
            ("LIO708", "Images/Plain"),
        }

    def test_several_nested_ones(self, home: Path) -> None:
        app = cdk.App()
        Conventions().apply(app)
        for name, source in (("shop/orders", "good"), ("shop/stock", "bad")):
            (home / "bad" / "Dockerfile").write_text(GOOD)
            synthesizer = cdk.DefaultStackSynthesizer(image_assets_repository_name=name)
            stack = cdk.Stack(app, name.replace("/", "-"), synthesizer=synthesizer)
            code = asset(source)
            lambda_.DockerImageFunction(stack, "Api", code=code, architecture=lambda_.Architecture.X86_64)
        assert self.found(app) == {("LIO702", ""), ("LIO703", "")}

    def test_a_cache_among_the_images(self, home: Path) -> None:
        """Requirement: "fine where a filter covers the cache's tag, found where not, inconclusive where the matching semantics are not known"."""
        for filters, tag, found in (([], "cache-api", True), (["cache-*"], "cache-api", False), (["cache-*"], "api", True)):
            app = cdk.App(default_stack_synthesizer=cdk.DefaultStackSynthesizer(image_assets_repository_name="images"))
            Conventions().apply(app)
            cache = ecr_assets.DockerCacheOption(
                type="registry", params={"ref": f"111122223333.dkr.ecr.eu-west-1.amazonaws.com/images:{tag}"}
            )
            code = asset("good", cache_to=cache)
            lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=code, architecture=lambda_.Architecture.X86_64)
            SharedAssetRepository(cdk.Stack(app, "Images"), "Repository", repository_name="images", mutable_tags=filters)
            assert self.found(app) == ({("LIO706", "Shop/Api")} if found else set())

    def test_a_cache_in_a_repository_of_another_app(self, home: Path) -> None:
        app = cdk.App(default_stack_synthesizer=cdk.DefaultStackSynthesizer(image_assets_repository_name="images"))
        Conventions().apply(app)
        cache = ecr_assets.DockerCacheOption(type="registry", params={"ref": "111122223333.dkr.ecr.eu-west-1.amazonaws.com/images:cache"})
        code = asset("good", cache_to=cache)
        lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=code, architecture=lambda_.Architecture.X86_64)
        app.synth()
        (violation,) = own_report(app)["violations"]
        assert violation["description"].startswith(
            "inconclusive: cache-in-asset-repository: the cache goes to the repository of the images, and no filter of it is known"
        )


class TestDefaults:
    def test_a_team_gets_them_without_a_change_and_its_own_value_wins(self, home: Path) -> None:
        app = cdk.App()
        Conventions(
            function_defaults={
                "architecture": lambda_.Architecture.ARM_64,
                "memory_size": 512,
                "tracing": lambda_.Tracing.ACTIVE,
                "timeout": cdk.Duration.seconds(7),
                "environment": {"LOG_LEVEL": "info", "HOUSE": "acme"},
            }
        ).apply(app)
        stack = cdk.Stack(app, "Shop")
        lambda_.DockerImageFunction(stack, "Plain", code=asset("good"))
        plain(stack, "Own", "good", memory_size=256, environment={"LOG_LEVEL": "debug"})
        template = Template.from_stack(stack)
        template.has_resource_properties(
            "AWS::Lambda::Function",
            {
                "Architectures": ["arm64"],
                "MemorySize": 512,
                "Timeout": 7,
                "TracingConfig": {"Mode": "Active"},
                "Environment": {"Variables": {"LOG_LEVEL": "info", "HOUSE": "acme"}},
            },
        )
        template.has_resource_properties(
            "AWS::Lambda::Function",
            {"Architectures": ["x86_64"], "MemorySize": 256, "Environment": {"Variables": {"LOG_LEVEL": "debug", "HOUSE": "acme"}}},
        )

    def test_the_image_is_built_for_the_architecture_of_the_company(self, home: Path) -> None:
        app = cdk.App()
        Conventions(function_defaults={"architecture": lambda_.Architecture.ARM_64}).apply(app)
        lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=asset("good"))
        app.synth()
        (image,) = json.loads(Path(app.outdir, "Shop.assets.json").read_text())["dockerImages"].values()
        assert image["source"]["platform"] == "linux/arm64"

    def test_optimized_functions_keep_what_their_spec_decides(self, home: Path) -> None:
        (home / "code").mkdir()
        (home / "code" / "app.py").write_text("")
        app = cdk.App()
        Conventions(function_defaults={"architecture": lambda_.Architecture.ARM_64, "memory_size": 512}).apply(app)
        stack = cdk.Stack(app, "Shop")
        OptimizedFunction(stack, "Made", spec=ImageSpec(runtime="python3.13", steps=[SourceCode("code")]), handler="app.handler")
        Template.from_stack(stack).has_resource_properties("AWS::Lambda::Function", {"Architectures": ["x86_64"], "MemorySize": 512})

    def test_names_are_those_of_cdk(self) -> None:
        """jsii ignores a misspelt name in silence."""
        mapping = lambda_.DockerImageFunctionProps.__jsii_name_mapping__  # type: ignore[attr-defined]
        assert {name: mapping[name] for name in _PROPERTIES} == dict(_PROPERTIES)


class TestFaults:
    def test_fails_with_every_wrong_value(self) -> None:
        with pytest.raises(ConfigurationError) as caught:
            Conventions(
                fail_on="fatal",
                severities={"user-sett": "error", "LIO102": "grave"},
                function_defaults={"memory_sise": 1, "code": None},
                rules=["no rule"],  # type: ignore[list-item]
            )
        assert [fault.place for fault in caught.value.faults] == [
            "fail_on",
            "rules[0]",
            "severities",
            'severities["LIO102"]',
            "function_defaults",
            "function_defaults",
        ]
        assert caught.value.faults[2].hint == 'did you mean "user-set"?'
        assert caught.value.faults[4].hint == 'did you mean "memory_size"?'

    def test_fails_for_a_rule_of_an_id_that_is_taken(self) -> None:
        rule = next(rule for rule in Conventions().all_rules if rule.id == "LIO602")
        with pytest.raises(ConfigurationError, match='"LIO602" is the id or name of another rule'):
            Conventions(rules=[rule])

    def test_fails_on_a_stack(self, home: Path) -> None:
        with pytest.raises(ConfigurationError, match='"Shop" is neither an app nor a stage'):
            Conventions().apply(cdk.Stack(cdk.App(), "Shop"))

    def test_fails_when_two_packages_give_defaults(self, home: Path) -> None:
        app = cdk.App()
        Conventions(function_defaults={"memory_size": 1024}).apply(app)
        with pytest.raises(ConfigurationError, match="has defaults in this app already"):
            Conventions(function_defaults={"memory_size": 512}).apply(app)

    def test_fails_to_acknowledge_without_reason_or_rule(self, home: Path) -> None:
        stack = cdk.Stack(cdk.App(), "Shop")
        with pytest.raises(ConfigurationError) as caught:
            Conventions().acknowledge(stack, "user-sett", reason="  ")
        assert [fault.message for fault in caught.value.faults] == [
            'no rule is called "user-sett"; allowed: ids and names',
            "a suppression needs a reason",
        ]


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The company's package of the docs, installed as from an index."""
    work = tmp_path_factory.mktemp("company")
    shutil.copytree(ROOT / "docs" / "company-conventions", work / "source")
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", "install", "--no-deps"]
    subprocess.run([*pip, "--target", str(work / "site"), str(work / "source")], check=True, timeout=PATIENCE_S, cwd=work)
    return work / "site"


def test_a_package_of_the_company_is_switched_on_in_one_line(installed: Path, home: Path) -> None:
    """Requirement: "conventions as a Python object with extra rules, installed from an index and switched on in one line"."""
    (home / "app.py").write_text(
        "import acme_lambda.cdk\n"
        "import aws_cdk as cdk\n"
        "from aws_cdk import aws_lambda as lambda_\n"
        "app = cdk.App()\n"
        "acme_lambda.cdk.conventions.apply(app)\n"
        'code = lambda_.DockerImageCode.from_image_asset("good", cmd=["app.main"])\n'
        'lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=code)\n'
        "app.synth()\n"
    )

    def synth() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "app.py"],
            cwd=home,
            env={**os.environ, **WITHOUT_TEMPLATE_CHECK, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "CDK_OUTDIR": "cdk.out"},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )

    result = synth()
    assert result.returncode != 0
    assert "acme-owner-label: the image does not say who owns it (good/Dockerfile:1:1: FROM" in result.stderr
    report = json.loads((home / "cdk.out" / "validation-report.json").read_text())["pluginReports"][0]
    assert [(item["ruleName"], item["severity"]) for item in report["violations"]] == [("ACME601", "info"), ("ACME101", "error")]
    (home / "good" / "Dockerfile").write_text(GOOD + "LABEL acme.owner=orders\n")
    fixed = synth()
    assert fixed.returncode == 0, fixed.stderr
    (function,) = [
        item["Properties"]
        for item in json.loads((home / "cdk.out" / "Shop.template.json").read_text())["Resources"].values()
        if item["Type"] == "AWS::Lambda::Function"
    ]
    assert (function["Architectures"], function["MemorySize"]) == (["arm64"], 512)


def test_a_synthesis_runs_the_rules_that_the_configuration_names(installed: Path, home: Path) -> None:
    (home / "optimizer.toml").write_text('[conventions]\nrules = ["acme"]\n')
    (home / "app.py").write_text(
        "import aws_cdk as cdk\n"
        "from aws_cdk import aws_lambda as lambda_\n"
        "from optimizer.cdk import Conventions\n"
        "app = cdk.App()\n"
        "conventions = Conventions()\n"
        "conventions.apply(app)\n"
        'code = lambda_.DockerImageCode.from_image_asset("good", cmd=["app.main"])\n'
        'function = lambda_.DockerImageFunction(cdk.Stack(app, "Shop"), "Api", code=code)\n'
        'conventions.acknowledge(function, "acme-handler-name", reason="as the old dashboards know it")\n'
        "app.synth()\n"
    )
    environment = {**os.environ, **WITHOUT_TEMPLATE_CHECK, "PYTHONPATH": f"{installed}{os.pathsep}{ROOT}", "CDK_OUTDIR": "cdk.out"}
    result = subprocess.run([sys.executable, "app.py"], cwd=home, env=environment, capture_output=True, text=True, timeout=PATIENCE_S)
    assert result.returncode != 0
    assert "acme-owner-label: the image does not say who owns it (good/Dockerfile:1:1: FROM" in result.stderr
    report = json.loads((home / "cdk.out" / "validation-report.json").read_text())["pluginReports"][0]
    assert [item["ruleName"] for item in report["violations"] if item["ruleName"].startswith("ACME")] == ["ACME101"]
    assert [item["acknowledgedId"] for item in report["suppressedViolations"]] == ["lambda-image-optimizer::ACME601"]
