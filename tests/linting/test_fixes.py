"""Fixes: what they change, and that they change nothing else."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from optimizer.dockerfile.instruction import Position, Span
from optimizer.dockerfile.parse import decode
from optimizer.linting.engine import lint
from optimizer.linting.finding import Edit, Finding, Fix, Location, Severity
from optimizer.linting.fixes import Fixed, apply_fixes, fix_all, unified_diff
from optimizer.linting.rule import choose
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject, IgnoreFile
from tests.dockerfile.test_parse import ALPHABET, FRAGMENTS
from tests.linting.cases import DIGEST, PYTHON, Files
from tests.linting.rules.base.base_unpinned import LOCKED
from tests.patience import PATIENCE_S

FROM = "FROM public.ecr.aws/lambda/python:3.13"
MARK = b"\xef\xbb\xbf"
FIXABLE = choose(RULES, ["LIO0", "LIO102", "LIO204", "LIO501", "LIO601", "LIO603"])


def fixed(data: bytes, ignore: bytes | None = None, rules: object = FIXABLE) -> Fixed:
    files: dict[str, bytes | None] = {"Dockerfile": data, ".dockerignore": ignore}
    return fix_all(lambda contents: findings({**files, **contents}, rules), files.get)


def findings(files: Mapping[str, bytes | None], rules: object = FIXABLE) -> tuple[Finding, ...]:
    data, ignore = files["Dockerfile"], files[".dockerignore"]
    assert data is not None
    subject = DockerfileSubject.of(
        decode(data),
        context=Files({}),
        ignore=None
        if ignore is None
        else IgnoreFile(path=".dockerignore", lines=tuple(decode(ignore).removeprefix("\ufeff").splitlines())),
    )
    return lint([subject], LOCKED, rules=rules).findings  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (f"{FROM}\n", f"{FROM}@{DIGEST}\n"),
        (f"{FROM} AS x\nEXPOSE 80\nCMD app.handler", f'{FROM}@{DIGEST} AS x\nCMD ["app.handler"]'),
        (f"{FROM}\r\nEXPOSE 80 \\\r\n  81\r\nCMD app.handler \r\n", f'{FROM}@{DIGEST}\r\nCMD ["app.handler"] \r\n'),
        (f"\ufeff{FROM}\nHEALTHCHECK CMD x\n\tuser  root", f"\ufeff{FROM}@{DIGEST}\n\tuser  root"),
        (f"{FROM}\nLABEL ä='日本'\nVOLUME /x", f"{FROM}@{DIGEST}\nLABEL ä='日本'\n"),
        (f"# a\r\n\n{FROM}\r\nSTOPSIGNAL 9\n\n# b", f"# a\r\n\n{FROM}@{DIGEST}\r\n\n# b"),
    ],
    ids=["a pin", "no end of line", "carriage returns", "mark of byte order", "wide characters", "mixed ends"],
)
def test_changes_the_places_and_nothing_else(before: str, after: str) -> None:
    assert fixed(before.encode()).contents == {"Dockerfile": after.encode()}


@pytest.mark.parametrize(
    "text", [f"{FROM}@{DIGEST}\nCMD a b\n", f"{FROM}@{DIGEST}\nCMD $HANDLER\n", f"{FROM}@{DIGEST}\nCMD app\\\n.handler\n"]
)
def test_leaves_alone_what_a_shell_would_change(text: str) -> None:
    assert fixed(text.encode()).contents == {}


@pytest.mark.parametrize(
    ("ignore", "after"),
    [
        (None, ".git\n"),
        (b"", ".git\n"),
        (b"# nothing yet\n", "# nothing yet\n.git\n"),
        (b"# nothing\r\n", "# nothing\r\n.git\r\n"),
        (b"# no end", "# no end\n.git\n"),
        (MARK + b"# mark\n", "\ufeff# mark\n.git\n"),
    ],
)
def test_ignore_files_are_written_and_extended(ignore: bytes | None, after: str) -> None:
    made = fixed(f"{FROM}@{DIGEST}\nCOPY . .\n".encode(), ignore).contents
    assert set(made) == {".dockerignore"}
    assert made[".dockerignore"].decode().startswith(after)
    assert b"\n\n" not in made[".dockerignore"].replace(b"\r\n", b"\n")


@pytest.mark.parametrize(
    ("files", "before", "after"),
    [
        (["uv.lock"], "COPY . .\nRUN cd x && uv sync --no-dev", "COPY . .\nRUN cd x && uv sync --frozen --no-dev"),
        (["uv.lock"], "COPY ./uv.lock x ./\nRUN uv sync", "COPY ./uv.lock x ./\nRUN uv sync --frozen"),
        (["uv.lock"], "COPY . .\nRUN <<E\nuv \\\n  sync\nE", "COPY . .\nRUN <<E\nuv \\\n  sync --frozen\nE"),
        (["pnpm-lock.yaml"], "COPY . .\nRUN pnpm install;x", "COPY . .\nRUN pnpm install --frozen-lockfile;x"),
        ([], "COPY . .\nRUN uv sync", None),
        (["uv.lock"], "COPY pyproject.toml .\nRUN uv sync", None),
        (["uv.lock"], 'COPY . .\nRUN ["uv", "sync"]', None),
        (["uv.lock"], 'COPY . .\nRUN sh -c "uv sync"', None),
    ],
)
def test_installers_are_held_to_a_lock_that_is_there(files: list[str], before: str, after: str | None) -> None:
    head = f"FROM {PYTHON}\n"

    def check(contents: Mapping[str, bytes]) -> tuple[Finding, ...]:
        text = decode(contents.get("Dockerfile", (head + before).encode()))
        subject = DockerfileSubject.of(text, context=Files(dict.fromkeys(files, "")))
        return lint([subject], LOCKED, rules=choose(RULES, ["LIO401"])).findings

    assert check({})
    result = fix_all(check, lambda path: (head + before).encode())
    assert result.contents == ({} if after is None else {"Dockerfile": (head + after).encode()})
    assert bool(check(result.contents)) is (after is None)


CACHES = choose(RULES, ["LIO204"])


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("RUN pip install a==1\n", "RUN pip install --no-cache-dir a==1\n"),
        ("RUN cd x && python3.13 -m pip --quiet install \\\r\n  -r r.txt # why\r\n", None),
        (
            "RUN pip install a==1 > log || true; pip3 install b",
            "RUN pip install --no-cache-dir a==1 > log || true; pip3 install --no-cache-dir b",
        ),
        ("RUN <<EOF\nset -e\n\tpip install a\nEOF\n", "RUN <<EOF\nset -e\n\tpip install --no-cache-dir a\nEOF\n"),
        ("RUN apk add jq zip", "RUN apk add --no-cache jq zip"),
        ("RUN dnf install -y jq", "RUN dnf install -y jq && dnf clean all"),
        (
            "RUN dnf -y install a \\\n    b \\\n # c\n  && echo x\n",
            "RUN dnf -y install a \\\n    b && dnf clean all \\\n # c\n  && echo x\n",
        ),
        (
            "RUN yum install -y a && microdnf install b && x",
            "RUN yum install -y a && yum clean all && microdnf install b && microdnf clean all && x",
        ),
        ("RUN apt-get update && apt-get install -y jq", "RUN apt-get update && apt-get install -y jq && rm -rf /var/lib/apt/lists/*"),
        ("RUN npm ci", "RUN npm ci && npm cache clean --force"),
        ("RUN yarn install --frozen-lockfile && x", "RUN yarn install --frozen-lockfile && yarn cache clean && x"),
        # What stands around the command is no plain chain.
        ("RUN x || dnf install -y jq", ""),
        ("RUN dnf install -y jq > log", ""),
        ("RUN dnf install -y jq &", ""),
        ("RUN (dnf install -y jq)", ""),
        ("RUN sudo dnf install -y jq", ""),
        ("RUN DEBIAN_FRONTEND=noninteractive apt-get install -y jq", ""),
        ("RUN dnf install -y jq; x", ""),
        ('RUN ["dnf", "install", "jq"]', ""),
        ('RUN ["pip", "install", "a"]', ""),
        ("RUN sh -c 'pip install a'", ""),
        ("RUN <<EOF\ndnf install -y jq\nEOF", ""),
    ],
)
def test_caches_are_left_out_or_emptied(before: str, after: str | None) -> None:
    start = f"FROM {PYTHON}\n".encode()
    made = fixed(start + before.encode(), rules=CACHES).contents.get("Dockerfile")
    wanted = before.replace(" install ", " install --no-cache-dir ") if after is None else after
    assert made == (start + wanted.encode() if wanted else None)
    if made is not None:
        assert fixed(made, rules=CACHES).contents == {}


def test_what_is_no_utf_8_is_refused() -> None:
    result = fixed(f"{FROM}\n# \xff\n".encode("latin-1"))
    assert (result.contents, result.findings, result.refused) == ({}, (), ("Dockerfile",))


def test_what_is_suppressed_is_not_fixed() -> None:
    text = f"{FROM}@{DIGEST}\n# optimizer: ignore LIO601 -- our scanner wants it\nEXPOSE 80\n"
    assert fixed(text.encode()).contents == {}


def found(*edits: tuple[int, int, str], path: str = "f") -> Finding:
    fix = Fix(title="t", edits=tuple(Edit(path=path, span=Span(Position(1, a), Position(1, b)), text=text) for a, b, text in edits))
    return Finding(rule="R", name="n", severity=Severity.INFO, message="m", hint="h", location=Location(path=path), fix=fix)


@pytest.mark.parametrize(
    ("fixes", "after"),
    [
        ([found((1, 3, "X")), found((3, 4, "Y"))], "XYd"),
        ([found((1, 3, "X")), found((2, 4, "Y"))], "Xcd"),
        ([found((1, 3, "X")), found((1, 3, "X"))], "Xcd"),
        ([found((2, 2, "X")), found((2, 2, "Y"))], "aXbcd"),
        ([found((3, 4, "X")), found((1, 2, "Y"), (3, 4, "Z"))], "abXd"),
        ([found((1, 5, "X")), found((2, 3, "Y"))], "X"),
        ([found((1, 2, "1")), found((4, 5, "4")), found((2, 3, "2"), (3, 4, "3"))], "1234"),
    ],
    ids=["neighbours", "overlap", "equal", "one place", "whole or not at all", "inside", "between"],
)
def test_of_fixes_that_overlap_the_first_is_applied(fixes: list[Finding], after: str) -> None:
    assert apply_fixes(fixes, {"f": b"abcd"}).contents == {"f": after.encode()}


TEXTS = st.lists(
    st.sampled_from([*FRAGMENTS, f"{FROM}\n", f"{FROM} AS x\n", "EXPOSE 1\n", "VOLUME /a \\\n /b\n", "CMD a.b\n", "CMD a.b\r\n", "COPY . .\n", "# x\n", "RUN pip install a\n", "RUN x && dnf install b \\\n c\n", "HEALTHCHECK NONE\n"]),
    max_size=12,
).map("".join)  # fmt: skip


@given(
    st.sampled_from([b"", MARK]),
    st.one_of(TEXTS, st.text(alphabet=ALPHABET, max_size=100)).map(lambda text: f"{FROM}\n{text}"),
    st.sampled_from([None, b"", b"#\r\n"]),
)
@settings(max_examples=300)  # fmt: skip
def test_fixing_twice_is_fixing_once(mark: bytes, text: str, ignore: bytes | None) -> None:
    """Requirement: "after --fix the fixed findings are gone and a second --fix changes nothing"; no other line changes."""
    data = mark + text.encode("utf-8", "replace")
    result = fixed(data, ignore)
    files: dict[str, bytes | None] = {"Dockerfile": data, ".dockerignore": ignore, **result.contents}
    left = findings(files)
    assert not [finding for finding in left if finding.fix], "a fix is left"
    assert len(left) <= len(findings({"Dockerfile": data, ".dockerignore": ignore}))
    after = files["Dockerfile"]
    assert after is not None
    assert fixed(after, files[".dockerignore"]).contents == {}
    kept = set(data.removeprefix(MARK).split(b"\n"))
    changed = [line for line in after.removeprefix(MARK).split(b"\n") if line not in kept]
    caches = (b" --no-cache", b" && dnf clean all")
    assert all(
        DIGEST.encode() in line or line.strip().upper().startswith((b"CMD", b'["')) or any(cache in line for cache in caches)
        for line in changed
    )


@given(TEXTS)
@settings(max_examples=25)
def test_git_applies_the_diff(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    data = f"{FROM}\nEXPOSE 1\n{text}".encode()
    contents = fixed(data).contents
    if not contents:
        return
    home: Path = tmp_path_factory.mktemp("diff")
    (home / "Dockerfile").write_bytes(data)
    patch = "".join(unified_diff(path, data if path == "Dockerfile" else None, contents[path]) for path in sorted(contents))
    subprocess.run(["git", "apply", "--whitespace=nowarn", "-"], cwd=home, input=patch.encode(), check=True, timeout=PATIENCE_S)
    assert {path: (home / path).read_bytes() for path in contents} == contents
