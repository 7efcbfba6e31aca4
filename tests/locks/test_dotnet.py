"""What .NET project files name."""

from __future__ import annotations

from optimizer.locks.dotnet import sources
from tests.locks.project import Texts


def test_references_and_what_stands_above() -> None:
    files = {
        "src/Api/Api.csproj": '<Project><!-- <ProjectReference Include="..\\No\\No.csproj" /> -->'
        '<ProjectReference Include="..\\Money\\Money.csproj" /><Import Project="$(SdkPath)/x.props" /><Import Project="../../x.props" /></Project>',
        "src/Money/Money.csproj": '<Project><ProjectReference Include="..\\Gone\\Gone.csproj" /></Project>',
        "x.props": "",
        "Directory.Build.props": "",
        "src/Directory.Build.props": "",
        "nuget.config": '<packageSources><add key="a" value="packages" /><add key="b" value="https://example.com" /></packageSources>',
        "packages/x.nupkg": "",
        "global.json": '{"sdk": {"version": "8.0.100"}}',
    }
    found = sources(Texts(files), "src/Api", "src/Api/Api.csproj")
    assert sorted(item.path for item in found.local) == ["packages", "src/Gone/Gone.csproj", "src/Money/Money.csproj", "x.props"]
    assert found.directories == ("src/Api", "src/Money", "packages")
    assert found.files == ("src/Directory.Build.props", "nuget.config", "global.json", "x.props")
    assert found.sdk == ("global.json", "8.0.100")


def test_damaged_files_are_left_to_the_sdk() -> None:
    assert sources(Texts({"global.json": "{", "A.csproj": "<"}), ".", "A.csproj").sdk is None


def test_the_version_that_a_project_targets() -> None:
    text = "<Project><!-- <TargetFramework>net6.0</TargetFramework> --><TargetFramework>net10.0</TargetFramework></Project>"
    assert sources(Texts({"A.csproj": text}), ".", "A.csproj").framework == ("A.csproj", "10.0")
    assert sources(Texts({"A.csproj": "<TargetFrameworks>net8.0;net10.0</TargetFrameworks>"}), ".", "A.csproj").framework is None
