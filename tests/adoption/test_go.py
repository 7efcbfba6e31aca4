"""The package of a Go module that a command builds, wherever the Dockerfile has put its files."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Proposal
from optimizer.model.steps import Command, GoBuild
from tests.adoption.test_propose import of

FILES = {"go.mod": "module example.com/shop\n\ngo 1.25\n", "main.go": "", "cmd/api/main.go": "", "Service/main.go": ""}


def built(copies: str, command: str, files: dict[str, str] = FILES) -> Proposal:
    text = f"FROM golang:1.25 AS b\nWORKDIR /app\n{copies}\nRUN {command}\nFROM public.ecr.aws/lambda/provided:al2023\n"
    return of(f'{text}COPY --from=b /out /var/runtime/bootstrap\nENTRYPOINT ["/var/runtime/bootstrap"]', files)


@pytest.mark.parametrize(
    ("copies", "command", "package"),
    [
        ("COPY . .", "go build -o /out .", "."),
        ("COPY . .", "go build -o /out main.go", "."),
        ("COPY . .", "go build -o /out ./cmd/api", "cmd/api"),
        ("COPY . .", "go build -o /out cmd/api/main.go", "cmd/api"),
        ("COPY . /app", "go build -o /out /app/Service/main.go", "Service"),
        ("COPY . .", "go build -o /out example.com/shop/cmd/api", "cmd/api"),
        ("COPY . .", "go build -o /out example.com/shop", "."),
        ("COPY . .", "cd cmd/api && go build -o /out .", "cmd/api"),
        ("COPY . .", "go build -a -installsuffix cgo -o /out ./cmd/api", "cmd/api"),
        ("COPY go.mod ./\nCOPY cmd/api/main.go .", "go build -tags lambda.norpc -o /out main.go", "cmd/api"),
        ("COPY go.mod ./\nCOPY cmd/api/*.go .", "go build -o /out", "cmd/api"),
    ],
)
def test_the_package(copies: str, command: str, package: str) -> None:
    """A file that was copied elsewhere, an absolute path or an import path gave a program that does not build."""
    assert built(copies, command).spec.steps == (GoBuild(".", package=package),)


@pytest.mark.parametrize("command", ["go build -o /out ./...", "go build -o /out github.com/other/tool"])
def test_a_program_that_the_project_does_not_name_is_made_by_commands(command: str) -> None:
    (step,) = built("COPY . .", command).spec.steps
    assert isinstance(step, Command)


def test_the_entrypoint_of_a_provided_base_is_its_own() -> None:
    text = 'FROM public.ecr.aws/lambda/provided:al2023\nCOPY bootstrap /var/runtime/\nENTRYPOINT ["/var/runtime/bootstrap"]'
    proposal = of(text, {"bootstrap": ""})
    assert proposal.complete and proposal.accounts[2].remarks == ("the base's own entrypoint starts it",)
