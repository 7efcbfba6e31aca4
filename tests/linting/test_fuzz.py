"""Input that nobody meant to write: bytes, damaged Dockerfiles, hostile ignore files, huge lines, loops of links.

Requirement: "no crash, hang or traceback on any input".  Work is counted in
lines of Python that run, never in seconds.
"""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.adapters.dockerfiles import load_dockerfile
from optimizer.adapters.tree import find
from optimizer.dockerfile.parse import decode
from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.report import LintReport
from optimizer.linting.subjects import AppSubject, DockerfileSubject, FunctionSubject, IgnoreFile
from optimizer.model.ignore import IgnorePatterns
from optimizer.model.stability import Stability
from optimizer.report.lint import lint_as_json, lint_as_text
from tests.linting.cases import PYTHON, TODAY, Files
from tests.linting.test_corpus import CORPUS
from tests.test_golden import GOLDEN

CONVENTIONS = Conventions(today=TODAY, stabilities={"a*": Stability.DAILY, "b*": Stability.MONTHLY})
TEXTS = [path.read_text(encoding="utf-8") for folder in (CORPUS, GOLDEN) for path in sorted(folder.glob("*/Dockerfile"))]
FRAGMENTS = [
    "\n", " ", "\\\n", "\\", '"', "'", "$", "${", "}", "${A:-", "$(", "`", "<<E", "<<-'E'\n", "\nE\n", "&&", "|", ";", "#", "=", ",", "[", "]", "[\"", "--from=", "--link ",
    "--chmod=", "--mount=type=bind,source=", "--platform=", "FROM ", " AS build\n", "RUN ", "COPY ", "ADD ", "ARG ", "ENV ", "CMD ", "ENTRYPOINT ", "WORKDIR ", "ONBUILD ",
    "SHELL ", "USER ", "# optimizer: ignore-file LIO1 -- x\n", "# syntax=", "pip install -r ", "npm i ", "dnf install -y ", "rm -rf ", "chmod 600 ", "curl https://",
    "git clone ", "date > ", "sh -c '", "-t ", "*", "**", "?", "../", "/", ".", "\x00", "\t", "\r\n", "\ufeff", "\u2028", "\udcff", "é", "0" * 70, "A" * 300,
]  # fmt: skip


