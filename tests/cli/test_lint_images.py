"""``optimizer lint`` on built images."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.adapters.registry_server import serving
from tests.cli.test_inspect import BASE, CODE, HISTORY
from tests.cli.test_lint import run
from tests.images.archives import blobs_of, directory, file, tar, write_layout, write_saved

UNREADABLE = tar(directory("var"), directory("var/task"), file("var/task/\x1b[2Jx\udcff", b"1", mode=0o600))


@pytest.fixture
def here(tmp_path: Path) -> Path:
    (tmp_path / ".git").mkdir()
    return tmp_path


def without_engine(directory: Path, *words: str) -> tuple[int, str, str]:
    result = run(directory, *words, PATH=str(directory / "bin"), DOCKER_CONFIG=str(directory / "none"))
    return result.returncode, result.stdout, result.stderr


def rules(stdout: str) -> list[str]:
    return [finding["rule"] for finding in json.loads(stdout)["findings"]]


class TestArchives:
    def test_an_archive_is_judged_as_the_image_in_it(self, here: Path) -> None:
        write_saved(here / "shop.tar", [BASE, UNREADABLE], User="1000")
        code, stdout, stderr = without_engine(here, "shop.tar")
        assert (code, stderr) == (1, "reading shop.tar\n")
        assert stdout == (
            'shop.tar: warning LIO602 user-set: the image sets the user "1000"; Lambda runs every function as a user of its own\n'
            "  fix: remove USER, and make every file readable by all\n"
            "\n"
            "shop.tar: error LIO663 file-unreadable: /opt, /var/runtime, /var/task hold 1 path that Lambda's unprivileged user cannot read: "
            r"var/task/\x1b[2Jx\udcff (0600)"
            "\n"
            "  fix: set the modes in the build stage: files to 0644 or 0755, directories to 0755\n"
            "\n"
            "1 checked; 1 error, 1 warning, 0 info\n"
        )

    @pytest.mark.parametrize("name", ["shop.tar", "image", "Dockerfile.image", "layout", "."])
    def test_is_told_by_name_or_by_its_first_bytes(self, here: Path, name: str) -> None:
        if name in ("layout", "."):
            write_layout(here / name, [BASE], compress=False)
        else:
            write_layout(here / name, [BASE], compress=False, archive=True)
        code, stdout, _ = without_engine(here, name, "--format", "json")
        assert (code, rules(stdout)) == (1, ["LIO655"])

    def test_stands_beside_other_paths(self, here: Path) -> None:
        write_saved(here / "shop.tar", [BASE], User="1000")
        (here / "api").mkdir()
        (here / "api" / "Dockerfile").write_text("FROM public.ecr.aws/lambda/provided:al2023\nUSER 1\n")
        code, stdout, _ = without_engine(here, "api", "shop.tar", "--select", "LIO602", "--format", "json")
        assert (code, [item["path"] for item in json.loads(stdout)["findings"]]) == (1, ["api/Dockerfile", "shop.tar"])

    def test_the_configuration_holds_for_it(self, here: Path) -> None:
        write_saved(here / "shop.tar", [BASE, CODE], history=HISTORY[:3], User="1000", Volumes={"/data": {}})
        (here / "optimizer.toml").write_text(
            '[conventions]\nmax_image_bytes = 100\n\n[conventions.severities]\nLIO601 = "error"\n\n'
            '[[conventions.suppressions]]\nrules = ["LIO602"]\npath = "*.tar"\nreason = "agreed"\n'
        )
        code, stdout, _ = without_engine(here, "shop.tar", "--format", "json")
        report = json.loads(stdout)
        assert (code, [(item["rule"], item["severity"]) for item in report["findings"]]) == (
            1,
            [("LIO601", "error"), ("LIO671", "warning")],
        )
        # The archive has its layers uncompressed, as docker save writes them.
        assert report["findings"][1]["message"].startswith("the layers have about ")
        assert [item["rule"] for item in report["suppressed"]] == ["LIO602"]
        (here / "optimizer.toml").write_text('[conventions]\nexclude = ["*.tar"]\n')
        assert without_engine(here, "shop.tar") == (0, "0 checked; 0 error, 0 warning, 0 info\n", "")

    def test_a_baseline_holds_what_it_has(self, here: Path) -> None:
        write_saved(here / "shop.tar", [BASE], User="1000")
        known = ["shop.tar", "--baseline", "known.json"]
        assert without_engine(here, *known, "--write-baseline")[0] == 0
        assert without_engine(here, *known)[0] == 0
        write_saved(here / "shop.tar", [BASE])
        assert "LIO602 is fixed" in without_engine(here, *known)[1]

    @pytest.mark.parametrize("form", ["github", "gitlab", "junit", "sarif"])
    def test_every_format_holds_it(self, here: Path, form: str) -> None:
        write_saved(here / "shop.tar", [BASE, UNREADABLE])
        code, stdout, _ = without_engine(here, "shop.tar", "--format", form)
        assert code == 1
        assert "shop.tar" in stdout and "LIO663" in stdout

    def test_nothing_is_mended_in_it(self, here: Path) -> None:
        write_saved(here / "shop.tar", [BASE], User="1000")
        before = (here / "shop.tar").read_bytes()
        code, _, stderr = without_engine(here, "shop.tar", "--fix")
        # Large images take long: one is read once.
        assert (code, stderr) == (1, "reading shop.tar\n0 findings fixed in 0 files\n")
        assert (here / "shop.tar").read_bytes() == before

    @pytest.mark.parametrize("data", [b"", b"\x00" * 600, b"\x1f\x8b", b"x" * 257 + b"ustar" + b"\xff" * 900])
    def test_no_bytes_end_in_a_traceback(self, here: Path, data: bytes) -> None:
        (here / "shop.tar").write_bytes(data)
        code, stdout, stderr = without_engine(here, "shop.tar")
        assert (code, stdout) == (2, "")
        assert stderr.startswith('reading shop.tar\nerror: "shop.tar" ')
        assert "hint: " in stderr and "Traceback" not in stderr


class TestReferences:
    def test_an_image_of_a_registry_has_its_name_for_a_place(self, here: Path) -> None:
        with serving() as server:
            blobs, top = blobs_of([BASE], attestation=True)
            server.blobs.update(blobs)
            server.put("shop:1", top["mediaType"], blobs[top["digest"]])
            for data in blobs.values():
                if data.startswith(b'{"schemaVersion"'):
                    server.put("shop:part", json.loads(data)["mediaType"], data)
            name = f"{server.host}/shop:1"
            code, stdout, _ = without_engine(here, "--image", name, "--format", "json")
            report = json.loads(stdout)
            assert (code, [(item["rule"], item["construct"]) for item in report["findings"]]) == (1, [("LIO652", name), ("LIO653", name)])
            assert report["findings"][0]["message"].startswith("the name is that of an image index (linux/amd64, 1 attestation); ")
            # Of the image itself, which stands in the index under its digest.
            image = json.loads(blobs[top["digest"]])["manifests"][0]["digest"]
            assert report["findings"][0]["fix"].endswith(f"--tag {server.host}/shop:NEW_TAG {server.host}/shop@{image}")
            (here / "optimizer.toml").write_text(
                f'[[conventions.suppressions]]\nrules = ["LIO652", "LIO653"]\nconstruct = "{server.host}/*"\nreason = "agreed"\n'
            )
            assert without_engine(here, "--image", name)[0] == 0

    def test_a_path_is_an_image_too(self, here: Path) -> None:
        write_layout(here / "layout", [BASE], compress=False)
        code, stdout, _ = without_engine(here, "--image", "layout", "--from", "layout", "--format", "json")
        assert (code, [item["path"] for item in json.loads(stdout)["findings"]]) == (1, ["layout"])

    @pytest.mark.parametrize(
        ("words", "message"),
        [
            (["--image", "nothing.tar"], 'no image "nothing.tar": there is no such file'),
            (["--image", "shop:1", "--from", "engine"], "there is no docker on this machine"),
            (["shop.tar"], '"shop.tar" does not exist'),
        ],
    )
    def test_what_cannot_be_found_exits_2_with_a_hint(self, here: Path, words: list[str], message: str) -> None:
        code, stdout, stderr = without_engine(here, *words)
        assert (code, stdout) == (2, "")
        assert message in stderr and "Traceback" not in stderr
