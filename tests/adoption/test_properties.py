"""Damaged Dockerfiles: never a traceback, never an instruction that nobody accounts for, never a spec that does not load."""

from __future__ import annotations

from pathlib import Path

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer import ImageSpec
from optimizer.adoption.proposal import Outcome, Proposal
from optimizer.adoption.propose import propose
from optimizer.adoption.toml import render_toml
from optimizer.bases.mirror import Mirror
from optimizer.errors import ContextError, DockerfileError, PlanError, SpecError
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from optimizer.planning.plan import plan
from tests.adoption.test_cases import CASES, NAMES, lock_for
from tests.linting.cases import PYTHON, Files
from tests.linting.test_corpus import CORPUS

TEXTS = [path.read_text(encoding="utf-8") for path in sorted([*CASES.glob("*/tree/Dockerfile"), *CORPUS.glob("*/Dockerfile")])]
# Of every case's tree, so that what a damaged Dockerfile names is often there.
TREE = {
    path.relative_to(CASES / name / "tree").as_posix(): path.read_text(encoding="utf-8")
    for name in NAMES
    for path in sorted((CASES / name / "tree").rglob("*"))
    if path.is_file() and path.name not in ("Dockerfile", ".dockerignore")
}
FRAGMENTS = [
    "\n", " ", "\\\n", '"', "'", "$", "${X}", "$(", "&&", "|", ";", ">", "> x", "*", "?", "[", "]", "..", "../", "/", ".", "~", "=", ",", "\t", "\x00", "é",
    "<<E\nx\nE\n", "--from=build ", "--from=0 ", "--from=a/b:1 ", "--chmod=755 ", "--parents ", "--exclude=*.py ", "--mount=type=secret,id=a,target=/b ",
    "--mount=type=bind,source=.,target=/x ", "--mount=type=bind,from=build,target=/y ", "--mount=type=ssh ", "FROM ", " AS build\n", f"FROM {PYTHON}\n",
    "FROM scratch\n", "FROM node:22\n", "FROM r.example.com/house/python:3.12\n", "RUN ", "COPY ", "COPY . .\n", "COPY *.py ./\n", "COPY --from=build / /\n",
    "COPY --from=build /* /var/task/\n", "ADD a.tar.gz /opt/\n", "ADD https://x.example.com/y z\n", "ARG X\n", "ENV X=$Y Z=1\n", "ENV PATH=/opt/venv/bin:$PATH\n",
    "ENV A_TOKEN=1\n", "LABEL a=b\n", "LABEL -=$X\n", "CMD [\"a.b\"]\n", "CMD a b\n", "ENTRYPOINT [\"./main\"]\n", "WORKDIR /app\n", "WORKDIR x\n", "WORKDIR /\n",
    "SHELL [\"a\"]\n", "SHELL []\n", "USER x\n", "ONBUILD RUN x\n", "VOLUME /x\n", "pip install -r requirements.txt -t x ", "pip install .", "pip wheel -r requirements.txt -w /w",
    "poetry install", "uv sync --group 'A B' --extra x", "pipenv requirements > r.txt", "npm ci --prefix x", "yarn", "pnpm i --frozen-lockfile", "bundle", "gem install x",
    "go build -o /main ./cmd/..", "cargo build --bin", "dotnet publish -o", "mvn package -f", "gradle build -p", "dnf install -y a ./b.rpm '@x'", "apt-get install -y x",
    "cp -r . /var/task", "mv app.py /etc/x", "rm -rf *", "chmod +x app.py", "cd x", "mkdir -p y", "ln -s a b", "echo a > /b", "python -m venv /v", "sh -c 'a && b'", "A" * 200,
]  # fmt: skip

COMMANDS = [item for item in FRAGMENTS if "\n" not in item and "<<" not in item and not item.startswith("-")]
LINES = [item for item in FRAGMENTS if item.endswith("\n") and " " in item] + [f"RUN {item}\n" for item in COMMANDS]
"""Whole instructions."""


class Memory:
    """A project in memory."""

    root = Path("/project")

    def kind(self, path: str) -> str | None:
        if path == "." or any(name.startswith(f"{path}/") for name in TREE):
            return "directory"
        if path.startswith("../") or path == "..":
            raise ContextError("it leaves the project", path)
        return "file" if path in TREE else None

    def read_text(self, path: str) -> str:
        if path not in TREE:
            raise ContextError("there is no such file", path)
        return TREE[path]


def proposed(text: str, ignore: tuple[str, ...] = ()) -> Proposal | None:
    subject = DockerfileSubject.of(text, context=Files(TREE), ignore=IgnoreFile(path=".dockerignore", lines=ignore))
    try:
        proposal = propose(subject, directory=".", project=Memory())
    except (DockerfileError, SpecError) as error:
        assert all(fault.message and fault.place for fault in error.faults)
        return None
    assert [account.line for account in proposal.accounts] == [item.line for item in subject.dockerfile.instructions]
    for account in proposal.accounts:
        assert (account.outcome is Outcome.NOT_CARRIED) == bool(account.not_carried)
        assert account.into or account.remarks or account.not_carried
        assert all(loss.message and loss.by_hand for loss in account.not_carried)
    assert len(proposal.lines) == len(proposal.spec.steps)
    assert ImageSpec.from_dict(tomlkit.parse(render_toml(proposal)).unwrap()) == proposal.spec
    try:
        plan(proposal.spec, lock_for(proposal.spec), Memory(), mirror=Mirror())
    except PlanError:
        # Two secrets of one name, or two stages: the command says so.
        pass
    return proposal


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A Dockerfile of the cases with other instructions between its own, of which some are lost, and perhaps with damage within one."""
    lines = draw(st.sampled_from(TEXTS)).splitlines(keepends=True)
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(lines)))
        lines[at : at + draw(st.integers(0, 1))] = [draw(st.sampled_from(LINES))]
    text = "".join(lines)
    if draw(st.booleans()):
        start = draw(st.integers(0, len(text)))
        text = text[:start] + draw(st.sampled_from(FRAGMENTS)) + text[start + draw(st.integers(0, 40)) :]
    return text


@given(damaged(), st.lists(st.sampled_from(["*", "!app.py", "**/*.md", "src", "/tests/", "[", "# x", ""]), max_size=3).map(tuple))
@settings(max_examples=300)
def test_damaged_dockerfiles(text: str, ignore: tuple[str, ...]) -> None:
    proposed(text, ignore)


@given(st.lists(st.sampled_from(LINES), max_size=20).map("".join), st.lists(st.sampled_from(LINES), max_size=20).map("".join))
@settings(max_examples=300)
def test_instructions_in_any_order(first: str, second: str) -> None:
    proposed(f"FROM golang:1.25 AS build\nCOPY . /src\n{first}FROM {PYTHON}\n{second}")


@given(st.lists(st.sampled_from(COMMANDS), min_size=1, max_size=8))
@settings(max_examples=300)
def test_commands(words: list[str]) -> None:
    """Every RUN of fragments, in a build stage and in the image."""
    line = " && ".join(words)
    proposed(f"FROM {PYTHON} AS build\nCOPY . .\nRUN {line}\nFROM {PYTHON}\nCOPY . .\nRUN {line}\nCOPY --from=build /var/task /var/task\n")


@pytest.mark.parametrize("path", [Path("a") / ("b" * 300), Path("x" * 5000)])
def test_long_names(path: Path) -> None:
    assert proposed(f"FROM {PYTHON}\nCOPY {path} ./\nWORKDIR {path}\n") is not None