def judged(text: str, ignore: str = "x\n!y\n**/z*") -> LintReport:
    """Every kind of subject that a Dockerfile is a part of, judged and printed."""
    subject = DockerfileSubject.of(
        text,
        architecture="arm64",
        context=Files({"a.py": text, ".npmrc": text, "src/b.py": "", "src/node_modules/x": "", "requirements.txt": text}),
        ignore=IgnoreFile(path=".dockerignore", lines=tuple(ignore.split("\n"))),
    )
    function = FunctionSubject(construct="F", location=subject.location, dockerfile=subject)
    report = lint([subject, function, AppSubject(location=subject.location, dockerfiles=[subject], functions=[function])], CONVENTIONS)
    assert "\x1b" not in lint_as_text(report)
    lint_as_json(report)
    for finding in report.findings:
        span = finding.location.span
        assert span is None or 1 <= span.start.line <= len(subject.dockerfile.lines) or finding.location.path != subject.path
    return report


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A Dockerfile of the corpus, of which pieces were cut, doubled, moved or replaced."""
    text = draw(st.sampled_from(TEXTS))
    for _ in range(draw(st.integers(1, 8))):
        start = draw(st.integers(0, len(text)))
        end = min(len(text), start + draw(st.integers(0, 80)))
        piece = draw(st.sampled_from(["", text[start:end] * 2, text[start:end][::-1], *FRAGMENTS]))
        text = text[:start] + piece + text[end:]
    return text


@given(st.binary(max_size=400))
@settings(max_examples=150)
def test_bytes(data: bytes) -> None:
    judged(decode(data))
    judged(f"FROM {PYTHON}\n{decode(data)}", decode(data))


@given(damaged())
@settings(max_examples=250)
def test_damaged_dockerfiles(text: str) -> None:
    judged(text)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=60).map("".join), st.lists(st.sampled_from(FRAGMENTS), max_size=30).map("".join))
@settings(max_examples=250)
def test_fragments(body: str, ignore: str) -> None:
    judged(f"FROM {PYTHON}\nCOPY . src a.py ./\n{body}", ignore)


PATTERN = st.lists(
    st.sampled_from(["a", "b", "/", "*", "**", "**/", "?", "[ab]", "[^a]", "[b-a]", "[!", "]", "\\", "!", "#", " ", "."]), max_size=12
)


@given(st.lists(PATTERN.map("".join), max_size=6), st.lists(st.sampled_from(["a", "b", ".", "ab"]), min_size=1, max_size=5).map("/".join))
@settings(max_examples=300)
def test_ignore_patterns(lines: list[str], path: str) -> None:
    patterns = IgnorePatterns.parse(lines)
    if not any(line.strip().startswith("!") for line in lines) and patterns.ignores(path):
        assert patterns.ignores(f"{path}/below"), "what is below an ignored directory is ignored"


@pytest.mark.parametrize("pattern", ["**/" * 30 + "c", "a*" * 30 + "c", "*a/**/" * 12 + "c", "[ab]*?" * 20 + "c"])
def test_wildcards_are_not_tried_in_every_combination(pattern: str) -> None:
    """A backtracking matcher would need longer than the universe has been there."""
    assert not IgnorePatterns.parse([pattern]).ignores("/".join(["aab" * 20] * 60))


def test_an_endless_ignore_file_is_not_judged_by() -> None:
    report = judged(f"FROM {PYTHON}\nCOPY a.py ./", "a.py\n" * 200_000)
    assert "LIO505" in {result.rule for result in report.inconclusive}


BASE = f"FROM {PYTHON}\n"
SHAPES: dict[str, Callable[[int], str]] = {
    "chained stages": lambda n: "FROM a AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\nWORKDIR x\nRUN pip install x\n" for i in range(n)),
    "stages of variables": lambda n: "FROM a AS s0\n" + "".join(f"FROM s{i} AS s{i + 1}\nARG GIT_SHA\nRUN x\n" for i in range(n)),
    "foreign origins": lambda n: "".join(f"FROM a\nCOPY --from=b{i} c d\n" for i in range(n)),
    "copies out of a stage": lambda n: (
        f"FROM {PYTHON} AS b\n" + "".join(f"COPY a{i}.py /x/{i}\nRUN pip install -t /y/{i} z\n" for i in range(300))
        + BASE + "".join(f"COPY --from=b /z{i} /w\n" for i in range(n))
    ),
    "copies and removals": lambda n: BASE + "".join(f"COPY a{i}.py b{i} ./\nRUN rm a{i}.py\n" for i in range(n)),
    "copies and installations": lambda n: BASE + "COPY a.py .\nRUN pip install -r x && npm ci && dnf install y\n" * n,
    "commands": lambda n: BASE + "RUN " + " && ".join(["git clone x; curl https://x; pip install x; chmod 600 x; dnf update"] * n),
    "arguments": lambda n: BASE + "".join(f"ARG X{i}_GIT_SHA\nRUN a\n" for i in range(n)),
    "secrets": lambda n: BASE + "ENV A_TOKEN=1\nRUN unset A_TOKEN\n" * n,
    "here-documents": lambda n: BASE + "RUN <<E\nTOKEN=abcdefgh pip install a\nE\n" * n,
    "suppressions": lambda n: BASE + "# optimizer: ignore LIO601 -- x\nEXPOSE 1\n" * n,
    "words": lambda n: BASE + "COPY " + " ".join(f"a{i}.py" for i in range(n)) + " ./\nRUN rm " + " ".join(f"a{i}.py" for i in range(n)),
    "files in /tmp": lambda n: BASE + "".join(f"COPY a /tmp/{i}\nRUN curl -o /tmp/x{i} https://x && cat /tmp/y\n" for i in range(n)),
    "redirected requirements": lambda n: BASE + "RUN pip install " + " ".join(f"x{i}>=1" for i in range(n)),
    "unknown instructions": lambda n: BASE + "".join(f"foo{i} bar\nRUNN x\n" for i in range(n)),
    "mounts": lambda n: BASE + "RUN " + " ".join(f"--mount=from=s{i},target=/a{i},b=c" for i in range(n)) + " x",
    "copies from stages": lambda n: "".join(f"FROM a AS s{i}\nCOPY --from=s{max(i - 1, 0)} a b\n" for i in range(n)),
    "splits": lambda n: BASE + "COPY src /app\n" * n + "RUN npm ci" + " && z" * n,
    "continuations": lambda n: BASE + "RUN a" + " \\\n  && pip install a" * n,
}  # fmt: skip


def work(text: str) -> int:
    """How many lines of Python run."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> Callable[..., object]:
        nonlocal count
        count += 1
        return trace

    before = sys.gettrace()
    # Collections fall where they may, and call back into what other tests have left; so does the cache of patterns.
    re.purge()
    gc.disable()
    sys.settrace(trace)
    try:
        judged(text)
    finally:
        sys.settrace(before)
        gc.enable()
    return count


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
def test_work_grows_as_the_input_does(shape: Callable[[int], str]) -> None:
    judged(shape(3))
    # All of them long enough for the rules that ask for many, such as many layers.
    one, two, three = (work(shape(number)) for number in (150, 200, 250))
    # As much for the third part as for the second; a look from each stage at all others would be 4 % more.
    assert three - two < 1.02 * (two - one)


@pytest.mark.parametrize(
    "piece",
    ["a=a", "TOKEN=abcdefgh$", "a://b:c", "$(date ", "sed -", "SOURCE_DATE_EPOCH=$(git ", "'\"", "$(", "<<E ", "${A:-", "-----BEGIN A ", "date > ", "[", "../", " ", "\\\n", "--x=", "&&", "u+r,", '"_auth" '],
)  # fmt: skip
@pytest.mark.parametrize("before", ["RUN ", "COPY --chmod="])
def test_huge_lines(before: str, piece: str) -> None:
    """Each is 40,000 characters; a pattern that looks back and forth would not come to an end."""
    judged(f"{BASE}{before}{piece * (40_000 // len(piece))}\n")


def test_trees_with_loops_and_odd_files(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 40)
    deep.mkdir(parents=True)
    deep.joinpath("Dockerfile").write_text(f"FROM {PYTHON}\nCOPY . ./\n", encoding="utf-8")
    deep.joinpath("loop").symlink_to(tmp_path, target_is_directory=True)
    deep.joinpath(".dockerignore").write_text("x\n", encoding="utf-8")
    tmp_path.joinpath("self").symlink_to("self")
    tmp_path.joinpath("a.Dockerfile").write_bytes(b"\x00\xff" * 1000)
    tmp_path.joinpath("node").mkdir()
    tmp_path.joinpath("node", "Dockerfile").write_text(f"FROM {PYTHON}\nCOPY ../.. ../../../etc /x/\nRUN npm ci\n", encoding="utf-8")
    found = list(find([str(tmp_path)]).dockerfiles)
    assert len(found) == 3
    report = lint([load_dockerfile(path) for path in found], CONVENTIONS)
    assert {finding.rule for finding in report.findings} >= {"LIO001", "LIO204"}
