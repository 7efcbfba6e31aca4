"""``optimizer lint`` as its users run it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import forked
from tests.linting.cases import PYTHON

BAD = "FROM public.ecr.aws/lambda/python:3.13\nUSER 1000\nCMD app.handler\n"
GOOD = f"FROM {PYTHON}\n"


def run(directory: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return forked.run(
        "optimizer", "lint", *words, cwd=directory, env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), **environment}
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for path, text in {
        "api/Dockerfile": BAD,
        "jobs/Dockerfile.nightly": GOOD,
        "jobs/nightly.Dockerfile": GOOD,
        "web/Containerfile": GOOD,
        "node_modules/x/Dockerfile": BAD,
        "cdk.out/asset/Dockerfile": BAD,
        "jobs/Dockerfile.dockerignore": "*",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text, encoding="utf-8")
    (tmp_path / "jobs" / "loop").symlink_to(tmp_path, target_is_directory=True)
    return tmp_path


@pytest.mark.parametrize(
    "made",
    [
        {".aws-sam/build/template.yaml": "Resources: {Api: {Type: AWS::Serverless::Function}}\n", ".aws-sam/build/Dockerfile": BAD},
        {"dist/app/cdk.out": "{}", "dist/app/manifest.json": "{}", "dist/app/asset.1/Dockerfile": BAD},
        {f"contexts/asset.{'a' * 64}/Dockerfile": BAD},
    ],
    ids=["sam build", "cdk synth elsewhere", "render --output"],
)
def test_what_tools_make_is_not_searched(made: dict[str, str], tree: Path) -> None:
    """Issue 14: "After `sam build`, `.aws-sam` is linted too: every finding twice, the second half with absolute paths"."""
    before = run(tree, ".").stdout
    for path, text in made.items():
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        (tree / path).write_text(text, encoding="utf-8")
    assert run(tree, ".").stdout == before


def test_shows_the_line_the_place_and_the_fix(tree: Path) -> None:
    result = run(tree, "api", "--ignore", "LIO102")
    assert result.returncode == 1
    assert result.stdout == (
        'api/Dockerfile:2:1: warning LIO602 user-set: the image sets the user "1000"\n'
        "  2 | USER 1000\n"
        "    | ^^^^^^^^^\n"
        "  fix: remove USER, and make every file readable by all\n"
        "\n"
        "api/Dockerfile:3:1: error LIO603 command-with-several-words: CMD in shell form gives the entrypoint three arguments\n"
        "  3 | CMD app.handler\n"
        "    | ^^^^^^^^^^^^^^^\n"
        '  fix with --fix: write CMD ["app.handler"]\n'
        "\n"
        "1 checked; 1 error, 1 warning, 0 info; 1 fixable with --fix\n"
    )
    assert result.stderr == ""


def test_shows_equal_findings_once_with_their_places(tree: Path) -> None:
    """Requirement: "equal findings of equal files are 75 lines", "grouping of equal findings"."""
    for number in range(12):
        (tree / "copies" / f"s{number:02}").mkdir(parents=True)
        (tree / "copies" / f"s{number:02}" / "Dockerfile").write_text(BAD, encoding="utf-8")
    (tree / "copies" / "s01" / "Dockerfile").write_text(f"# moved\n{BAD}", encoding="utf-8")
    result = run(tree, "copies", "--select", "LIO602,LIO603")
    assert result.stdout == (
        'copies/s00/Dockerfile:2:1: warning LIO602 user-set: the image sets the user "1000"\n'
        "  2 | USER 1000\n"
        "    | ^^^^^^^^^\n"
        "  also at: copies/s01/Dockerfile:3:1\n"
        "           copies/s02/Dockerfile:2:1\n"
        "           copies/s03/Dockerfile:2:1\n"
        "           copies/s04/Dockerfile:2:1\n"
        "           copies/s05/Dockerfile:2:1\n"
        "           and 6 more places; --format json lists all\n"
        "  fix: remove USER, and make every file readable by all\n"
        "\n"
        "copies/s00/Dockerfile:3:1: error LIO603 command-with-several-words: CMD in shell form gives the entrypoint three arguments\n"
        "  3 | CMD app.handler\n"
        "    | ^^^^^^^^^^^^^^^\n"
        "  also at: copies/s01/Dockerfile:4:1\n"
        "           copies/s02/Dockerfile:3:1\n"
        "           copies/s03/Dockerfile:3:1\n"
        "           copies/s04/Dockerfile:3:1\n"
        "           copies/s05/Dockerfile:3:1\n"
        "           and 6 more places; --format json lists all\n"
        '  fix with --fix: write CMD ["app.handler"]\n'
        "\n"
        "12 checked; 12 error, 12 warning, 0 info; 12 fixable with --fix\n"
    )
    listed = json.loads(run(tree, "copies", "--select", "LIO602,LIO603", "--format", "json").stdout)["findings"]
    assert len(listed) == 24


def test_finds_the_dockerfiles_of_a_tree(tree: Path) -> None:
    report = json.loads(run(tree, ".", "--format", "json").stdout)
    assert report["summary"] == {"subjects": 4, "error": 1, "warning": 2, "info": 0}
    assert {finding["path"] for finding in report["findings"]} == {"api/Dockerfile"}
    user = report["findings"][1]
    assert {key: user[key] for key in ("rule", "line", "column", "end_line", "end_column")} == {
        "rule": "LIO602",
        "line": 2,
        "column": 1,
        "end_line": 2,
        "end_column": 10,
    }


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["api"], 1),
        (["api", "--fail-on", "error", "--ignore", "LIO603"], 0),
        (["api", "--select", "base", "--fail-on", "error"], 0),
        (["api", "--select", "LIO603,user-set", "--fail-on", "error"], 1),
        (["jobs"], 0),
        (["api", "--statistics"], 1),
    ],
)
def test_exit_codes(tree: Path, words: list[str], code: int) -> None:
    assert run(tree, *words).returncode == code


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "no path is given"),
        (["nowhere"], '"nowhere" does not exist'),
        (["api", "--select", "LIO999"], 'no rule is called "LIO999"'),
        (["api", "--select", "user-sett"], 'did you mean "user-set"?'),
        (["empty"], "there is no Dockerfile and no template under the paths"),
        (["fifo"], '"fifo" is a pipe or a device, not a file'),
        (["api.image.toml"], "api.image.toml: the spec cannot be read"),
    ],
)
def test_wrong_use_exits_2_with_a_hint(tree: Path, words: list[str], message: str) -> None:
    (tree / "empty").mkdir()
    os.mkfifo(tree / "fifo")
    result = run(tree, *words)
    assert (result.returncode, result.stdout) == (2, "")
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_statistics(tree: Path) -> None:
    assert run(tree, "api", "--statistics").stdout.split("\n")[:2] == [
        "count  rule    name                        severity",
        "1      LIO102  base-unpinned               warning",
    ]


def test_statistics_as_data(tree: Path) -> None:
    said = json.loads(run(tree, "api", "--statistics", "--format", "json").stdout)
    lines = run(tree, "api", "--statistics").stdout.splitlines()[1:]
    assert said and [[str(item[key]) for key in ("count", "rule", "name", "severity")] for item in said] == [line.split() for line in lines]
    refused = run(tree, "api", "--statistics", "--format", "sarif")
    assert refused.returncode == 2 and "--statistics has no format sarif" in refused.stderr


def test_many_files_in_parallel_give_what_one_by_one_gives(tree: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "golden" / "optimizer.lock", tree)
    for number in range(410):
        (tree / "many" / f"{number:03}").mkdir(parents=True)
        (tree / "many" / f"{number:03}" / "Dockerfile").write_text(BAD if number % 3 else GOOD, encoding="utf-8")
    report = json.loads(run(tree, "many", "--format", "json").stdout)
    assert report["summary"] == {"subjects": 410, "error": 273, "warning": 546, "info": 0}
    assert [finding["path"] for finding in report["findings"]] == sorted(finding["path"] for finding in report["findings"])


@pytest.mark.parametrize(
    "data", [b"\x00\xff\xfe" * 1000, b"", b"\xef\xbb\xbf", b"FROM a\r\nRUN \x1b[31m\r\n", b"FROM a\nLABEL a=\xff\nUSER \x1b[2Jx"]
)
def test_no_bytes_end_in_a_traceback_or_reach_the_terminal_raw(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "Dockerfile").write_bytes(data)
    result = run(tmp_path, ".")
    assert result.returncode == 1
    assert result.stderr == ""
    assert "\x1b" not in result.stdout


TEMPLATE = (
    "Resources:\n  Api:\n    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image, Architectures: [x86_64]}\n"
    "    Metadata: {DockerContext: api, Dockerfile: Dockerfile}\n"
)


class TestTemplates:
    @pytest.mark.parametrize("path", ["template.yaml", "."])
    def test_the_fault_of_a_dockerfile_is_found_once_with_its_function(self, tree: Path, path: str) -> None:
        """Requirement: "a SAM template with the same fault gives the same rule id"."""
        (tree / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
        report = json.loads(run(tree, path, "--format", "json", "--select", "LIO602").stdout)
        assert [(item["rule"], item["path"], item["line"], item["construct"]) for item in report["findings"]] == [
            ("LIO602", "api/Dockerfile", 2, "Api")
        ]

    def test_a_template_is_never_passed_over_in_silence(self, tree: Path) -> None:
        (tree / "template.yaml").write_text(
            "Parameters: {File: {Type: String}}\nResources:\n"
            "  Api: {Type: AWS::Serverless::Function, Properties: {PackageType: Image}, Metadata: {Dockerfile: !Ref File, DockerContext: .}}\n"
            "  Fn::ForEach::All: [N, [a], {'${N}': {Type: AWS::Serverless::Function}}]\n"
            "  Far: {Type: AWS::Serverless::Application, Properties: {Location: {ApplicationId: a, SemanticVersion: 1.0.0}}}\n",
            encoding="utf-8",
        )
        result = run(tree, "template.yaml", "--select", "LIO681", "--format", "json")
        assert result.returncode == 0
        assert [(item["rule"], item["line"]) for item in json.loads(result.stdout)["inconclusive"]] == [
            ("LIO681", 3),
            ("LIO681", 4),
            ("LIO681", 5),
        ]

    def test_a_nested_template_is_judged_once_and_fixed_at_its_place(self, tree: Path) -> None:
        (tree / "apps").mkdir()
        (tree / "apps" / "template.yaml").write_text(TEMPLATE.replace(", Architectures: [x86_64]", ""), encoding="utf-8")
        (tree / "apps" / "api").mkdir()
        (tree / "apps" / "api" / "Dockerfile").write_text(GOOD, encoding="utf-8")
        (tree / "template.yaml").write_text(
            "Resources:\n  Shop: {Type: AWS::Serverless::Application, Properties: {Location: apps/template.yaml}}\n", encoding="utf-8"
        )
        report = json.loads(run(tree, ".", "--select", "LIO682", "--format", "json").stdout)
        found = [(item["path"], item["construct"]) for item in report["findings"]]
        assert found and all(path == "apps/template.yaml" and construct.startswith("Shop/") for path, construct in found)
        assert len(set(found)) == len(found)
        assert run(tree, ".", "--select", "LIO682", "--fix").returncode == 0
        assert "Architectures: [x86_64]" in (tree / "apps" / "template.yaml").read_text(encoding="utf-8")

    def test_the_dockerfile_of_a_template_is_mended(self, tree: Path) -> None:
        (tree / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
        shutil.copy(Path(__file__).parents[1] / "golden" / "optimizer.lock", tree)
        result = run(tree, "template.yaml", "--select", "LIO102", "--fix")
        assert result.returncode == 0, result.stdout
        assert (tree / "api" / "Dockerfile").read_text().startswith("FROM public.ecr.aws/lambda/python:3.13@sha256:")

    def test_only_a_function_s_image_is_fixed(self, tree: Path) -> None:
        """Requirement: "`--fix` takes EXPOSE and HEALTHCHECK out of images that are not Lambda's"."""
        server = 'FROM debian:13\nEXPOSE 8080\nHEALTHCHECK CMD ["true"]\nENTRYPOINT ["/server"]\n'
        (tree / "api" / "Dockerfile").write_text(server, encoding="utf-8")
        assert run(tree, "api", "--fix").stderr == "0 findings fixed in 0 files\n"
        assert (tree / "api" / "Dockerfile").read_text() == server
        (tree / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
        assert run(tree, "template.yaml", "--fix").stderr == "2 findings fixed in 1 file\n"
        assert (tree / "api" / "Dockerfile").read_text() == 'FROM debian:13\nENTRYPOINT ["/server"]\n'

    def test_a_template_is_told_the_architecture_that_its_functions_have(self, tree: Path) -> None:
        (tree / "api" / "Dockerfile").write_text(GOOD, encoding="utf-8")
        before = TEMPLATE.replace(", Architectures: [x86_64]", "").encode().replace(b"\n", b"\r\n")
        (tree / "template.yaml").write_bytes(before)
        words = ["template.yaml", "--select", "LIO682"]
        assert "SAM builds its image, and Lambda runs it, for x86_64" in run(tree, *words).stdout
        diff = run(tree, *words, "--diff")
        assert (diff.returncode, diff.stderr) == (1, "1 finding would be fixed in 1 file\n")
        assert (tree / "template.yaml").read_bytes() == before
        assert run(tree, *words, "--fix").returncode == 0
        assert (tree / "template.yaml").read_bytes() == before.replace(b"{PackageType", b"{Architectures: [x86_64], PackageType")
        assert run(tree, *words, "--fix").stderr == "0 findings fixed in 0 files\n"

    @pytest.mark.parametrize("name", ["samconfig.toml", "samconfig.yaml", "samconfig.yml"])
    def test_where_sam_pushes_is_read_for_an_environment(self, tree: Path, name: str) -> None:
        function = TEMPLATE.partition("\n")[2]
        (tree / "template.yaml").write_text(
            TEMPLATE + function.replace("Api:", "Put:").replace("api,", "./web,").replace(": Dock", ": Cont")
        )
        toml = "[default.deploy.parameters]\nimage_repository = 'h/shop'\n[prod.deploy.parameters]\nresolve_image_repos = true\n"
        yaml = "default: {deploy: {parameters: {image_repository: h/shop}}}\nprod: {deploy: {parameters: {resolve_image_repos: True}}}\n"
        (tree / name).write_text(toml if name.endswith("toml") else yaml)
        words = ["template.yaml", "--select", "LIO701,LIO702", "--format", "json"]
        (tree / "web" / "Dockerfile").write_text(GOOD)
        assert json.loads(run(tree, *words).stdout)["findings"] == []
        found = json.loads(run(tree, *words, "--config-env", "prod").stdout)["findings"]
        assert [item["rule"] for item in found] == ["LIO702"]
        result = run(tree, *words, "--config-env", "prd")
        assert (result.returncode, result.stdout) == (2, "")
        assert 'there is no environment "prd"; allowed: default, prod' in result.stderr
        assert 'did you mean "prod"?' in result.stderr

    def test_the_configuration_holds_for_them(self, tree: Path) -> None:
        (tree / "template.yaml").write_text(TEMPLATE, encoding="utf-8")
        (tree / "optimizer.toml").write_text('[[conventions.suppressions]]\nrules = ["LIO602"]\nconstruct = "Api"\nreason = "agreed"\n')
        report = json.loads(run(tree, "template.yaml", "--select", "LIO602", "--format", "json").stdout)
        assert (report["findings"], [item["reason"] for item in report["suppressed"]]) == ([], ["agreed"])
        (tree / "optimizer.toml").write_text('[conventions]\nexclude = ["api"]\n')
        assert run(tree, "template.yaml", "--select", "LIO602").returncode == 0

    @pytest.mark.parametrize("data", [b"\x00\xff\xfe", b"[" * 100_000, b'{"a":' * 100_000, b"a: &a [*a]", b"", b"\x1b[31m: ["])
    def test_no_bytes_end_in_a_traceback_or_reach_the_terminal_raw(self, tmp_path: Path, data: bytes) -> None:
        (tmp_path / "template.yaml").write_bytes(data)
        result = run(tmp_path, "template.yaml")
        assert (result.returncode, result.stderr) == (1, "")
        assert "LIO681 unreadable-template" in result.stdout
        assert "\x1b" not in result.stdout


class TestTrees:
    """Everything of one tree is one app."""

    OTHER = f"{GOOD.strip()[:-64]}{'1' * 64}\n"

    @pytest.fixture
    def shared(self, tree: Path) -> Path:
        """A Dockerfile on another digest than four others, of which one is a template's."""
        for path, text in {"api/Dockerfile": GOOD, "late/Dockerfile": self.OTHER, "template.yaml": TEMPLATE}.items():
            (tree / path).parent.mkdir(exist_ok=True)
            (tree / path).write_text(text, encoding="utf-8")
        return tree

    def found(self, tree: Path, *words: str) -> list[tuple[str, str]]:
        report = json.loads(run(tree, *words, "--format", "json").stdout)
        return [(item["rule"], item["path"]) for item in report["findings"]]

    def test_is_judged_together(self, shared: Path) -> None:
        assert self.found(shared, ".", "--select", "sharing") == [("LIO901", "late/Dockerfile")]
        assert json.loads(run(shared, ".", "--format", "json").stdout)["summary"]["subjects"] == 7
        assert self.found(shared, "late", "--select", "sharing") == []

    def test_with_a_template_of_which_the_other_is(self, shared: Path) -> None:
        (shared / "api" / "Dockerfile").write_text(self.OTHER, encoding="utf-8")
        assert self.found(shared, "template.yaml", "jobs", "--select", "sharing") == [("LIO901", "api/Dockerfile")]

    def test_a_configuration_file_begins_another(self, shared: Path) -> None:
        (shared / "late" / "optimizer.toml").write_text("[conventions]\n")
        assert self.found(shared, ".", "--select", "sharing") == []

    def test_conventions_and_suppressions_hold(self, shared: Path) -> None:
        (shared / "optimizer.toml").write_text('[conventions.severities]\nLIO901 = "error"\n')
        report = json.loads(run(shared, ".", "--select", "sharing", "--format", "json").stdout)
        assert [item["severity"] for item in report["findings"]] == ["error"]
        (shared / "optimizer.toml").write_text('[conventions]\nexclude = ["late"]\n')
        assert self.found(shared, ".", "--select", "sharing") == []
        (shared / "optimizer.toml").unlink()
        (shared / "late" / "Dockerfile").write_text(f"# optimizer: ignore LIO901 -- moves on Monday\n{self.OTHER}")
        assert self.found(shared, ".", "--select", "sharing,LIO003") == []
        # Alone it sets nothing aside.
        assert self.found(shared, "late", "--select", "sharing,LIO003") == [("LIO003", "late/Dockerfile")]

    def test_also_when_files_are_judged_in_parallel(self, shared: Path) -> None:
        for number in range(401):
            (shared / "many" / f"{number:03}").mkdir(parents=True)
            (shared / "many" / f"{number:03}" / "Dockerfile").write_text(GOOD, encoding="utf-8")
        (shared / "many" / "000" / "Dockerfile").write_text(f"# optimizer: ignore LIO901 -- moves on Monday\n{self.OTHER}")
        (shared / "many" / "001" / "Dockerfile").write_text(f"# optimizer: ignore LIO901 -- moves on Monday\n{GOOD}")
        report = json.loads(run(shared, ".", "--format", "json", "--select", "sharing,LIO0").stdout)
        assert [(item["rule"], item["path"]) for item in report["findings"]] == [
            ("LIO901", "late/Dockerfile"),
            ("LIO003", "many/001/Dockerfile"),
        ]
        assert [item["path"] for item in report["suppressed"]] == ["many/000/Dockerfile"]
        assert report["summary"]["subjects"] == 408


