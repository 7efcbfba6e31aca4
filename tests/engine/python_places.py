"""Projects with wheels, packages and repositories of a test's own, and images built of them."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import socketserver
import subprocess
import threading
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from optimizer import BuildSecret, ImageSpec, Lock, SourceCode, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.steps import Step
from optimizer.project.files import Project
from tests.engine import services
from tests.engine.planned import pinned
from tests.patience import PATIENCE_S

HANDLER = """\
import importlib
import importlib.metadata


def handler(event, context):
    return {
        "values": {name: getattr(importlib.import_module(name), "WHO", "") for name in event["modules"]},
        "versions": {name: importlib.metadata.version(name) for name in event.get("packages", [])},
        "scripts": [point.name for point in importlib.metadata.entry_points(group="console_scripts") if point.module in event["modules"]],
    }
"""


_INSTALLER = re.compile(r"\b(pip|uv|poetry|pipenv)\b")


@dataclass(frozen=True)
class Built:
    """A built image: its name, and the layers above the base by the name of the stage that made them."""

    image: str
    layers: Mapping[str, str]
    log: str

    def answer(self, *modules: str, packages: Sequence[str] = ()) -> dict[str, Any]:
        """What the modules of a function hold under ``WHO``, the versions of packages, and the scripts."""
        return dict(services.invoke(self.image, "app.handler", {"modules": modules, "packages": packages}))


@dataclass(frozen=True)
class Place:
    """Where images are built: a registry with the stand-in of Python's base, and a lock that pins it."""

    registry: str
    lock: Lock
    directory: Path

    def build(self, project: Path, *steps: Step, cache: str = "", cold: bool = False) -> Built:
        """Build an image of the steps and a handler; ``cache`` names the contents of cache mounts.

        ``cold`` runs every installer again, with empty cache mounts; not the
        installation of Git, which takes longer and is no part of a layer.
        """
        assert not (cold and cache), "contents of a name may be there"
        cache = uuid.uuid4().hex if cold else cache
        write(project / "handler" / "app.py", HANDLER)
        spec = ImageSpec(runtime="python3.13", steps=[*steps, SourceCode("handler", name="code")])
        made = plan(spec, self.lock, root=project, mirror=Mirror.parse(self.registry))
        files = Project(project)
        context = build_context(made, files)
        directory = stage_context(context, files, self.directory)
        # Under the name of the registry, so that it goes when that ends.
        tag = f"{self.registry}/python-locks:{uuid.uuid4().hex}"
        options = ["--network", "host", "--progress", "plain", "--platform", context.platform, "--tag", tag]
        options += [word for secret in made.secrets() for word in ("--secret", f"id={secret.id},{secret.source}")]
        options += ["--build-arg", f"BUILDKIT_CACHE_MOUNT_NS={cache}"] if cache else []
        result = subprocess.run(["docker", "build", *options, str(directory)], capture_output=True, text=True, timeout=900, check=False)
        assert result.returncode == 0, result.stderr[-6000:]
        assert not cold or not [step for step in _cached(result.stderr) if _INSTALLER.search(step)]
        answer = subprocess.run(
            ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", tag],
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=True,
        )
        layers = json.loads(answer.stdout)
        return Built(tag, dict(zip(made.layers, layers[-len(made.layers) :], strict=True)), result.stderr)


def _cached(log: str) -> list[str]:
    """The steps that a build did not run."""
    steps = dict(re.findall(r"^#(\d+) (\[.+)$", log, re.MULTILINE))
    return [steps.get(number, "") for number in re.findall(r"^#(\d+) CACHED$", log, re.MULTILINE)]


def pin(registry: str, directory: Path) -> Lock:
    """The lock of Python's base in the registry."""
    return pinned(registry, directory / "optimizer.lock", "public.ecr.aws/lambda/python:3.13")


def write(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def wheel(directory: Path, name: str, files: Mapping[str, str], version: str = "1.0") -> str:
    """Write a wheel, and give its digest as pip writes it."""
    directory.mkdir(parents=True, exist_ok=True)
    info = f"{name}-{version}.dist-info"
    path = directory / f"{name}-{version}-py3-none-any.whl"
    metadata = {
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    rows = []
    with zipfile.ZipFile(path, "w") as archive:
        for file, text in {**files, **metadata}.items():
            digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
            archive.writestr(file, text)
            rows.append(f"{file},sha256={digest},{len(text.encode())}")
        archive.writestr(f"{info}/RECORD", "\n".join([*rows, f"{info}/RECORD,,"]) + "\n")
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()


def package(
    directory: Path, name: str, *, who: str, requires: Sequence[str] = (), backend: str = "hatchling", scripts: bool = False
) -> None:
    """Write a package of one module ``name``, built by a backend."""
    module = {"hatchling": "hatchling.build", "setuptools": "setuptools.build_meta"}[backend]
    lines = [
        f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = ">=3.11"\ndependencies = {json.dumps(list(requires))}',
        f'[build-system]\nrequires = ["{backend}"]\nbuild-backend = "{module}"',
        *([f'[project.scripts]\n{name}-run = "{name}:run"'] if scripts else []),
    ]
    write(directory / "pyproject.toml", "\n".join(lines) + "\n")
    write(directory / "src" / name / "__init__.py", f'WHO = "{who}"\n')


@contextlib.contextmanager
def repository(directory: Path, host: str) -> Iterator[tuple[str, BuildSecret]]:
    """A Git repository with the package ``fromgit`` in its directory ``lib``: its commit, and the secret with which Git finds it.

    The URL names a host that is not there; Git's own configuration, which may
    hold the credentials of a private one, leads to a server of this machine.
    """
    work = directory / "work"
    package(work / "lib", "fromgit", who="git")
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (("init", "--quiet"), ("add", "--all"), (*identity, "commit", "--quiet", "--message", "first")):
        subprocess.run(["git", *arguments], cwd=work, check=True, timeout=PATIENCE_S)
    commit = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=work, check=True, capture_output=True, text=True, timeout=PATIENCE_S
    ).stdout.strip()
    subprocess.run(["git", "clone", "--quiet", "--bare", str(work), str(directory / "served" / "lib.git")], check=True, timeout=PATIENCE_S)
    with _served(directory / "served") as url:
        configuration = write(directory / "gitconfig", f'[url "{url}"]\n\tinsteadOf = https://{host}/\n')
        yield commit, BuildSecret("gitconfig", from_file=str(configuration), to_file="/root/.gitconfig")


@contextlib.contextmanager
def _served(directory: Path) -> Iterator[str]:
    """The address of Git's own server, which is started for each connection: it cannot look for a free port itself."""
    argv = ["git", "daemon", "--inetd", "--export-all", f"--base-path={directory}"]

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            subprocess.run(argv, stdin=self.request, stdout=self.request, stderr=subprocess.DEVNULL, check=False, timeout=PATIENCE_S)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"git://127.0.0.1:{server.server_address[1]}/"
        finally:
            server.shutdown()
