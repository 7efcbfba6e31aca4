from __future__ import annotations

import datetime
import json
import os
import re
import stat
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from optimizer.bases.lock import Lock, LockedImage
from optimizer.cli import pin, pinning
from optimizer.errors import ConfigurationError, LockError, OptimizerError, RegistryError, SpecError
from optimizer.model.evidence import Evidence
from optimizer.model.reference import ImageReference
from tests.adapters.registry_server import MANIFEST, RegistryServer, serving, sha256
from tests.patience import PATIENCE_S

TODAY = datetime.date(2026, 11, 24)
PYTHON = "public.ecr.aws/lambda/python:3.13"
NODE = "public.ecr.aws/lambda/nodejs:24"
GOLANG = "public.ecr.aws/docker/library/golang:1.25"
OLD = "sha256:" + "0" * 64
AMD64, ARM64 = sha256(b"a"), sha256(b"b")
SPEC = 'runtime = "python3.13"\narchitecture = "arm64"\n'


@pytest.fixture(autouse=True)
def app(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty app, which is the current directory, on a day that never ends."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "no-docker"))
    for module in (pin, pinning):
        monkeypatch.setattr(module, "today_in_utc", lambda: TODAY)
    return tmp_path


@pytest.fixture
def mirror() -> Iterator[RegistryServer]:
    """A mirror on loopback that knows the images above."""
    with serving() as server:
        for name in (PYTHON, NODE, GOLANG):
            server.index(name.partition("/")[2])
        yield server


def run(*arguments: str) -> Result:
    """The outcome of a call; what it raises comes out as it is."""
    return CliRunner().invoke(pin.command, arguments, catch_exceptions=False)


def sam_template(*specs: str) -> str:
    """A SAM template of a function for each specification."""
    function = "  F{number}:\n    Type: AWS::Serverless::Function\n    Properties: {{PackageType: Image}}\n    Metadata: {{ImageSpec: {spec}.image.toml}}\n"
    functions = (function.format(number=number, spec=spec) for number, spec in enumerate(specs))
    return f"Transform: AWS::Serverless-2016-10-31\nResources:\n{''.join(functions)}"


def pinned(reference: str = PYTHON, digest: str = OLD, days: int = 0) -> LockedImage:
    return LockedImage(reference=ImageReference.parse(reference), digest=digest, resolved=TODAY - datetime.timedelta(days=days))


def write_lock(*images: LockedImage, path: str = "optimizer.lock", evidence: Evidence = Evidence()) -> str:
    text = Lock(images=images, evidence=evidence).render()
    Path(path).write_text(text, encoding="utf-8")
    return text


def read_lock(path: str = "optimizer.lock") -> dict[str, LockedImage]:
    return {str(image.reference): image for image in Lock.parse(Path(path).read_text(encoding="utf-8")).images}


class TestPinning:
    def test_an_image_is_resolved_through_the_mirror_and_locked_by_its_own_name(self, mirror: RegistryServer) -> None:
        mirror.auth = "bearer"
        result = run("--image", NODE, "--mirror", mirror.host)
        digest = mirror.digest_of("lambda/nodejs:24")
        assert result.exit_code == 0
        assert result.stdout == f"{NODE}  (none) -> {digest[7:19]}  added\n"
        assert result.stderr.startswith(f"resolving {NODE} from {mirror.host}\n")
        assert result.stderr.endswith("\nwrote optimizer.lock\n")
        image = read_lock()[NODE]
        assert (image.digest, image.kind, image.resolved) == (digest, "index", TODAY)
        assert dict(image.platforms) == {"amd64": AMD64, "arm64": ARM64}
        assert mirror.host not in Path("optimizer.lock").read_text(encoding="utf-8")

    def test_a_runtime_stands_for_its_base_image(self, mirror: RegistryServer) -> None:
        run("--image", "python3.13", "--image", "nodejs24.x", "--mirror", mirror.host)
        assert list(read_lock()) == [NODE, PYTHON]

    def test_a_deprecated_runtime_is_pinned_with_a_warning(self, mirror: RegistryServer) -> None:
        mirror.index("lambda/python:3.9")
        result = run("--image", "python3.9", "--mirror", mirror.host)
        assert result.exit_code == 0
        assert 'warning: runtime "python3.9" is deprecated since 2025-12-15' in result.stderr

    def test_what_is_pinned_is_kept_without_asking(self, mirror: RegistryServer) -> None:
        before = write_lock(pinned())
        result = run("--image", PYTHON, "--mirror", mirror.host)
        assert result.exit_code == 0
        assert result.stdout == f"{PYTHON}  {OLD[7:19]}  kept\n"
        assert result.stderr == "kept 1 image pinned already; --update resolves them again\noptimizer.lock is unchanged\n"
        assert Path("optimizer.lock").read_text(encoding="utf-8") == before
        assert mirror.requests == []

    def test_only_what_is_missing_is_resolved(self, mirror: RegistryServer) -> None:
        write_lock(pinned(days=90), evidence=Evidence(date=TODAY))
        result = run("--image", PYTHON, "--image", GOLANG, "--mirror", mirror.host)
        assert result.stdout.splitlines()[0].startswith(f"{GOLANG}  (none) -> ")
        assert read_lock()[PYTHON] == pinned(days=90)
        assert read_lock()[GOLANG].resolved == TODAY
        assert Path("optimizer.lock").read_text(encoding="utf-8").endswith(f"\n[evidence]\ndate = {TODAY}\n")

    def test_update_alone_refreshes_the_whole_lock(self, mirror: RegistryServer) -> None:
        fresh = mirror.digest_of("docker/library/golang:1.25")
        write_lock(pinned(days=90), pinned(GOLANG, fresh, days=90))
        result = run("--update", "--mirror", mirror.host)
        # These names and digests take more than 80 columns, so that each name has a line of its own.
        assert [line.split()[-1] for line in result.stdout.splitlines() if line.startswith("  ")] == ["unchanged", "updated"]
        assert all(len(line) <= 80 for line in result.stdout.splitlines())
        assert {image.resolved for image in read_lock().values()} == {TODAY}
        assert read_lock()[PYTHON].digest == mirror.digest_of("lambda/python:3.13")

    def test_update_of_named_images_leaves_the_others(self, mirror: RegistryServer) -> None:
        write_lock(pinned(days=90), pinned(GOLANG, days=90))
        run("--update", "--image", GOLANG, "--mirror", mirror.host)
        assert read_lock()[PYTHON] == pinned(days=90)
        assert read_lock()[GOLANG].resolved == TODAY

    def test_a_reference_with_a_digest_is_pinned_at_it(self, mirror: RegistryServer) -> None:
        older = mirror.index("lambda/python:3.13", {"amd64": b"older"})
        mirror.index("lambda/python:3.13")
        write_lock(pinned())
        run("--image", f"{PYTHON}@{older}", "--mirror", mirror.host)
        assert read_lock()[PYTHON].digest == older

    def test_a_single_manifest_is_locked_as_one(self, mirror: RegistryServer) -> None:
        digest = mirror.single("lambda/java:21")
        run("--image", "java21", "--mirror", mirror.host)
        image = read_lock()["public.ecr.aws/lambda/java:21"]
        assert (image.kind, image.digest, dict(image.platforms)) == ("manifest", digest, {"amd64": digest})

    def test_the_same_call_twice_writes_the_same_bytes(self, mirror: RegistryServer) -> None:
        call = ("--image", PYTHON, "--image", GOLANG, "--mirror", mirror.host)
        run(*call)
        first = Path("optimizer.lock").read_bytes()
        run(*call, "--update")
        assert Path("optimizer.lock").read_bytes() == first

    def test_cdk_json_sets_lock_and_mirror(self, mirror: RegistryServer) -> None:
        Path("cdk.json").write_text(
            json.dumps({"app": "x", "context": {"optimizer:lock": "images.lock", "optimizer:mirror": {"public.ecr.aws": mirror.host}}}),
            encoding="utf-8",
        )
        assert run("--image", PYTHON).exit_code == 0
        assert list(read_lock("images.lock")) == [PYTHON]
        assert run("--image", NODE, "--lock", "other.lock").exit_code == 0
        assert list(read_lock("other.lock")) == [NODE]


class TestSpecs:
    def test_the_images_that_a_spec_needs_are_pinned(self, mirror: RegistryServer) -> None:
        Path("api.image.toml").write_text(SPEC, encoding="utf-8")
        assert run("api.image.toml", "--mirror", mirror.host).exit_code == 0
        assert list(read_lock()) == [PYTHON]

    def test_the_builder_that_the_company_chose_is_pinned(self, mirror: RegistryServer) -> None:
        Path("api.image.toml").write_text('runtime = "provided.al2023"\n[[steps]]\nkind = "go-build"\nsource = "."\n', encoding="utf-8")
        Path("optimizer.toml").write_text('[tools.images]\ngolang = "example.com/builders/golang:1.25"\n', encoding="utf-8")
        for name in ("lambda/provided:al2023", "builders/golang:1.25"):
            mirror.index(name)
        assert run("--mirror", mirror.host).exit_code == 0
        assert list(read_lock()) == ["example.com/builders/golang:1.25", "public.ecr.aws/lambda/provided:al2023"]

    def test_without_a_name_every_spec_of_the_project_counts(self, mirror: RegistryServer) -> None:
        for path in ("api/api.image.toml", "node_modules/a.image.toml", "cdk.out/a.image.toml", ".git/a.image.toml", "env/a.image.toml"):
            Path(path).parent.mkdir()
            Path(path).write_text(SPEC if path.startswith("api") else "not a spec", encoding="utf-8")
        Path("env/pyvenv.cfg").touch()
        write_lock(pinned(GOLANG))
        result = run("--mirror", mirror.host)
        assert result.exit_code == 0
        assert list(read_lock()) == [GOLANG, PYTHON]

    def test_the_specs_that_a_sam_template_names_are_pinned(self, mirror: RegistryServer) -> None:
        Path("api.image.toml").write_text(SPEC, encoding="utf-8")
        Path("web.image.toml").write_text(SPEC.replace("python3.13", "nodejs24.x"), encoding="utf-8")
        Path("template.yaml").write_text(sam_template("api", "web", "api"), encoding="utf-8")
        assert run("template.yaml", "--mirror", mirror.host).exit_code == 0
        assert list(read_lock()) == [NODE, PYTHON]

    def test_fails_with_the_faults_of_all_specs_of_a_template(self) -> None:
        Path("a.image.toml").write_text("runtime = ", encoding="utf-8")
        Path("template.yaml").write_text(sam_template("a", "b"), encoding="utf-8")
        with pytest.raises(SpecError) as raised:
            run("template.yaml")
        assert [fault.place for fault in raised.value.faults] == ["a.image.toml:1", "template.yaml: F1"]
        Path("template.yaml").write_text(sam_template("a").replace("ImageSpec", "Dockerfile"), encoding="utf-8")
        with pytest.raises(OptimizerError, match="nothing to pin: no function names a specification"):
            run("template.yaml")

    def test_check_finds_what_a_spec_needs(self) -> None:
        Path("api.image.toml").write_text(SPEC, encoding="utf-8")
        result = run("--check")
        assert (result.exit_code, result.stdout) == (1, f"{PYTHON}  is not pinned\n")

    def test_fails_with_the_faults_of_all_specs(self) -> None:
        Path("a.image.toml").write_text(SPEC.replace("python3.13", "pyhton3.13"), encoding="utf-8")
        Path("b.image.toml").write_text("runtime = ", encoding="utf-8")
        with pytest.raises(SpecError) as raised:
            run()
        assert [fault.place.partition(":")[0] for fault in raised.value.faults] == ["a.image.toml", "b.image.toml"]
        assert raised.value.faults[0].hint == 'did you mean "python3.13"?'
        assert not Path("optimizer.lock").exists()

    @pytest.mark.parametrize("name", ["python3.13", PYTHON])
    def test_fails_for_an_image_in_the_place_of_a_spec(self, name: str) -> None:
        with pytest.raises(SpecError) as raised:
            run(name)
        assert str(raised.value) == (
            f'"{name}" is not a spec file; allowed: *.image.toml, or the directory of a synthesized app\n  hint: for an image or a runtime: optimizer pin --image {name}'
        )


def write_assembly(*images: tuple[str, str], directory: str = "cdk.out", metadata: object = None) -> None:
    """What a synthesis leaves: the stack of a nested stage, whose functions need the images."""
    needed = [{"image": image, "platform": platform} for image, platform in images] if metadata is None else metadata
    nested = Path(directory, "assembly-Prod")
    nested.mkdir(parents=True)
    stage = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    stack = {"type": "aws:cloudformation:stack", "properties": {"templateFile": "S.json"}, "additionalMetadataFile": "S.metadata.json"}
    Path(directory, "manifest.json").write_text(json.dumps({"artifacts": {"Prod": stage}}))
    (nested / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack}}))
    (nested / "S.metadata.json").write_text(json.dumps({"/Prod/S": [{"type": "lambda-image-optimizer:images", "data": needed}]}))


