"""``optimizer plan --if-changed``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.plan_projects import output, refused, synthesize, write_project


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project with its output, made once."""
    root = tmp_path_factory.mktemp("synthesized") / "project"
    with pytest.MonkeyPatch.context() as patch:
        root.mkdir()
        patch.chdir(root)
        write_project(root)
        synthesize("cdk.out", plain=True)
    return root


@pytest.fixture
def app(synthesized: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    shutil.copytree(synthesized, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return "cdk.out"


def changed(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(output(*arguments, "--format", "json")))


def made(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    return [(", ".join(layer["names"]), layer["functions"]) for layer in found["layers"]]


def test_a_file_of_code_makes_the_layer_of_those_who_have_it(app: str) -> None:
    """Requirement: "tells exactly which layers of which images would be made and pushed when these files change"."""
    found = changed(app, "--if-changed", "functions/api/app.py")
    assert made(found) == [("code", ["Shop/Again", "Shop/Api"])]
    assert found["paths"][0]["readBy"] == [{"image": "Shop/Again", "stage": "code"}, {"image": "Shop/Api", "stage": "code"}]
    assert found["layersStaying"] == 3 and found["pushedBytes"] == found["layers"][0]["sizeBytes"] > 0


def test_a_lock_makes_the_layer_of_all_and_a_directory_what_is_below_it(app: str) -> None:
    both = changed(app, "--if-changed", "requirements.txt", "functions")
    everyone = ["Shop/Again", "Shop/Api", "Shop/Jobs"]
    assert made(both) == [("packages", everyone), ("code", everyone[:2]), ("code", everyone[2:])]


def test_functions_whose_files_are_equal_until_now_part(app: str) -> None:
    """Two functions with the same content share a layer; of an edit of one of the two, the other keeps it."""
    Path("functions/jobs/app.py").write_bytes(Path("functions/api/app.py").read_bytes())
    other = str(synthesize("equal.out"))
    one = changed(other, "--if-changed", "functions/api/app.py")
    assert (made(one), one["layersStaying"]) == ([("code", ["Shop/Again", "Shop/Api"])], 3)
    two = changed(other, "--if-changed", "functions")
    assert (made(two), two["layersStaying"]) == ([("code", ["Shop/Again", "Shop/Api"]), ("code", ["Shop/Jobs"])], 2)


def test_what_is_ignored_and_what_nothing_reads_is_said_to_make_nothing(app: str) -> None:
    """Requirement: "a path that nothing reads is said so; ... ignore patterns respected"."""
    text = output(
        app, "--if-changed", "functions/api/tests/test_app.py", "README.md", "../elsewhere.txt", "functions/api/tests/not/there.py"
    )
    assert text.count(": no image reads it\n") == 4
    assert text.endswith("0 layers made and pushed, 0 B; 4 stay\n")


def test_a_file_that_is_not_there_yet_is_asked_by_the_patterns(app: str) -> None:
    assert made(changed(app, "--if-changed", "models/new.bin")) == [("models", ["Shop/Jobs"])]


def test_an_image_without_a_plan_is_said_to_be_unknown(app: str) -> None:
    assert "cannot be told of Shop/Plain: its Dockerfile was written by hand\n" in output(app, "--if-changed", "README.md")


def test_a_specification_says_what_planning_reads(app: str) -> None:
    Path("api.image.toml").write_text(
        'runtime = "python3.13"\n[[steps]]\nkind = "python-dependencies"\nlock = "requirements.txt"\nname = "packages"\n', encoding="utf-8"
    )
    found = changed("api.image.toml", "--if-changed", "requirements.txt", "api.image.toml", "optimizer.lock", "optimizer.toml")
    assert made(found) == [("packages", ["api.image.toml"])]
    notes = [path.get("note", "") for path in found["paths"]]
    assert notes[0].startswith("planning reads it too") and all(note.startswith("it decides what is planned") for note in notes[1:])


class TestPackedLocks:
    """A lock in several layers is read by none of them: each is made of the releases of its packages alone."""

    @staticmethod
    def lines(**versions: str) -> str:
        return "".join(f"{name}=={version} --hash=sha256:{'0' * 63}{len(name)}\n" for name, version in versions.items())

    @pytest.fixture
    def spec(self, app: str) -> str:
        Path("base.txt").write_text(self.lines(numpy="1.0"), encoding="utf-8")
        Path("packed.txt").write_text("-r base.txt\n" + self.lines(six="1.0", idna="1.0"), encoding="utf-8")
        with Path("optimizer.lock").open("a", encoding="utf-8") as file:
            file.write('\n[packing]\npython = [["numpy"], ["six"]]\n')
        Path("packed.image.toml").write_text(
            'runtime = "python3.13"\n[[steps]]\nkind = "python-dependencies"\nlock = "packed.txt"\nname = "packages"\n', encoding="utf-8"
        )
        return "packed.image.toml"

    @pytest.mark.parametrize("path", ["packed.txt", "base.txt", "."])
    def test_what_names_their_packages_may_make_each(self, spec: str, path: str) -> None:
        found = changed(spec, "--if-changed", path)
        assert made(found) == [] and found["paths"][0]["readBy"] == []
        assert [item["stage"] for item in found["paths"][0]["mayMake"]] == ["packages-numpy", "packages-six", "packages"]

    def test_it_is_shown(self, spec: str) -> None:
        text = " ".join(output(spec, "--if-changed", "packed.txt").split())
        assert (
            "packed.txt: names the packages of layers may make, by which packages change in it: "
            "packages-numpy, packages-six, packages of packed.image.toml" in text
        )
        assert "mayMake" not in text and "no image reads it" not in text

    def test_what_is_made_is_among_them(self, spec: str) -> None:
        """Requirement: "the set of changed keys equals the answer": here it is one of the answer."""
        before = {stage["name"]: stage["key"] for stage in json.loads(output(spec, "--format", "json"))["stages"]}
        Path("base.txt").write_text(self.lines(numpy="2.0"), encoding="utf-8")
        after = {stage["name"]: stage["key"] for stage in json.loads(output(spec, "--format", "json"))["stages"]}
        assert {name for name in before if before[name] != after[name]} == {"packages-numpy"}


def test_an_empty_path_is_refused(app: str) -> None:
    """A variable of a script that is not set; it would name the whole project."""
    assert "--if-changed: the path is empty" in refused(app, "--if-changed", "README.md", "")


def test_paths_start_where_the_command_runs(app: str, monkeypatch: pytest.MonkeyPatch) -> None:
    root = Path().absolute()
    monkeypatch.chdir("functions")
    assert made(changed(str(root / app), "--root", str(root), "--if-changed", "api/app.py")) == [("code", ["Shop/Again", "Shop/Api"])]


def test_another_project_than_that_of_the_plan_is_refused(app: str, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    said = refused(app, "--root", "other", "--if-changed", "README.md")
    assert 'the plan reads "functions/api", which is not in' in said and "--root" in said


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["cdk.out", "README.md"], '"README.md" is one more than the SPEC, APP or TEMPLATE; paths follow --if-changed'),
        (["cdk.out", "--measure", "--if-changed", "README.md"], "--measure needs a SPEC"),
        (["nowhere", "--if-changed", "README.md"], '"nowhere" does not exist'),
        (["cdk.out", "--if-changed"], "requires an argument"),
    ],
)
def test_wrong_arguments_are_told(app: str, arguments: list[str], message: str) -> None:
    assert message in refused(*arguments)
