"""The workflow files of ``docs/ci/``: valid, pinned, and with commands and options that exist."""

from __future__ import annotations

import datetime
import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import tomlkit
import yaml

from optimizer.bases.lock import Lock, LockedImage
from optimizer.cli.main import optimizer
from optimizer.model.cache import BuildCache
from optimizer.model.reference import ImageReference
from optimizer.version import VERSION
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[1]
FILES = {path.stem: path for path in sorted((ROOT / "docs" / "ci").glob("*.yml"))}
PINS = FILES.pop("github-actions-pins")
# With the image of the command line.
IMAGES = {name: FILES.pop(f"{name}-image") for name in ("gitlab-ci", "codebuild")}
RUNNERS = ("github-actions", "gitlab-ci", "codebuild")
WITHOUT_DOCKER = tuple(f"{name}-without-docker" for name in RUNNERS)
PRESETS = {"github-actions": "github-actions", "gitlab-ci": "registry", "codebuild": "registry"}


def load(name: str) -> Any:
    return loaded(FILES[name])


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def values(document: Any, *keys: str) -> Iterator[Any]:
    """What stands under one of the keys, wherever it is."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in keys:
                yield value
            yield from values(value, *keys)
    elif isinstance(document, list):
        for item in document:
            yield from values(item, *keys)


def commands(name: str) -> list[list[str]]:
    """The words of every command line, variables as they are."""
    return commands_in(load(name))


def commands_in(document: Any) -> list[list[str]]:
    lines: list[str] = []
    for value in values(document, "run", "script", "before_script", "commands"):
        if isinstance(value, list):
            lines += value
        elif "core.exportVariable" not in value:
            lines += value.splitlines()
    return [words for line in lines for words in _split(shlex.split(line), "&&")]


def check_options(commands: list[list[str]]) -> None:
    """Parse every command of ours as a call does, without making it."""
    for words in commands:
        if words[0] == "optimizer":
            command = optimizer.get_command(click.Context(optimizer), words[1])
            assert command is not None, words
            options = words[2 : words.index(">")] if ">" in words else words[2:]
            command.make_context(words[1], options)


def _split(words: list[str], separator: str) -> Iterator[list[str]]:
    while separator in words:
        index = words.index(separator)
        yield words[:index]
        words = words[index + 1 :]
    yield words


def test_there_is_a_file_for_each_runner() -> None:
    assert set(FILES) == {*RUNNERS, *WITHOUT_DOCKER}
    assert set(PRESETS) == set(RUNNERS)


@pytest.mark.parametrize("name", FILES)
def test_every_command_of_ours_and_its_options_exist(name: str) -> None:
    ours = [words for words in commands(name) if words[0] == "optimizer"]
    assert ["pin", "--check"] in [words[1:3] for words in ours]
    check_options(ours)


@pytest.mark.parametrize("name", IMAGES)
def test_the_image_of_the_command_line_is_all_that_its_jobs_need(name: str) -> None:
    """Requirement: "a container image of the command line for GitLab and CodeBuild"."""
    document = loaded(IMAGES[name])
    jobs = (
        [job for job in document.values() if isinstance(job, dict) and job.get("image") == "$OPTIMIZER_IMAGE"]
        if "synth" in document
        else [document]
    )
    ours = [words for job in jobs for words in commands_in(job)]
    check_options(ours)
    assert {words[0] for words in ours} <= {"optimizer", "printf"}
    assert {"pin", "lint", "plan", "publish"} <= {words[1] for words in ours if words[0] == "optimizer"}
    text = IMAGES[name].read_text(encoding="utf-8")
    assert set(re.findall(r"lambda-image-optimizer:([0-9.]+[0-9])", text)) == {VERSION}
    assert "AWS_SECRET_ACCESS_KEY" not in text


@pytest.mark.parametrize("name", PRESETS)
def test_deploys_with_the_cache_of_its_runner(name: str) -> None:
    (deploy,) = (words for words in commands(name) if words[:2] == ["cdk", "deploy"])
    setting = deploy[deploy.index("--context") + 1].removeprefix("optimizer:cache=")
    (repository,) = set(values(load(name), "CACHE_REPOSITORY")) or {""}
    filled = re.sub(r"\$[A-Z_]+", "main", setting.replace("$CACHE_REPOSITORY", repository))
    assert BuildCache.parse(filled).preset == PRESETS[name]


@pytest.mark.parametrize("name", PRESETS)
def test_pins_what_it_runs_and_asks_for_no_attestation(name: str) -> None:
    document = load(name)
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+", use) for use in values(document, "uses"))
    (builder,) = values(document, "BUILDKIT_IMAGE")
    assert re.fullmatch(r"moby/buildkit:v\d+\.\d+\.\d+@sha256:[0-9a-f]{64}", builder)
    assert list(values(document, "BUILDX_NO_DEFAULT_ATTESTATIONS")) == ["1"]
    # `docker build`, which CDK runs, takes no other builder than this variable names.
    assert list(values(document, "BUILDX_BUILDER"))


@pytest.mark.parametrize("name", WITHOUT_DOCKER)
def test_without_docker_nothing_asks_for_one(name: str) -> None:
    """Requirement: "`docs/ci/` gets a variant without Docker for each CI"; that the program deploys is tested in tests/engine."""
    document = load(name)
    assert list(values(document, "CDK_DOCKER")) == ["optimizer-docker"]
    programs = tomlkit.parse((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["scripts"]  # type: ignore[index]
    assert "optimizer-docker" in programs  # type: ignore[operator]
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+", use) for use in values(document, "uses"))
    words = {word for line in commands(name) for word in line}
    assert not {word for word in words if word.startswith(("docker", "buildx"))}
    assert not [key for key in ("services", "privileged", "BUILDX_BUILDER", "DOCKER_HOST") if list(values(document, key))]
    # A build cache is of no use: nothing is built.
    assert [line for line in commands(name) if line[:2] == ["cdk", "deploy"]] == [["cdk", "deploy", "--all", "--require-approval", "never"]]


@pytest.mark.parametrize("name", FILES)
def test_uses_the_cdk_cli_of_this_project(name: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    (cli,) = re.findall(r"^CDK_CLI := (.+)$", makefile, re.MULTILINE)
    installed = {words[-1] for words in commands(name) if words[:2] == ["npm", "install"]}
    assert installed == {cli}


def test_stored_keys_are_nowhere() -> None:
    for path in FILES.values():
        assert "AWS_SECRET_ACCESS_KEY" not in path.read_text(encoding="utf-8")
    for more in ("", "-without-docker"):
        assert load(f"github-actions{more}")["permissions"]["id-token"] == "write"
        assert load(f"gitlab-ci{more}")["deploy"]["id_tokens"]


def test_the_pull_request_of_pins_uses_options_that_exist() -> None:
    document = yaml.safe_load(PINS.read_text(encoding="utf-8"))
    runs = list(values(document, "run"))
    (words,) = (shlex.split(run.partition(">")[0]) for run in runs if run.startswith("optimizer "))
    command = optimizer.get_command(click.Context(optimizer), words[1])
    assert command is not None
    assert command.make_context(words[1], words[2:]).params["min_age"] == 7
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@v\d+\.\d+\.\d+", use) for use in values(document, "uses"))
    assert document["permissions"] == {"contents": "write", "pull-requests": "write"}
    assert any("open-pins-request" in run for run in runs)


def test_the_pull_request_of_pins_is_opened_once_and_refreshed_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The script with a real git, and a `gh` that writes down what it is asked, and knows a pull request once it was made."""

    def git(*words: str, at: str = "work") -> str:
        return subprocess.run(["git", *words], cwd=tmp_path / at, check=True, capture_output=True, text=True).stdout

    (tmp_path / "origin").mkdir()
    (tmp_path / "bin").mkdir()
    gh = tmp_path / "bin" / "gh"
    log = tmp_path / "log"
    gh.write_text(f'#!/bin/sh\necho "$1 $2" >> {log}\n[ "$2" != edit ] || grep -q create {log}\n')
    gh.chmod(0o755)
    monkeypatch.setenv("PATH", f"{gh.parent}:/usr/bin:/bin")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    git("init", "--quiet", "--bare", at="origin")
    git("clone", "--quiet", str(tmp_path / "origin"), "work", at=".")
    lock = tmp_path / "work" / "optimizer.lock"
    script = PINS.parent / "open-pins-request"
    for text in ("first", "second"):
        lock.write_text(text)
        (tmp_path / "work" / "pins.txt").write_text(f"image  old -> {text}\n")
        subprocess.run([script], cwd=tmp_path / "work", check=True, capture_output=True, timeout=PATIENCE_S)
        assert git("show", "optimizer/pins:optimizer.lock", at="origin") == text
        assert f"    image  old -> {text}\n" in (tmp_path / "work" / "body.md").read_text()
    assert log.read_text().splitlines() == ["pr edit", "pr create", "pr edit"]
    assert git("ls-tree", "--name-only", "optimizer/pins", at="origin") == "optimizer.lock\n", "nothing else is committed"


