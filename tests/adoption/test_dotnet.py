"""The project of .NET that a command builds, wherever the Dockerfile has put its files."""

from __future__ import annotations

import pytest

from optimizer.adoption.proposal import Proposal
from optimizer.model.steps import DotnetBuild
from tests.adoption.test_propose import of

PROJECT = "<Project><PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup></Project>\n"
ON_DOMAIN = PROJECT.replace("</Project>", '<ItemGroup><ProjectReference Include="../Domain/Domain.csproj" /></ItemGroup></Project>')
FILES = {"src/Pay/Pay.csproj": ON_DOMAIN, "src/Pay/F.cs": "", "src/Domain/Domain.csproj": PROJECT, "docs/x.md": ""}


def built(body: str, files: dict[str, str] = FILES) -> Proposal:
    text = f"FROM mcr.microsoft.com/dotnet/sdk:10.0 AS b\nWORKDIR /b\n{body}\nFROM public.ecr.aws/lambda/dotnet:10\n"
    return of(f'{text}COPY --from=b /app /var/task\nCMD ["Pay::Pay.F::Handle"]', files)


@pytest.mark.parametrize(
    ("body", "source", "project"),
    [
        ("COPY . .\nRUN dotnet publish ./src/Pay -c Release -r linux-x64 --self-contained false -o /app", ".", "src/Pay"),
        ("COPY src/Pay/*.csproj src/Pay/\nCOPY . .\nRUN dotnet publish src/Pay -o /app", ".", "src/Pay"),
        ("COPY . .\nRUN dotnet publish src/Pay/Pay.csproj -o /app", ".", "src/Pay/Pay.csproj"),
        ("COPY src/ .\nWORKDIR /b/Pay\nRUN dotnet publish Pay.csproj -o /app", "src/Pay", "."),
        ("COPY src/Pay/Pay.csproj Pay/\nCOPY src/ .\nRUN cd Pay && dotnet publish -o /app", "src/Pay", "."),
        ("COPY . .\nRUN dotnet publish src/Pay --no-self-contained -v quiet --source https://x.example.com -o /app", ".", "src/Pay"),
    ],
)
def test_the_project(body: str, source: str, project: str) -> None:
    """`--self-contained false` was taken for the project, and a directory for the project's root."""
    proposal = built(body)
    assert proposal.spec.steps == (DotnetBuild(source, project=project),)
    assert [account.line for account in proposal.accounts if account.not_carried] == []


def test_what_neither_the_project_nor_its_references_need_is_told() -> None:
    proposal = built("COPY docs docs\nCOPY src/ src/\nWORKDIR /b/src/Pay\nRUN dotnet publish -o /app")
    assert proposal.spec.steps == (DotnetBuild("src/Pay"),)
    assert [(account.line, account.not_carried[0].message) for account in proposal.accounts if account.not_carried] == [
        (3, '"docs" is outside of "src/Pay", which the step builds')
    ]