class TestApps:
    @pytest.fixture
    def app(self, tree: Path) -> Path:
        """An app of two functions that run one image, as cdk synth writes it."""
        out = tree / "cdk.out"
        (out / "cdk.out").write_text("{}")
        (out / "asset" / "Dockerfile").write_text(BAD)
        code = {"ImageUri": {"Fn::Sub": "${AWS::AccountId}.dkr.ecr.${AWS::Region}.amazonaws.com/images:abc"}}
        functions = {id: {"Type": "AWS::Lambda::Function", "Properties": {"PackageType": "Image", "Code": code}} for id in ("Get", "Put")}
        documents = {
            "manifest.json": {
                "artifacts": {
                    "Shop.assets": {"type": "cdk:asset-manifest", "properties": {"file": "Shop.assets.json"}},
                    "Shop": {
                        "type": "aws:cloudformation:stack",
                        "properties": {"templateFile": "Shop.template.json"},
                        "dependencies": ["Shop.assets"],
                        "metadata": {
                            "/Shop/Get/Resource": [{"type": "aws:cdk:logicalId", "data": "Get"}],
                            "/Shop/Put/Resource": [{"type": "aws:cdk:logicalId", "data": "Put"}],
                            "/Shop": [{"type": "aws:cdk:acknowledged-rules", "data": {"lambda-image-optimizer::LIO603": "agreed"}}],
                        },
                    },
                }
            },
            "Shop.assets.json": {
                "dockerImages": {
                    "abc": {
                        "source": {"directory": "asset"},
                        "destinations": {"here": {"repositoryName": "images", "imageTag": "abc"}},
                    }
                }
            },
            "Shop.template.json": {"Resources": functions},
        }
        for name, document in documents.items():
            (out / name).write_text(json.dumps(document))
        return tree

    def test_a_finding_of_several_functions_is_shown_once(self, app: Path) -> None:
        result = run(app, "cdk.out", "--select", "LIO602,LIO682")
        assert result.returncode == 1
        assert "cdk.out/asset/Dockerfile:2:1 [Shop/Get and 1 more]: warning LIO602 user-set" in result.stdout
        assert "cdk.out/Shop.template.json [Shop/Get and 1 more]: warning LIO682 architecture-not-given" in result.stdout
        report = json.loads(run(app, "cdk.out", "--select", "LIO602", "--format", "json").stdout)
        assert [item["constructs"] for item in report["findings"]] == [["Shop/Get", "Shop/Put"]]

    def test_acknowledgements_hold_here_too(self, app: Path) -> None:
        report = json.loads(run(app, "cdk.out", "--select", "LIO603", "--format", "json").stdout)
        assert report["findings"] == []
        assert {(item["construct"], item["reason"]) for item in report["suppressed"]} == {("Shop/Get", "agreed"), ("Shop/Put", "agreed")}

    def test_acknowledgements_of_the_app_and_of_stages_hold_here_too(self, app: Path) -> None:
        """CDK writes them into its report alone."""
        suppressed = [
            {"ruleName": "LIO602", "acknowledgedId": "lambda-image-optimizer::LIO602", "reason": "by the app (until 2999-01-31)"},
            {"acknowledgedId": "lambda-image-optimizer::LIO602", "reason": "nearer", "acknowledgedAt": "Shop/Get"},
            {"acknowledgedId": "lambda-image-optimizer::LIO682", "reason": "by a stage", "acknowledgedAt": "Shop/Get"},
        ]
        report = app / "cdk.out" / "validation-report.json"
        report.write_text(json.dumps({"pluginReports": [{"pluginName": "another"}, {"suppressedViolations": suppressed}]}))
        found = json.loads(run(app, "cdk.out", "--select", "LIO602,LIO682", "--format", "json").stdout)
        assert [(item["rule"], item["construct"]) for item in found["findings"]] == [("LIO682", "Shop/Put")]
        assert {(item["rule"], item["construct"], item["reason"]) for item in found["suppressed"]} == {
            ("LIO602", "Shop/Get", "nearer"),
            ("LIO602", "Shop/Put", "by the app"),
            ("LIO682", "Shop/Get", "by a stage"),
        }

    @pytest.mark.parametrize(
        "text", ["[", "[]", '{"pluginReports": [3]}', '{"pluginReports": [{"suppressedViolations": [{}]}]}', "[" * 99999]
    )
    def test_a_broken_report_acknowledges_nothing(self, app: Path, text: str) -> None:
        (app / "cdk.out" / "validation-report.json").write_text(text)
        result = run(app, "cdk.out", "--select", "LIO602", "--format", "json")
        assert (result.returncode, len(json.loads(result.stdout)["findings"])) == (1, 1)

    def test_a_baseline_holds_what_an_app_has(self, app: Path) -> None:
        words = ["cdk.out", "--select", "LIO602,LIO682", "--baseline", "known.json"]
        assert run(app, *words, "--write-baseline").returncode == 0
        assert run(app, *words).returncode == 0
        (app / "cdk.out" / "asset" / "Dockerfile").write_text(f"FROM {PYTHON}\nVOLUME /x\n")
        assert run(app, "cdk.out", "--select", "LIO601", "--baseline", "known.json").returncode == 1

    def test_copies_are_not_fixed_and_not_called_fixable(self, app: Path) -> None:
        shutil.copy(Path(__file__).parents[1] / "golden" / "optimizer.lock", app)
        result = run(app, "cdk.out", "--select", "LIO102", "--fix")
        assert result.returncode == 1
        assert "LIO102" in result.stdout and "--fix" not in result.stdout
        assert (app / "cdk.out" / "asset" / "Dockerfile").read_text() == BAD

    def test_a_broken_assembly_exits_2(self, app: Path) -> None:
        (app / "cdk.out" / "manifest.json").write_text('{"artifacts": [')
        result = run(app, "cdk.out")
        assert (result.returncode, result.stdout) == (2, "")
        assert "hint: run cdk synth again" in result.stderr


def test_starting_loads_nothing_heavy() -> None:
    """Requirement: "start-up under 150 ms": nothing that a check of one file does not need."""
    program = "import sys, optimizer.cli.main, optimizer.cli.lint; print(sorted({'jsii', 'aws_cdk', 'boto3', 'urllib3', 'rich', 'tomlkit', 'yaml', "
    program += "'zipfile', 'importlib.metadata', 'concurrent.futures', 'multiprocessing', 'asyncio', 'optimizer.model.plan', "
    program += "'optimizer.model.spec', 'optimizer.model.image', 'optimizer.images.analysis', 'optimizer.config.conventions', "
    program += "'optimizer.linting.baseline', 'optimizer.linting.fixes', 'optimizer.adapters.assembly', 'optimizer.adapters.subjects', "
    program += "'optimizer.adapters.images', 'optimizer.sam.template', 'optimizer.sam.document'} & set(sys.modules)))"
    result = subprocess.run(
        [sys.executable, "-c", program], cwd=Path(__file__).parents[2], capture_output=True, text=True, check=True, timeout=60
    )
    assert result.stdout == "[]\n"