def test_the_preset_of_renovate_finds_every_image_of_a_lock() -> None:
    preset = json.loads((ROOT / "docs" / "ci" / "renovate.json").read_text(encoding="utf-8"))
    (manager,) = preset["customManagers"]
    (pattern,) = manager["matchStrings"]
    # Named groups of JavaScript and RE2.
    found = re.compile(pattern.replace("(?<", "(?P<"))
    names = ("public.ecr.aws/lambda/python:3.13", "registry.example.com:5000/house/node:22-1.4_b", "docker.io/library/maven:3.9-jdk21")
    digest = "sha256:" + "5" * 64
    images = [
        LockedImage(
            reference=ImageReference.parse(name),
            digest=digest,
            resolved=datetime.date(2026, 11, 1),
            kind="index",
            platforms={"amd64": digest},
        )
        for name in names
    ]
    text = Lock().with_images(images).render()
    assert sorted(f"{match['depName']}:{match['currentValue']}@{match['currentDigest']}" for match in found.finditer(text)) == sorted(
        f"{name}@{digest}" for name in names
    )
    files = re.compile(manager["managerFilePatterns"][0].strip("/"))
    assert all(map(files.search, ("optimizer.lock", "deploy/optimizer.lock"))) and not files.search("my-optimizer.lock")
    (command,) = preset["packageRules"][0]["postUpgradeTasks"]["commands"]
    program, name, *options = command.split()
    assert program == "optimizer"
    known = {option for parameter in optimizer.get_command(click.Context(optimizer), name).params for option in parameter.opts}
    assert {word for word in options if word.startswith("--")} <= known
    allowed = re.search(r'"allowedCommands": \["(.*)"\]', (ROOT / "docs" / "ci.md").read_text(encoding="utf-8"))
    assert allowed is not None
    written = command.replace("{{{packageFile}}}", "deploy/optimizer.lock").replace("{{{depName}}}:{{{currentValue}}}", names[1])
    assert re.search(allowed[1].replace("\\\\", "\\"), written)
