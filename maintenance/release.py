"""Makes what is published of a version: a wheel and a source archive, of what is committed.

The version and the address of the project stand in ``optimizer/version.py``,
and what is new in ``CHANGELOG.md``, under the version and the day.  The package
gets the project's URLs, and a README whose links start at that address, so
that it renders where no other file of the project is.

Nothing is uploaded or tagged: the commands that do so are printed.

Run: ``python -m maintenance.release [--output DIRECTORY]``
"""

from __future__ import annotations

import argparse
import datetime
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import venv
from io import BytesIO
from pathlib import Path

import tomlkit

from optimizer.version import ADDRESS, VERSION, page_address

ROOT = Path(__file__).parents[1]
BUILD = "build==1.3.0"
PUBLISHED = ("CHANGELOG.md", "LICENSE", "README.md", "optimizer", "pyproject.toml")
_TIMEOUT_S = 600
_HEADING = re.compile(r"^## (?P<version>\S+), (?P<day>.+)$", re.MULTILINE)
_LINK = re.compile(r"\]\((?!https?://|mailto:|#)([^)\s]+)\)")
_FENCE = re.compile(r"(^```.*?^```)", re.DOTALL | re.MULTILINE)


def faults(version: str, address: str, changelog: str, uncommitted: str, today: datetime.date) -> list[str]:
    """Why a version cannot be published, each with what to do; empty when it can.

    ``uncommitted`` is what ``git status --porcelain`` says.
    """
    found = []
    if not address:
        found.append("the project has no public address: set ADDRESS in optimizer/version.py")
    elif not re.fullmatch(r"https://[^/\s]+/\S+[^/\s]", address):
        found.append(f'"{address}" is no address of a project: set ADDRESS in optimizer/version.py to https://HOST/OWNER/NAME')
    heading = _HEADING.search(changelog)
    if heading is None or heading["version"] != version:
        newest = f'"{heading["version"]}"' if heading else "nothing"
        found.append(f'CHANGELOG.md begins with {newest}, and the version is "{version}": write "## {version}, {today}" above what is new')
    else:
        try:
            day = datetime.date.fromisoformat(heading["day"])
        except ValueError:
            found.append(f'CHANGELOG.md says "{heading["day"]}" of {version}: write the day, "## {version}, {today}"')
        else:
            if day > today:
                found.append(f"CHANGELOG.md says that {version} is of {day}, which is to come: write {today}")
    if uncommitted.strip():
        found.append("some files are changed and not committed: commit them, as what is committed is published")
    return found


def standing_alone(readme: str, address: str, version: str) -> str:
    """The README with links that hold wherever it is shown."""
    parts = _FENCE.split(readme)
    return "".join(
        part if part.startswith("```") else _LINK.sub(lambda link: f"]({page_address(link[1], address, version)})", part) for part in parts
    )


def with_urls(project: str, address: str, version: str) -> str:
    """The text of ``pyproject.toml`` with the project's URLs."""
    document = tomlkit.parse(project)
    urls = tomlkit.table()
    urls.update(
        {
            "Homepage": address,
            "Documentation": page_address("docs", address, version),
            "Changelog": page_address("CHANGELOG.md", address, version),
            "Issues": f"{address}/issues",
        }
    )
    table = document["project"]
    assert isinstance(table, tomlkit.items.Table)
    table["urls"] = urls
    return tomlkit.dumps(document)


def prepare(tree: Path, address: str, version: str) -> None:
    """Change the files of a copy of the project to those that are published."""
    for name, change in (("README.md", standing_alone), ("pyproject.toml", with_urls)):
        path = tree / name
        path.write_text(change(path.read_text(encoding="utf-8"), address, version), encoding="utf-8")


def build(output: Path, address: str, version: str) -> list[Path]:
    """The wheel and the source archive of what is committed, in the directory; the wheel is the same for the same commit."""
    with tempfile.TemporaryDirectory(prefix="optimizer-release-") as directory:
        tree, environment = Path(directory, "tree"), Path(directory, "environment")
        archive = _git("archive", "HEAD", *PUBLISHED)
        with tarfile.open(fileobj=BytesIO(archive)) as tar:
            tar.extractall(tree, filter="data")
        prepare(tree, address, version)
        venv.create(environment, with_pip=True)
        python = environment / "bin" / "python"
        _run([str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", BUILD])
        # Times in archives are those of the commit.
        time = _git("log", "-1", "--format=%ct").decode().strip()
        _run([str(python), "-m", "build", "--outdir", str(output.absolute()), str(tree)], SOURCE_DATE_EPOCH=time)
    return sorted(output.glob(f"lambda_image_optimizer-{version}*"))


def image_commands(version: str) -> list[str]:
    """The commands that build the images of the command line, of what is tagged: docs/ci.md. They are pushed where a company keeps its images."""
    build = f"git archive v{version} | docker build"
    name = f"lambda-image-optimizer:{version}"
    return [f"{build} --tag {name} -", f"{build} --target docker --tag {name}-docker -"]


def _run(argv: list[str], **variables: str) -> None:
    result = subprocess.run(argv, env={**os.environ, **variables}, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False)  # noqa: S603
    if result.returncode != 0:
        sys.exit(f"error: {argv[-1]}: {result.stdout}{result.stderr}")


def _git(*arguments: str) -> bytes:
    return subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=True, timeout=_TIMEOUT_S).stdout  # noqa: S603, S607


def main() -> None:
    """Check, build, and print what is left to do by hand."""
    parser = argparse.ArgumentParser(
        prog="python -m maintenance.release", description="Make the wheel and the source archive of a version."
    )
    parser.add_argument("--output", type=Path, default=ROOT / "dist", metavar="DIRECTORY", help="where they go; default: dist")
    options = parser.parse_args()
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    today = datetime.datetime.now(datetime.timezone.utc).date()
    if found := faults(VERSION, ADDRESS, changelog, _git("status", "--porcelain").decode(), today):
        sys.exit("\n".join(f"error: {fault}" for fault in found))
    made = build(options.output, ADDRESS, VERSION)
    for path in made:
        print(path)
    print(f"next: git tag v{VERSION} && git push origin v{VERSION}")
    print(f"next: twine upload {' '.join(map(str, made))}")
    for command in image_commands(VERSION):
        print(f"next: {command}")


if __name__ == "__main__":
    main()
