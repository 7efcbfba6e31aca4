"""``optimizer plan --diff``."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from optimizer.cli.main import optimizer
from tests.adapters.push_server import PushServer
from tests.cli.plan_projects import output, refused, synthesize, write_project
from tests.publishing import cli_project


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose app was synthesized before and after some changes."""
    root = tmp_path_factory.mktemp("synthesized") / "project"
    with pytest.MonkeyPatch.context() as patch:
        root.mkdir()
        patch.chdir(root)
        write_project(root)
        synthesize("old.out", plain=True)
        Path("requirements.txt").write_text("six==1.17.0\nidna==3.10\ntomli==2.0.1\n", encoding="utf-8")
        Path("functions/jobs/app.py").write_text("def handler(event, context): return 2\n", encoding="utf-8")
        Path("plain/extra.py").write_text("", encoding="utf-8")
        synthesize("new.out", plain=True)
    return root


@pytest.fixture
def project(synthesized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(synthesized, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def compared(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(output("--diff", *arguments, "--format", "json")))


def test_two_apps_say_which_package_and_which_file(project: Path) -> None:
    """Requirement: "why did this asset change: which file, ..., which package from which version to which, in which layer; and what it will push"."""
    assert output("--diff", "old.out", "new.out").splitlines() == [
        "packages of Shop/Again, Shop/Api, Shop/Jobs",
        "  requirements.txt changed",
        "    idna 3.7 -> 3.10",
        "    + tomli 2.0.1",
        "code of Shop/Jobs",
        "  functions/jobs/app.py changed",
        "image of Shop/Plain",
        "  extra.py is new in its build context",
        "  it has no plan, so that only a build tells which layers these change",
        "pushes packages of Shop/Again, Shop/Api, Shop/Jobs: 13.0 MB",
        "pushes code of Shop/Jobs: 3.1 kB",
        "4 functions with another image, 2 layers to push, 13.0 MB",
    ]


def test_the_same_as_data(project: Path) -> None:
    found = compared("old.out", "new.out")
    packages, code, plain = found["changes"]
    assert packages == {
        "name": "packages",
        "layer": True,
        "functions": ["Shop/Again", "Shop/Api", "Shop/Jobs"],
        "reasons": [{"text": "requirements.txt changed", "details": ["idna 3.7 -> 3.10", "+ tomli 2.0.1"]}],
    }
    assert (code["functions"], plain["name"], plain["layer"]) == (["Shop/Jobs"], None, None)
    assert [layer["names"] for layer in found["pushed"]] == [["packages"], ["code"]]
    assert found["pushedBytes"] == sum(layer["sizeBytes"] for layer in found["pushed"]) and found["sizesUnknown"] == 0


def test_an_app_and_itself_differ_in_nothing(project: Path) -> None:
    found = compared("new.out", "new.out")
    assert (found["changes"], found["pushed"], found["changed"]) == ([], [], [])
    assert found["same"] == ["Shop/Again", "Shop/Api", "Shop/Jobs", "Shop/Plain"]


def test_functions_that_come_and_go_are_named(project: Path) -> None:
    for name, function in (("old.out", "Jobs"), ("new.out", "Again")):
        (file,) = Path(name).glob("*.template.json")
        template = json.loads(file.read_text(encoding="utf-8"))
        template["Resources"] = {key: value for key, value in template["Resources"].items() if not key.startswith(function)}
        file.write_text(json.dumps(template), encoding="utf-8")
    found = compared("old.out", "new.out")
    assert (found["added"], found["removed"]) == (["Shop/Jobs"], ["Shop/Again"])
    assert output("--diff", "old.out", "new.out").count("Shop/Again") == 1, "what is gone pushes nothing"


def test_without_the_build_contexts_what_cannot_be_told_is_said(project: Path) -> None:
    """Requirement: "What cannot be told is said"; the plans alone still name options and pins."""
    for directory in Path("old.out").glob("asset.*"):
        if directory.is_dir() and not (directory / "extra.py").exists():
            for path in directory.rglob("*"):
                if path.is_file() and path.name != "Dockerfile":
                    path.unlink()
    reasons = {change["name"]: [reason["text"] for reason in change["reasons"]] for change in compared("old.out", "new.out")["changes"]}
    gone = "cannot be told: the build context of before is not there, or is damaged"
    assert reasons["packages"] == [f"whether requirements.txt changed {gone}"]
    assert reasons["code"] == [f"whether functions/jobs changed {gone}"]


def test_plans_alone_tell_keys_where_their_build_contexts_are_gone(project: Path) -> None:
    """A pipeline that keeps the small files of an app and not its build contexts."""
    for directory in Path("old.out").glob("asset.*/"):
        if directory.is_dir() and not (directory / "extra.py").exists():
            shutil.rmtree(directory)
    found = compared("old.out", "new.out")
    assert [layer["names"] for layer in found["pushed"]] == [["packages"], ["code"]]
    assert [change["name"] for change in found["changes"] if change["name"]] == ["packages", "code"]


def test_an_app_of_which_nothing_is_left_but_the_images_names(project: Path) -> None:
    for path in Path("old.out").glob("asset.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    found = compared("old.out", "new.out")
    assert any("the Dockerfile cannot be read: No such file or directory" in note for note in found["unknown"])
    assert found["changed"] == ["Shop/Again", "Shop/Api", "Shop/Jobs", "Shop/Plain"]
    shutil.copytree("new.out", "gone.out")
    for path in Path("gone.out").glob("asset.*"):
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    again = compared("gone.out", "new.out")
    assert (again["changed"], again["pushed"]) == ([], []), "an image that is there is not pushed, whatever its plan said"


def test_a_lost_plan_is_said(project: Path) -> None:
    for plan in Path("old.out").glob("*.plan.json"):
        plan.unlink()
    found = compared("old.out", "new.out")
    assert any(reason["text"].startswith("it is optimized now") for change in found["changes"] for reason in change["reasons"])
    assert any("no plan is kept beside its generated Dockerfile" in note for note in found["unknown"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--diff", "nowhere", "new.out"], '"nowhere" is neither the output of cdk synth nor a repository or an image'),
        (["--diff", "README.md", "new.out"], '"README.md" is neither the output of cdk synth'),
        (["--diff", "old.out"], "Missing argument"),
        (["--diff", "old.out", "nowhere"], '"nowhere" does not exist'),
        (["--diff", "old.out", "new.out", "--measure"], "--measure needs a SPEC"),
        (["--diff", "old.out", "new.out", "--if-changed", "x"], "ask different things: use one of them"),
        (["--diff", "old.out", "api.image.toml"], '"api.image.toml" is no app, and "old.out" is one'),
    ],
)
def test_wrong_arguments_are_told(project: Path, arguments: list[str], message: str) -> None:
    Path("api.image.toml").write_text(
        'runtime = "python3.13"\n[[steps]]\nkind = "source-code"\nsource = "functions/api"\n', encoding="utf-8"
    )
    assert message in refused(*arguments)


# What is deployed.


SPEC = """runtime = "nodejs22.x"
architecture = "x86_64"
environment = { LEVEL = "info" }
[[steps]]
kind = "source-code"
source = "functions/api"
name = "code"
[[steps]]
kind = "files"
source = "models"
to = "/opt/"
name = "models"
"""


@pytest.fixture
def registry(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PushServer]:
    monkeypatch.chdir(tmp_path)
    with cli_project.serving_base(tmp_path) as served:
        cli_project.write_project(tmp_path, served, {**cli_project.FUNCTIONS, "models/a.bin": "m" * 100, "api.image.toml": SPEC})
        yield served


def publish(registry: PushServer) -> None:
    arguments = [
        "publish",
        "api.image.toml",
        "--mirror",
        registry.host,
        "--repository",
        f"{registry.host}/shop",
        "--tag",
        "live",
        "--no-engine",
    ]
    result = CliRunner().invoke(optimizer, arguments)
    assert result.exit_code == 0, result.output


def deployed(registry: PushServer, tag: str = "") -> dict[str, Any]:
    return compared(f"{registry.host}/shop{tag}", "api.image.toml", "--mirror", registry.host)


def test_a_repository_says_which_layers_it_lacks(registry: PushServer) -> None:
    """Requirement: "an assembly and what is deployed: the image in its repository by the same key tags / labels that publish writes"."""
    publish(registry)
    assert (deployed(registry)["pushed"], deployed(registry)["same"]) == ([], ["api.image.toml"])
    Path("functions/api/index.js").write_text("exports.handler = async () => 3;\n", encoding="utf-8")
    found = deployed(registry)
    assert [layer["names"] for layer in found["pushed"]] == [["code"]] and found["changed"] == ["api.image.toml"]
    assert found["unknown"][0].startswith("why: a repository has the keys of layers and no plans")


def test_an_image_says_which_of_its_layers_are_others(registry: PushServer) -> None:
    publish(registry)
    assert deployed(registry, ":live")["changes"] == []
    Path("models/a.bin").write_text("other", encoding="utf-8")
    Path("api.image.toml").write_text(SPEC.replace("info", "debug"), encoding="utf-8")
    image, models = deployed(registry, ":live")["changes"]
    assert image["reasons"] == [{"text": "environment LEVEL: info -> debug", "details": []}]
    assert models["name"] == "models" and models["reasons"][0]["text"].startswith('the image has "Files of models" with another key')


def test_layers_that_come_and_go_are_told(registry: PushServer) -> None:
    publish(registry)
    Path("api.image.toml").write_text(
        SPEC.replace('source = "models"', 'source = "functions/other"').replace('"models"', '"other"'), encoding="utf-8"
    )
    reasons = {change["name"]: change["reasons"][0]["text"] for change in deployed(registry, ":live")["changes"]}
    assert reasons == {"other": 'new: the image has no layer "Files of functions/other"', "Files of models": "not there any more"}


def test_an_image_that_nobody_published_is_told(registry: PushServer) -> None:
    result = refused("--diff", f"{registry.host}/shop:none", "api.image.toml", "--mirror", registry.host)
    assert "does not exist" in result
    found = compared(f"{registry.host}/lambda/nodejs:22", "api.image.toml", "--mirror", registry.host)
    assert found["changes"][0]["reasons"][0]["text"].startswith("the image was not published by keys")
