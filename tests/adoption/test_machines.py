"""The architecture of a proposal is that for which the Dockerfile builds."""

from __future__ import annotations

import pytest

from optimizer.adoption.machines import built_for, named
from tests.adoption.test_propose import of, outcome

GO = {"go.mod": "module a\n", "main.go": ""}
RUST = {"Cargo.toml": '[package]\nname = "api"\n', "Cargo.lock": "", "src/main.rs": ""}
DOTNET = {"App.csproj": "<Project/>\n"}
PROVIDED = "FROM public.ecr.aws/lambda/provided:al2023"


def go(command: str, start: str = "FROM golang:1.25", final: str = PROVIDED) -> str:
    return f'{start} AS b\nWORKDIR /src\nCOPY . .\nRUN {command}\n{final}\nCOPY --from=b /main /main\nENTRYPOINT ["/main"]'


@pytest.mark.parametrize(
    ("text", "files"),
    [
        (go("GOARCH=arm64 go build -o /main ."), GO),
        (go('CGO_ENABLED=0 GOOS=linux GOARCH="arm64" go build -o /main .'), GO),
        (go("export GOARCH=arm64 && go build -o /main ."), GO),
        (go("go env -w GOARCH=arm64 && go build -o /main ."), GO),
        (go("GOARCH=$ARCH go build -o /main .", "FROM golang:1.25").replace("WORKDIR", "ARG ARCH=arm64\nWORKDIR"), GO),
        (go("go build -o /main .").replace("WORKDIR", "ENV GOARCH=arm64\nWORKDIR"), GO),
        (go("go build -o /main .", "FROM --platform=linux/arm64 golang:1.25"), GO),
        (go("go build -o /main .", "FROM arm64v8/golang:1.25"), GO),
        (go("go build -o /main .", final=PROVIDED.replace("FROM", "FROM --platform=arm64")), GO),
        (go("go build -o /main .", final=PROVIDED.replace("FROM", "FROM --platform=linux/aarch64")), GO),
        ("ARG P=linux/arm64/v8\n" + go("go build -o /main .", final=PROVIDED.replace("FROM", "FROM --platform=$P")), GO),
    ],
)
def test_what_builds_and_platforms_name_is_taken(text: str, files: dict[str, str]) -> None:
    """Issue 14: `RUN GOARCH=arm64 go build`, `FROM --platform=…`: the proposal took x86_64."""
    assert of(text, files).spec.architecture == "arm64"


@pytest.mark.parametrize(
    ("image", "command", "files"),
    [
        ("rust:1", "cargo build --release --target aarch64-unknown-linux-gnu", RUST),
        ("rust:1", "cargo build --release --target=aarch64-unknown-linux-musl", RUST),
        ("ghcr.io/cargo-lambda/cargo-lambda", "cargo lambda build --release --arm64", RUST),
        ("rust:1", "CARGO_BUILD_TARGET=aarch64-unknown-linux-gnu cargo build --release", RUST),
        ("mcr.microsoft.com/dotnet/sdk:10.0", "dotnet publish -c Release -r linux-arm64 -o /app", DOTNET),
        ("mcr.microsoft.com/dotnet/sdk:10.0", "dotnet publish --arch arm64 -o /app", DOTNET),
        ("mcr.microsoft.com/dotnet/sdk:10.0", "dotnet lambda package --function-architecture arm64 -o /app", DOTNET),
        (
            "python:3.13",
            "pip install -r requirements.txt --platform manylinux2014_aarch64 --only-binary=:all: -t /app",
            {"requirements.txt": ""},
        ),
        (
            "python:3.13",
            "uv pip install -r requirements.txt --python-platform aarch64-manylinux2014 --target /app",
            {"requirements.txt": ""},
        ),
        ("node:22", "npm ci --os=linux --cpu=arm64", {"package.json": "{}", "package-lock.json": "{}"}),
    ],
)
def test_the_target_of_a_build_is_taken(image: str, command: str, files: dict[str, str]) -> None:
    proposal = of(f"FROM {image} AS b\nCOPY . .\nRUN {command}\n{PROVIDED}\nCOPY --from=b /app /var/task", files)
    assert proposal.spec.architecture == "arm64"
    assert "the architecture is arm64, because line 3 builds for it" in proposal.remarks


def test_builds_for_both_decide_nothing() -> None:
    proposal = of(go("GOARCH=arm64 go build -o /main . && GOARCH=amd64 go build -o /other ."), GO)
    assert proposal.spec.architecture == "x86_64"
    assert "the builds are for arm64 and x86_64: x86_64, Lambda's default, is taken" in proposal.remarks


def test_a_value_that_only_the_build_knows_decides_nothing() -> None:
    proposal = of(go("GOARCH=$TARGETARCH go build -o /main .").replace("WORKDIR", "ARG TARGETARCH\nWORKDIR"), GO)
    assert (proposal.spec.architecture, proposal.remarks) == ("x86_64", ("nothing sets the architecture: x86_64 is Lambda's default",))


def test_that_of_the_function_wins_and_the_difference_is_told() -> None:
    text = go("GOARCH=arm64 go build -o /main .")
    proposal = of(text, GO, architecture="x86_64")
    assert proposal.spec.architecture == "x86_64"
    assert outcome(proposal, 4)[1] == "it builds for arm64, and the image is for x86_64: the proposal builds for that"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("linux/arm64/v8", "arm64"),
        ("x86_64-unknown-linux-gnu.2.17", "x86_64"),
        ("manylinux_2_28_aarch64", "arm64"),
        ("linux-musl-x64", "x86_64"),
        ("3.13-arm64", "arm64"),
        ("warm64", None),
        ("arm64-and-amd64", None),
        ("", None),
    ],
)
def test_names_of_machines(text: str, found: str | None) -> None:
    assert named(text) == found


def test_an_option_of_another_program_is_no_machine() -> None:
    assert built_for(("pip", "install", "--target", "/opt/arm64"), "", lambda value: value) is None