class TestAssemblies:
    def test_all_that_the_functions_of_an_app_need_is_pinned(self, mirror: RegistryServer) -> None:
        write_assembly((PYTHON, "amd64"), (GOLANG, "arm64"), (PYTHON, "arm64"))
        assert run("cdk.out", "--mirror", mirror.host).exit_code == 0
        assert list(read_lock()) == [GOLANG, PYTHON]

    def test_without_a_name_the_app_that_was_last_synthesized_counts(self, mirror: RegistryServer) -> None:
        Path("cdk.json").write_text(json.dumps({"app": "exit 1", "output": "build/out"}))
        write_assembly((PYTHON, "amd64"), directory="build/out")
        write_lock(pinned(GOLANG))
        assert run("--check").stdout == f"{PYTHON}  is not pinned\n"
        assert run("--mirror", mirror.host).exit_code == 0
        assert list(read_lock()) == [GOLANG, PYTHON]

    def test_a_pin_for_another_platform_is_resolved_again(self, mirror: RegistryServer) -> None:
        """The pin of a single manifest is of use on one platform, and stays where that is the one that is needed."""
        foreign = LockedImage(reference=ImageReference.parse(PYTHON), digest=OLD, resolved=TODAY, kind="manifest", platforms={"amd64": OLD})
        write_lock(foreign)
        write_assembly((PYTHON, "amd64"), directory="x86")
        write_assembly((PYTHON, "arm64"), directory="arm")
        assert run("x86", "--check").exit_code == 0
        result = run("arm", "--check")
        assert (result.exit_code, result.stdout) == (1, f"{PYTHON}  is not pinned for arm64\n")
        assert result.stderr == f"hint: optimizer pin --update --image {PYTHON}\n"
        assert run("arm", "--mirror", mirror.host).stdout.endswith("  updated\n")
        assert read_lock()[PYTHON].kind == "index"

    def test_fails_for_an_app_without_specs(self) -> None:
        write_assembly()
        with pytest.raises(LockError, match="nothing to pin: cdk.out holds no function that is described by a spec"):
            run("cdk.out")

    @pytest.mark.parametrize(
        "metadata", ["text", [3], [{"image": 3, "platform": "amd64"}], [{"platform": "amd64"}], [{"image": "no tag", "platform": "x"}], 5]
    )
    def test_fails_for_a_broken_assembly(self, metadata: object) -> None:
        write_assembly(metadata=metadata)
        with pytest.raises(OptimizerError) as raised:
            run("cdk.out")
        assert raised.value.faults[0].message.startswith('"cdk.out" is not a complete cloud assembly: ')

    def test_fails_for_a_directory_that_is_no_assembly(self) -> None:
        Path("functions").mkdir()
        with pytest.raises(OptimizerError) as raised:
            run("functions")
        assert raised.value.faults[0].message == (
            '"functions" is a directory; optimizer pin takes an image specification (*.image.toml), '
            "a SAM or CloudFormation template or the output directory of cdk synth, such as cdk.out"
        )


