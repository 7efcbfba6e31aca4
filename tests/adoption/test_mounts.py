"""A bind mount is there while its RUN runs, and gone after it."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Outcome
from optimizer.model.steps import PythonDependencies, SourceCode
from tests.adoption.test_propose import of, outcome
from tests.linting.cases import PYTHON

FILES = {"app.py": "", "requirements.txt": "idna==3.10\n", "src/lib.py": "", "src/old.py": ""}
BIND = "RUN --mount=type=bind,source={},target={} {}"


@pytest.mark.parametrize("target", ["/src/requirements.txt", "requirements.txt", "/tmp/requirements.txt"])
def test_a_mounted_manifest_is_read_and_is_not_in_the_image(target: str) -> None:
    """Issue 14: a mount at `/src` was "outside of where steps may put files", one in the task root became code."""
    proposal = of(BIND.format("requirements.txt", target, f"pip install -r {target}"), FILES)
    assert proposal.spec.steps == (PythonDependencies("requirements.txt"),)
    assert outcome(proposal, 2) == (Outcome.CARRIED, "")


def test_a_mounted_directory_is_not_in_the_image() -> None:
    proposal = of(BIND.format("src", "/var/task/src", "ls src"), FILES)
    assert proposal.spec.steps == ()
    assert outcome(proposal, 2) == (Outcome.NOT_NEEDED, "it changes nothing in the image")


def test_what_is_copied_out_of_a_mount_stays() -> None:
    assert of(BIND.format(".", "/src", "cp /src/app.py ."), FILES).spec.steps == (SourceCode("app.py"),)


def test_what_a_mount_covers_is_there_again_after_it() -> None:
    proposal = of("COPY src/lib.py lib/lib.py\n" + BIND.format("src", "/var/task/lib", "cp lib/old.py ."), FILES)
    assert {(step.source, step.to) for step in proposal.spec.steps if isinstance(step, SourceCode)} == {
        ("src/lib.py", "/var/task/lib/"),
        ("src/old.py", "/var/task/"),
    }


def test_a_mount_covers_what_stood_there() -> None:
    proposal = of(
        "COPY src/lib.py lib/lib.py\n" + BIND.format("src/old.py", "/var/task/lib/old.py", "cp lib/lib.py lib/old.py /opt/"), FILES
    )
    covered = of("COPY src/lib.py lib/\n" + BIND.format("app.py", "/var/task/lib", "cp lib/lib.py /opt/"), FILES)
    assert outcome(proposal, 3)[0] is Outcome.CARRIED
    assert outcome(covered, 3)[0] is Outcome.NOT_CARRIED


def test_a_mount_of_a_stage_is_gone_too() -> None:
    text = f"FROM {PYTHON} AS b\nCOPY app.py src/lib.py /out/\nFROM {PYTHON}\n"
    used = of(f"{text}RUN --mount=type=bind,from=b,source=/out,target=/in cp /in/app.py .", FILES)
    unused = of(f"{text}RUN --mount=type=bind,from=b,source=/out,target=/var/task/in true", FILES)
    assert used.spec.steps == (SourceCode("app.py"),)
    assert unused.spec.steps == () and outcome(unused, 4)[0] is Outcome.NOT_NEEDED


def test_a_mount_of_an_image_is_no_loss_until_its_files_are_used() -> None:
    mount = "RUN --mount=from=registry.example.com/tools:1,target=/tools "
    assert outcome(of(mount + "true", FILES), 2)[0] is Outcome.NOT_NEEDED
    assert outcome(of(mount + "cp /tools/x /opt/x", FILES), 2) == (Outcome.NOT_CARRIED, 'the source of "/tools/x" is unknown')


class TestCommandStep:
    """A stage that becomes the commands of one step has mounts as copies, which its output must not hold."""

    @staticmethod
    def run(body: str, taken: str) -> list[str]:
        (step,) = of(f"FROM node:22 AS b\n{body}\nFROM {PYTHON}\nCOPY --from=b {taken} ./", FILES).spec.steps
        return [" ".join(command) for command in step.run]  # type: ignore[attr-defined]

    def test_is_taken_away_where_the_image_takes_the_place(self) -> None:
        run = self.run("WORKDIR /w\n" + BIND.format("src", "/w/src", "make"), "/w/")
        assert run[:3] == ["sh -c mkdir -p /w/src && cp -R src/. /w/src/", "sh -c mkdir -p /w && cd /w && make", "rm -rf /w/src"]

    def test_is_left_alone_elsewhere(self) -> None:
        assert not any(command.startswith("rm") for command in self.run(BIND.format("src", "/in", "make"), "/out/"))

    def test_files_of_another_stage_are_told(self) -> None:
        proposal = of(f"FROM node:22 AS b\nRUN --mount=from=node:20,target=/n make\nFROM {PYTHON}\nCOPY --from=b /out/ ./", FILES)
        assert "line 2 mounts files of another stage" in outcome(proposal, 4)[1]
