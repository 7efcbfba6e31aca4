"""``optimizer plan --update``: the evidence of an app, out of its history."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from optimizer.bases.lock import Lock
from optimizer.cli.main import optimizer
from optimizer.errors import OptimizerError
from optimizer.model.evidence import Evidence, StepEvidence
from tests.adapters.git.repositories import DAY, Made, days_ago, git, repository
from tests.cli.plan_projects import output, refused, synthesize, write_project
from tests.planning.history.pasts import requirements
from tests.test_golden import GOLDEN

SPEC = """\
runtime = "python3.13"

[[steps]]
kind = "source-code"
source = "src"

[[steps]]
kind = "python-dependencies"
lock = "requirements.txt"

[[steps]]
kind = "system-packages"
name = "a"
packages = ["tar"]

[[steps]]
kind = "system-packages"
name = "b"
packages = ["jq"]
"""
TARGET = "app.image.toml"
LOCKED = (GOLDEN / "optimizer.lock").read_text(encoding="utf-8")


def commits(days: int = 40) -> list[Made]:
    """Code every second day, boto3 with botocore every fourth, numpy once, and the step ``a`` every fifth."""
    first = {
        TARGET: SPEC,
        "src/app.py": "0",
        "requirements.txt": requirements(boto3="0", botocore="0", numpy="1"),
        "optimizer.lock": LOCKED,
    }
    made = [Made(days_ago(days), first)]
    for day in range(1, days + 1):
        files = {"src/app.py": str(day)} if day % 2 else {"README.md": str(day)}
        if day % 4 == 0:
            files["requirements.txt"] = requirements(boto3=str(day), botocore=str(day), numpy="1" if day < 30 else "2")
        if day % 5 == 0:
            files[TARGET] = SPEC.replace('"tar"', f'"tar-{day}"')
        made.append(Made(days_ago(days - day), files))
    return made


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return repository(tmp_path_factory.mktemp("past") / "project", commits())


@pytest.fixture
def project(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(made, tmp_path / "project")
    monkeypatch.chdir(tmp_path / "project")
    return tmp_path / "project"


def run(*arguments: str) -> Result:
    return CliRunner().invoke(optimizer, ["plan", *arguments], catch_exceptions=True)


def updated(*arguments: str) -> dict[str, Any]:
    return dict(json.loads(output(*(arguments or (TARGET,)), "--update", "--format", "json")))


def lock() -> Lock:
    return Lock.parse(Path("optimizer.lock").read_text(encoding="utf-8"))


def test_the_past_is_written_into_the_lock(project: Path) -> None:
    """Requirement: "writes it to `optimizer.lock` with its date and commit"."""
    result = run(TARGET, "--update")
    assert (result.exit_code, result.stderr) == (0, "wrote optimizer.lock\n")
    found = lock()
    assert found.images == Lock.parse(LOCKED).images
    assert (found.evidence.date, found.evidence.commit) == (DAY, git(project, "rev-parse", "HEAD").strip())
    assert {name: step.stability.value for name, step in found.evidence.steps.items() if step.stability} == {
        "packed-files src": "daily",
        "python-packages requirements.txt": "weekly",
        "system-packages a": "weekly",
        "system-packages b": "quarterly",
    }
    assert {*found.evidence.packages["python"]} == {"boto3", "botocore", "numpy"}
    assert found.packing.of("python") and found.packing.decided == DAY
    assert max(map(len, result.stdout.splitlines())) <= 80


def test_the_page_shows_what_is_printed_and_written(project: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "evidence.md").read_text(encoding="utf-8")
    assert f"```\n{run(TARGET, '--update').stdout}```\n" in page
    text = Path("optimizer.lock").read_text(encoding="utf-8")
    assert f"```toml\n{text[text.index('[evidence]') :]}```\n" in page


def test_the_order_that_pays_is_said_with_its_gain_and_its_cost(project: Path) -> None:
    """Requirement: "prints what changed and why: gain, cost of the change itself, break-even in deployments"."""
    text = run(TARGET, "--update").stdout
    assert "order of app.image.toml: now b, a\n  was: a, b\n" in text
    assert "s per deployment, the change 42.00 s once; it pays after" in text
    assert "packing of Python packages: changed" in text
    decision = updated()["orders"][TARGET]
    assert (decision["adopted"], decision["now"]) == (False, ["b", "a"])


def test_a_plan_takes_the_evidence_of_the_lock_alone(project: Path) -> None:
    """Requirement: "synth uses the lock alone ... in a way that no history read happens at synth"."""
    assert [stage["name"] for stage in json.loads(output(TARGET, "--format", "json"))["stages"]][:2] == ["a", "b"]
    run(TARGET, "--update")
    shutil.rmtree(".git")
    plan = json.loads(output(TARGET, "--format", "json"))
    assert [stage["name"] for stage in plan["stages"]][:2] == ["b", "a"]
    figures = {stage["name"]: stage["figures"] for stage in plan["stages"]}
    assert figures["source-code-src"]["probability_from"] == "evidence"
    assert figures["source-code-src"]["evidence_date"] == str(DAY)


def test_a_group_of_packages_changes_as_one(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """boto3 and botocore change together: their layer changes as often as each of them, and not as if each did alone."""
    Path("optimizer.lock").write_text(LOCKED + '\n[packing]\npython = [["boto3", "botocore"]]\n', encoding="utf-8")
    run(TARGET, "--update", "--package-layers", "2")
    assert lock().packing.of("python") == (("boto3", "botocore"),)
    known = lock().evidence.step("python group boto3")
    assert known.changes == lock().evidence.packages["python"]["boto3"].changes
    figures = {stage["name"]: stage["figures"] for stage in json.loads(output(TARGET, "--format", "json"))["stages"]}
    assert figures["python-dependencies-boto3"]["probability"] == known.changes
    # What groups do not name is one layer, which changes as its own packages do.
    assert figures["python-dependencies"]["probability"] == lock().evidence.packages["python"]["numpy"].changes
    assert run(TARGET, "--update", "--package-layers", "2").stderr == "optimizer.lock is unchanged\n"
    shutil.rmtree(".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    assert run(TARGET, "--update").stderr == "optimizer.lock is unchanged\n"


def test_an_update_of_an_update_changes_nothing_and_checks(project: Path) -> None:
    stale = run(TARGET, "--update", "--check")
    assert (stale.exit_code, stale.stderr) == (1, "optimizer.lock is stale: run optimizer plan --update\n")
    assert Path("optimizer.lock").read_text(encoding="utf-8") == LOCKED
    run(TARGET, "--update")
    before = Path("optimizer.lock").read_bytes()
    assert run(TARGET, "--update").stderr == "optimizer.lock is unchanged\n"
    assert Path("optimizer.lock").read_bytes() == before
    fresh = run(TARGET, "--update", "--check")
    assert (fresh.exit_code, fresh.stderr) == (0, "optimizer.lock is up to date\n")


def test_what_people_keep_together_stays_when_packages_are_packed_anew(project: Path) -> None:
    Path("optimizer.lock").write_text(f'{LOCKED}\n[packing]\ntogether = [["numpy", "botocore"]]\n', encoding="utf-8")
    run(TARGET, "--update")
    assert lock().packing.of("python")
    assert not any(len({"numpy", "botocore"} & {*group}) == 1 for group in lock().packing.of("python"))
    assert lock().packing.together == (("botocore", "numpy"),)


def test_what_a_new_lock_pushes_in_any_case_moves_for_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A layer of two packages, one of which changes too seldom to pay for moving: with a new release of it, moving costs nothing."""
    first = {TARGET: SPEC, "src/app.py": "0", "requirements.txt": requirements(numpy="1", idna="1"), "optimizer.lock": LOCKED}
    made = [Made(days_ago(81), first)]
    for day in range(1, 81):
        files = {"requirements.txt": requirements(numpy="1", idna="2")} if day == 40 else {"src/app.py": str(day)}
        made.append(Made(days_ago(81 - day), files))
    project = repository(tmp_path / "project", made)
    monkeypatch.chdir(project)
    assert "packing of Python packages: stays" in run(TARGET, "--update").stdout
    Path("requirements.txt").write_text(requirements(numpy="1", idna="3"), encoding="utf-8")
    text = run(TARGET, "--update").stdout
    assert "packing of Python packages: changed" in text
    assert "the change pushes nothing that is not pushed anyway" in " ".join(text.split())
    git(project, "checkout", "-q", "optimizer.lock")
    git(project, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-aqm", "x", "--date", "2026-11-29T00:00:00Z")
    assert not updated()["packing"]["python"]["adopted"]
    git(project, "checkout", "-q", "optimizer.lock")
    assert updated(TARGET, "--deployed", "HEAD~1")["packing"]["python"]["adopted"]
    assert '--deployed: "nowhere" is no commit of this repository' in refused(TARGET, "--update", "--deployed", "nowhere")


def test_one_commit_more_makes_nothing_stale(project: Path) -> None:
    run(TARGET, "--update")
    Path("src/app.py").write_text("new")
    git(project, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-aqm", "x", "--date", "2026-11-29T00:00:00Z")
    assert run(TARGET, "--update", "--check").exit_code == 0


def test_two_clones_write_the_same(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "deterministic"; neither the machine nor the name of the directory is in the lock."""
    run(TARGET, "--update")
    git(tmp_path, "clone", "-q", "project", "elsewhere")
    monkeypatch.chdir(tmp_path / "elsewhere")
    run(TARGET, "--update")
    assert Path("optimizer.lock").read_bytes() == (project / "optimizer.lock").read_bytes()


def test_what_was_measured_counts(project: Path) -> None:
    plan = json.loads(output(TARGET, "--format", "json"))
    keys = {stage["name"]: stage["key"] for stage in plan["stages"]}
    layers = [
        {"stage": "a", "key": keys["a"], "source": "made", "size": 9_000_000, "pushed": 9_000_000, "seconds": 12.34},
        {"stage": "b", "key": keys["b"], "source": "found", "size": 5, "pushed": 0, "seconds": 0.0},
        {"stage": "other", "key": "f" * 64, "source": "made", "size": 5, "pushed": 0, "seconds": 0.0},
    ]
    Path("published.json").write_text(json.dumps({"images": [{"name": "x", "layers": layers}], "left": []}))
    found = updated(TARGET, "--measured", "published.json")
    assert found["steps"]["system-packages a"]["now"]["seconds"] == 12.3
    assert lock().evidence.step("system-packages b") == StepEvidence(
        changes=found["steps"]["system-packages b"]["now"]["changes"],
        stability=lock().evidence.step("system-packages b").stability,
        size_bytes=5,
    )
    assert "1 of 3 layers of the reports are of other files or another plan, and do not count" in found["notes"]
    order = json.loads(output(TARGET, "--format", "json"))["order"]
    (link,) = (each for each in order["links"] if each["name"] == "a")
    assert (link["seconds"], link["size_bytes"]) == (12.3, 9_000_000)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (None, "does not exist"),
        ("{", "is not JSON"),
        ("[]", "is no report of a publication"),
        ("{}", "is no report of a publication: it has no layers"),
        ('{"images": 3}', "is no report of a publication: it has no layers"),
        ('{"images": [{"layers": [{"key": "k"}]}]}', "has a layer without key, size and seconds"),
        ('{"layers": [{"key": "k", "size": -1, "seconds": 1}]}', "has a layer without key, size and seconds"),
        ('{"layers": [{"key": "k", "size": 1, "seconds": NaN}]}', "has a layer without key, size and seconds"),
    ],
)
def test_a_report_that_is_none_is_refused_and_nothing_written(project: Path, text: str | None, why: str) -> None:
    if text is not None:
        Path("bad.json").write_text(text)
    result = run(TARGET, "--update", "--measured", "bad.json")
    assert isinstance(result.exception, OptimizerError)
    assert result.exception.faults[0].message == f'"bad.json" {why}'
    assert Path("optimizer.lock").read_text(encoding="utf-8") == LOCKED


def test_no_repository_is_said(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "no git / no history: sensible default and a note, exit 0"."""
    shutil.rmtree(".git")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(project.parent))
    result = run(TARGET, "--update")
    assert result.exit_code == 0
    assert "note: no history was read (git: not a git repository" in result.stdout
    assert "the defaults of the kinds stay" in " ".join(result.stdout.split())
    assert lock().evidence == Evidence()
    assert '--deployed: "HEAD" cannot be looked up (git: not a git repository' in refused(TARGET, "--update", "--deployed", "HEAD")


def test_a_short_history_leaves_the_defaults(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    repository(tmp_path / "young", commits(5))
    monkeypatch.chdir(tmp_path / "young")
    notes = updated()["notes"]
    assert any(note.startswith("fewer than 10 deployments are known of packed-files src, ") for note in notes)
    assert lock().evidence.steps == {} and not lock().packing
    repository(tmp_path / "new", commits(1))
    monkeypatch.chdir(tmp_path / "new")
    assert run(TARGET, "--update").stdout.startswith("1 deployment up to ")
    repository(tmp_path / "first", commits(0))
    monkeypatch.chdir(tmp_path / "first")
    assert "no deployment is known: it takes commits of two days; the defaults of the kinds hold" in updated()["notes"]


def test_a_shallow_clone_takes_no_evidence_away(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(TARGET, "--update")
    git(project, "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-aqm", "lock")
    git(tmp_path, "clone", "-q", "--depth", "3", f"file://{project}", "shallow")
    monkeypatch.chdir(tmp_path / "shallow")
    before = lock()
    found = updated()
    assert "this history has 2 deployments, and the evidence is of 40; the evidence of the lock stays" in found["notes"]
    assert any(note.startswith("this is a shallow clone with 3 commits") for note in found["notes"])
    assert lock() == before and before.evidence.deployments == 40


def test_a_history_that_was_rewritten_is_said(project: Path) -> None:
    """Requirement: "rewritten history"."""
    run(TARGET, "--update")
    text = Path("optimizer.lock").read_text(encoding="utf-8")
    Path("optimizer.lock").write_text(text.replace(lock().evidence.commit, "1" * 40), encoding="utf-8")
    notes = updated()["notes"]
    assert "the commit of the evidence, 111111111111, is not in this history: it was rewritten, or is of another branch" in notes


def test_several_specifications_share_the_lock(project: Path) -> None:
    Path("other.image.toml").write_text(SPEC.replace("src", "web").replace('"a"', '"c"'))
    Path("web").mkdir()
    Path("web/index.py").write_text("")
    run(TARGET, "other.image.toml", "--update")
    assert lock().evidence.step("packed-files src").changes
    found = updated("other.image.toml")
    assert "the evidence of packed-files src, system-packages a leaves the lock: no image here has such a step" in found["notes"]
    assert (
        "the history says nothing of packed-files web, system-packages b, system-packages c: new, or declared by a program; "
        "the defaults of the kinds hold"
    ) in found["notes"]


def test_sizes_are_asked_of_the_index_alone_where_that_is_wanted(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from optimizer.adapters import package_index

    asked: list[set[tuple[str, str]]] = []

    def sizes_of(releases: list[package_index.AskedRelease]) -> package_index.IndexSizes:
        asked.append({(release.name, *release.indexes) for release in releases})
        return package_index.IndexSizes(sizes={"numpy": 18_000_000, "boto3": 140_000}, failures=("the package index x does not answer",))

    monkeypatch.setattr(package_index, "sizes_of", sizes_of)
    updated()
    assert asked == []
    notes = updated(TARGET, "--ask-index")["notes"]
    assert asked == [{(name, "https://pypi.org/simple") for name in ("boto3", "botocore", "numpy")}]
    assert "the package index x does not answer" in notes
    assert any(note.startswith("no lock has the size of 1 Python package, which is taken") for note in notes)
    assert lock().evidence.packages["python"]["numpy"].size_bytes == 18_000_000
    updated(TARGET, "--ask-index")
    assert asked[1] == {("botocore", "https://pypi.org/simple")}, "what is known is not asked again"


def test_an_app_has_a_past_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Requirement: "TARGET: ... an app's cdk.out"."""
    root = tmp_path / "app"
    root.mkdir()
    write_project(root)
    files = {str(path.relative_to(root)): path.read_text() for path in root.rglob("*") if path.is_file()}
    later = [Made(days_ago(11 - day), {"functions/api/app.py": f"# {day}\n"}) for day in range(12)]
    repository(root, [Made(days_ago(12), files), *later])
    monkeypatch.chdir(root)
    found = updated(str(synthesize("cdk.out")))
    assert found["steps"]["packed-files functions/api"]["now"]["stability"] == "daily"
    assert found["steps"]["packed-files functions/jobs"]["now"]["changes"] == pytest.approx(0.04, abs=0.01)
    assert {*lock().evidence.steps} == {
        "packed-files functions/api",
        "packed-files functions/jobs",
        "packed-files models",
        "python-packages requirements.txt",
    }


def test_a_lock_that_cannot_be_read_is_not_overwritten(project: Path) -> None:
    Path("optimizer.lock").write_text("version = 2\n")
    assert isinstance(run(TARGET, "--update").exception, OptimizerError)
    assert Path("optimizer.lock").read_text() == "version = 2\n"


def test_an_app_without_images_of_specifications_is_refused(project: Path) -> None:
    Path("plain").mkdir()
    Path("plain/template.yaml").write_text(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  F:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {PackageType: Image, ImageUri: 'a.b/c:d'}\n"
    )
    assert "no image here was made from a specification" in refused("plain/template.yaml", "--update")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--check",),
        ("--ask-index",),
        ("--measured", "x.json"),
        ("--package-layers", "20"),
        ("--html", "page.html", "--format", "json"),
        ("--update", "--measure"),
        ("--update", "--if-changed", "src"),
        ("other.image.toml",),
    ],
)
def test_options_that_do_not_go_together(project: Path, arguments: tuple[str, ...]) -> None:
    assert run(TARGET, *arguments).exit_code == 2


def test_a_fault_of_one_of_several_specifications_names_its_file(project: Path) -> None:
    Path("other.image.toml").write_text(SPEC.replace('source = "src"', 'source = "gone"'))
    assert 'other.image.toml: steps[0].source: "gone" does not exist' in refused(TARGET, "other.image.toml", "--update")