class TestChecking:
    @pytest.fixture(autouse=True)
    def offline(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Any request would fail."""
        monkeypatch.setattr("urllib3.PoolManager", None)

    def test_a_fresh_and_complete_lock_passes(self) -> None:
        write_lock(pinned(days=30), pinned(NODE))
        result = run("--check", "--max-age", "30")
        assert (result.exit_code, result.stdout, result.stderr) == (0, "", "optimizer.lock: 2 images checked, all pinned\n")

    def test_missing_pins_are_findings_with_the_command_that_mends_them(self) -> None:
        write_lock(pinned())
        result = run("--check", "--image", PYTHON, "--image", NODE, "--image", "ruby3.4")
        assert result.exit_code == 1
        assert result.stdout == f"{NODE}  is not pinned\npublic.ecr.aws/lambda/ruby:3.4  is not pinned\n"
        assert result.stderr == f"hint: optimizer pin --image {NODE} --image public.ecr.aws/lambda/ruby:3.4\n"

    def test_old_pins_are_findings_with_their_age(self) -> None:
        write_lock(pinned(days=31), pinned(NODE, days=30))
        result = run("--check", "--max-age", "30")
        assert result.exit_code == 1
        assert result.stdout == f"{PYTHON}  was resolved 31 days ago, on 2026-10-24; allowed: 30\n"
        assert result.stderr == f"hint: optimizer pin --update --image {PYTHON}\n"

    def test_age_does_not_count_unless_it_is_asked_for(self) -> None:
        write_lock(pinned(days=1_000))
        assert run("--check").exit_code == 0

    def test_age_counts_for_the_named_images_alone(self) -> None:
        write_lock(pinned(days=31), pinned(NODE))
        assert run("--check", "--max-age", "30", "--image", NODE).exit_code == 0

    def test_another_digest_than_the_locked_one_is_a_finding(self) -> None:
        write_lock(pinned())
        result = run("--check", "--image", f"{PYTHON}@{AMD64}")
        assert (result.exit_code, result.stdout) == (1, f"{PYTHON}@{AMD64}  is not pinned\n")

    def test_nothing_is_ever_written(self, app: Path) -> None:
        run("--check", "--image", PYTHON)
        assert list(app.iterdir()) == []


class TestLogins:
    def test_a_login_that_fails_is_told_once_for_all_images_of_its_registry(self, mirror: RegistryServer, app: Path) -> None:
        mirror.auth, mirror.login = "basic", ("me", "se:cret")
        (app / "no-docker").mkdir()
        (app / "no-docker" / "config.json").write_text('{"credsStore": "missing-here"}')
        with pytest.raises(RegistryError) as raised:
            run("--image", PYTHON, "--image", NODE, "--mirror", mirror.host)
        (fault,) = raised.value.faults
        assert fault.message.endswith(f'gives no login for "{mirror.host}": there is no such program on PATH')


class TestWriting:
    def test_a_broken_connection_leaves_the_lock_as_it_was_and_the_next_run_succeeds(
        self, mirror: RegistryServer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("optimizer.adapters.registry.transport._FIRST_DELAY_S", 0)
        before = write_lock(pinned())
        mirror.cuts = 5
        arguments = ["--update", "--mirror", mirror.host, "--image", "python3.13"]
        with pytest.raises(RegistryError, match="the connection was closed before the end of the answer"):
            run(*arguments)
        assert Path("optimizer.lock").read_text() == before
        assert run(*arguments).exit_code == 0
        assert mirror.digest_of("lambda/python:3.13") in Path("optimizer.lock").read_text()

    def test_a_refusal_leaves_the_lock_as_it_was_and_names_all_that_failed(self, mirror: RegistryServer) -> None:
        before = write_lock(pinned())
        with pytest.raises(RegistryError) as raised:
            run("--image", GOLANG, "--image", "public.ecr.aws/a:1", "--image", "public.ecr.aws/b:2", "--mirror", mirror.host)
        assert [fault.message.partition(" (404")[0] for fault in raised.value.faults] == [
            f'registry "{mirror.host}" does not know "{mirror.host}/a:1"',
            f'registry "{mirror.host}" does not know "{mirror.host}/b:2"',
        ]
        assert Path("optimizer.lock").read_text(encoding="utf-8") == before

    def test_an_interrupted_write_leaves_the_old_lock_and_no_rest(
        self, mirror: RegistryServer, app: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = write_lock(pinned())

        def full(_: int) -> None:
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(os, "fsync", full)
        with pytest.raises(LockError, match='the lock "optimizer.lock" cannot be written: No space left on device'):
            run("--update", "--mirror", mirror.host)
        assert Path("optimizer.lock").read_text(encoding="utf-8") == before
        assert [path.name for path in app.iterdir()] == ["optimizer.lock"]

    def test_mode_and_symlink_survive(self, mirror: RegistryServer) -> None:
        write_lock(pinned(), path="real.lock")
        Path("real.lock").chmod(0o640)
        Path("optimizer.lock").symlink_to("real.lock")
        run("--update", "--mirror", mirror.host)
        assert Path("optimizer.lock").is_symlink()
        assert stat.S_IMODE(Path("real.lock").stat().st_mode) == 0o640
        assert read_lock("real.lock")[PYTHON].digest != OLD

    def test_fails_when_the_directory_is_not_there(self, mirror: RegistryServer) -> None:
        with pytest.raises(LockError, match="cannot be written: No such file or directory"):
            run("--image", PYTHON, "--lock", "no/such/optimizer.lock", "--mirror", mirror.host)


class TestBadInput:
    @pytest.mark.parametrize("arguments", [(), ("--update",), ("--check",)])
    def test_fails_when_there_is_nothing_to_pin(self, arguments: tuple[str, ...]) -> None:
        with pytest.raises(LockError) as raised:
            run(*arguments)
        assert str(raised.value) == (
            'nothing to pin: no "*.image.toml" under the current directory, and no image in the lock "optimizer.lock"\n'
            "  hint: name an image, for example: optimizer pin --image python3.13"
        )

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (("--check", "--update"), "--check works offline, so it cannot be combined with --update"),
            (("--max-age", "3"), "--max-age needs --check"),
            (("--check", "--max-age", "-1"), "Invalid value for '--max-age'"),
        ],
    )
    def test_fails_for_options_that_do_not_go_together(self, arguments: tuple[str, ...], message: str) -> None:
        result = run(*arguments)
        assert result.exit_code == 2
        assert message in result.stderr

    @pytest.mark.parametrize(
        ("image", "message", "hint"),
        [
            ("pyhton3.13", 'unknown runtime "pyhton3.13"; allowed: ', 'did you mean "python3.13"?'),
            ("lambda/python:3.13", '"lambda/python:3.13" is not an image reference with a registry', "name the registry too"),
            (
                "public.ecr.aws/lambda/python",
                '"public.ecr.aws/lambda/python" has no tag; allowed: registry/repository:tag[@digest]',
                'for example "public.ecr.aws/lambda/python:latest"',
            ),
        ],
    )
    def test_fails_for_an_image_that_is_none(self, image: str, message: str, hint: str) -> None:
        with pytest.raises(SpecError) as raised:
            run("--image", image)
        (fault,) = raised.value.faults
        assert fault.message.startswith(message)
        assert fault.hint.startswith(hint)
        assert fault.place == "--image"

    def test_fails_for_two_digests_of_one_tag(self) -> None:
        with pytest.raises(SpecError, match=f'"{re.escape(PYTHON)}" is given with two digests'):
            run("--image", f"{PYTHON}@{AMD64}", "--image", f"{PYTHON}@{ARM64}")

    def test_fails_for_a_corrupt_lock_with_its_lines(self) -> None:
        Path("optimizer.lock").write_text(Lock(images=(pinned(),)).render().replace("digest", "digset"), encoding="utf-8")
        for arguments in (("--check",), ("--update",), ("--image", PYTHON)):
            with pytest.raises(LockError) as raised:
                run(*arguments)
            assert [fault.place for fault in raised.value.faults] == ["optimizer.lock:4", "optimizer.lock:6"]

    def test_fails_for_a_lock_that_is_no_text(self) -> None:
        Path("optimizer.lock").write_bytes(b"version = 1\n\xff")
        with pytest.raises(LockError) as raised:
            run("--check")
        assert raised.value.faults[0].place == "optimizer.lock:2"

    def test_fails_for_a_lock_that_is_no_file(self) -> None:
        Path("optimizer.lock").mkdir()
        with pytest.raises(LockError, match='the lock "optimizer.lock" cannot be read: Is a directory'):
            run("--check")

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("{", "cdk.json: not readable as JSON: "),
            ('{"context": {"optimizer:lock": 3}}', "cdk.json: optimizer:lock: 3 is not a path"),
            ('{"context": {"optimizer:mirror": "https://m.example"}}', 'cdk.json: optimizer:mirror: "https://m.example" is not a mirror'),
            ('{"context": {"optimizer:mirror": {"docker.io": "m/"}}}', 'cdk.json: optimizer:mirror["docker.io"]: "m/" is not a mirror'),
        ],
    )
    def test_fails_for_a_wrong_cdk_json(self, text: str, message: str) -> None:
        Path("cdk.json").write_text(text, encoding="utf-8")
        with pytest.raises(ConfigurationError) as raised:
            run("--image", PYTHON)
        assert str(raised.value).startswith(message)
        assert all(fault.hint for fault in raised.value.faults)

    def test_fails_for_a_wrong_mirror(self) -> None:
        with pytest.raises(ConfigurationError, match='mirror: "https://m.example" is not a mirror'):
            run("--image", PYTHON, "--mirror", "https://m.example")


def test_the_command_is_a_click_command_with_help() -> None:
    assert isinstance(pin.command, click.Command)
    result = run("--help")
    assert result.exit_code == 0
    for option in ("--image", "--update", "--check", "--max-age", "--lock", "--mirror"):
        assert option in result.stdout


def test_importing_the_command_stays_light() -> None:
    program = (
        "import sys, optimizer.cli.pin; print(sorted({'urllib3', 'boto3', 'botocore', 'tomlkit', 'aws_cdk', 'jsii'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=PATIENCE_S, cwd=Path(__file__).parents[2]
    )
    assert done.stdout == "[]\n"


def image(server: RegistryServer, name: str, made: str | None, *layers: int) -> str:
    """Put an image for one platform with layers of so many bytes under ``repository:tag``; gives its digest."""
    config = json.dumps({"os": "linux", "architecture": "amd64", **({"created": made} if made else {})}).encode()
    server.blobs[sha256(config)] = config
    rows = [{"mediaType": "application/vnd.oci.image.layer.v1.tar+gzip", "digest": sha256(b"%d" % size), "size": size} for size in layers]
    document = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": sha256(config), "size": len(config)},
        "layers": rows,
    }
    return server.put(name, MANIFEST, json.dumps(document).encode())


class TestUpdatesOfABot:
    """Requirement: "the pull request of `pin --update` (with what a new base brings: ... sizes; a minimum age)"."""

    def test_what_a_new_image_brings_is_told(self, mirror: RegistryServer) -> None:
        old = image(mirror, "docker/library/golang:1.25", "2026-10-01T00:00:00Z", 1000, 500)
        assert run("--image", GOLANG, "--mirror", mirror.host).exit_code == 0
        new = image(mirror, "docker/library/golang:1.25", "2026-11-20T00:00:00Z", 1000, 700)
        result = run("--update", "--mirror", mirror.host)
        assert result.stdout == (
            f"{GOLANG}  {old[7:19]} -> {new[7:19]}  updated\n  amd64: made on 2026-11-20, 1.7 kB, 1.5 kB before, 700 B in layers that are new\n"
        )
        assert read_lock()[GOLANG].digest == new

    def test_a_bot_reads_it_as_json(self, mirror: RegistryServer) -> None:
        old = image(mirror, "docker/library/golang:1.25", "2026-10-01T00:00:00Z", 1000)
        run("--image", GOLANG, "--mirror", mirror.host)
        new = image(mirror, "docker/library/golang:1.25", "1980-01-01T00:00:00Z", 1000, 700)
        result = run("--update", "--mirror", mirror.host, "--format", "json")
        assert json.loads(result.stdout) == {
            "version": 1,
            "images": [
                {
                    "reference": GOLANG,
                    "change": "updated",
                    "digest": new,
                    "old_digest": old,
                    "pinned": new,
                    "resolved": "2026-11-24",
                    "programs": {},
                    "old_programs": {},
                    "brings": {"amd64": {"made": None, "bytes": 1700, "old_bytes": 1000, "new_bytes": 700}},
                    "held": None,
                }
            ],
        }

    @pytest.mark.parametrize(
        ("made", "why"),
        [
            ("2026-11-20T12:00:00Z", "it was made on 2026-11-20; allowed: 7 days ago or more"),
            (None, "it does not tell when it was made"),
            ("1970-01-01T00:00:00Z", "it does not tell when it was made"),
        ],
    )
    def test_an_image_that_is_too_new_is_not_taken(self, made: str | None, why: str, mirror: RegistryServer) -> None:
        old = image(mirror, "docker/library/golang:1.25", "2026-10-01T00:00:00Z", 1000)
        run("--image", GOLANG, "--mirror", mirror.host)
        before = Path("optimizer.lock").read_bytes()
        new = image(mirror, "docker/library/golang:1.25", made, 900)
        result = run("--update", "--min-age", "7", "--mirror", mirror.host)
        assert result.exit_code == 0
        assert f"{old[7:19]} -> {new[7:19]}  held" in result.stdout
        assert f"kept {GOLANG}: its new image is too new to take: {why}" in result.stderr
        assert Path("optimizer.lock").read_bytes() == before

    def test_an_image_of_that_age_is_taken(self, mirror: RegistryServer) -> None:
        image(mirror, "docker/library/golang:1.25", "2026-10-01T00:00:00Z", 1000)
        run("--image", GOLANG, "--mirror", mirror.host)
        new = image(mirror, "docker/library/golang:1.25", "2026-11-17T23:00:00Z", 900)
        assert run("--update", "--min-age", "7", "--mirror", mirror.host).exit_code == 0
        assert read_lock()[GOLANG].digest == new

    def test_an_old_image_that_is_gone_is_no_reason_to_stay(self, mirror: RegistryServer) -> None:
        old = image(mirror, "docker/library/golang:1.25", "2026-10-01T00:00:00Z", 1000)
        run("--image", GOLANG, "--mirror", mirror.host)
        del mirror.manifests[f"docker/library/golang@{old}"]
        image(mirror, "docker/library/golang:1.25", "2026-11-17T23:00:00Z", 900)
        result = run("--update", "--mirror", mirror.host)
        assert "  amd64: made on 2026-11-17, 900 B, the old image is not there to compare\n" in result.stdout

    @pytest.mark.parametrize(
        ("words", "message"),
        [(["--min-age", "7"], "--min-age needs --update"), (["--check", "--format", "json"], "--check has no other format")],
    )
    def test_words_that_mean_nothing_together_are_refused(self, words: list[str], message: str) -> None:
        result = run(*words)
        assert result.exit_code == 2
        assert message in result.stderr
