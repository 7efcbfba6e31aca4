"""Workspaces of Node.js for real: two functions and two shared packages, one of them in TypeScript, deployed from one lock."""

from __future__ import annotations

import functools
import http.server
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from optimizer import Command, ImageSpec, Lock, NodeDependencies, SourceCode, plan
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.errors import SpecError
from optimizer.model.reference import ImageReference
from optimizer.project.files import Project
from tests.engine.planned import pinned
from tests.engine.services import invoke
from tests.patience import PATIENCE_S

PROJECTS = Path(__file__).parent / "projects"
ROOT = Path(__file__).parents[2]
NODE = ImageReference.parse("public.ecr.aws/lambda/nodejs:22")
NEWER_NPM = ImageReference.parse("public.ecr.aws/house/nodejs:npm-11")
# The lock, and the image that installs from it.
CASES = {
    "npm 10": ("package-lock.json", None),
    "npm 11": ("package-lock.json", NEWER_NPM),
    "pnpm": ("pnpm-lock.yaml", None),
    "yarn": ("yarn.lock", None),
}
FUNCTIONS = {
    "api": ("packages/api/index.handler", {"greeting": "Hello Ada", "shared": "2.1.3", "api": "2.0.0"}),
    "worker": ("packages/worker/index.handler", {"greeting": "Hello Ada", "number": True, "worker": "2.1.3"}),
}


@dataclass(frozen=True)
class Workshop:
    """A registry, and a lock of the images in it."""

    registry: str
    lock: Lock

    def build(self, root: Path, spec: ImageSpec, output: Path) -> tuple[str, dict[str, str]]:
        """The id of the image, built as CDK builds it, and its layers by the stages that made them."""
        made = plan(spec, self.lock, root=root, mirror=Mirror.parse(self.registry))
        project = Project(root)
        context = build_context(made, project)
        directory = stage_context(context, project, output)
        argv = ["docker", "build", "--quiet", "--network", "host", "--platform", context.platform, str(directory)]
        result = subprocess.run(argv, capture_output=True, text=True, timeout=600, check=False)
        assert result.returncode == 0, result.stderr
        image = result.stdout.strip()
        argv = ["docker", "image", "inspect", "--format", "{{json .RootFS.Layers}}", image]
        layers = json.loads(subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout)
        return image, dict(zip(made.layers, layers[-len(made.layers) :], strict=True))


@pytest.fixture(scope="module")
def workshop(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workshop]:
    directory = tmp_path_factory.mktemp("workshop")
    remote = f"{registry}/{NEWER_NPM.repository}:{NEWER_NPM.tag}"
    recipe = f"FROM {registry}/lambda/nodejs:22\nRUN npm install --global --no-audit --no-fund npm@11.21.2\n"
    argv = ["docker", "build", "--quiet", "--network", "host", "--tag", remote, "-"]
    subprocess.run(argv, input=recipe, capture_output=True, text=True, check=True, timeout=600)
    subprocess.run(["docker", "push", "--quiet", remote], capture_output=True, check=True, timeout=PATIENCE_S)
    yield Workshop(registry, pinned(registry, directory / "optimizer.lock", NODE, NEWER_NPM))


def specification(lock: str, function: str, base: ImageReference | None) -> ImageSpec:
    steps = [
        NodeDependencies(lock, package=f"@acme/{function}", ignore_root_scripts=["postinstall"] if function == "api" else []),
        SourceCode(f"packages/{function}", to=f"/var/task/packages/{function}/"),
    ]
    return ImageSpec(runtime="nodejs22.x", base=base, steps=steps)


def files(image: str) -> str:
    """Everything under the task root, links with their targets."""
    script = (
        "const fs = require('fs'); (function walk(p) { for (const n of fs.readdirSync(p).sort()) { const q = p + '/' + n; const s = fs.lstatSync(q); "
        "console.log(q + (s.isSymbolicLink() ? ' -> ' + fs.readlinkSync(q) + (fs.existsSync(q) ? '' : ' DANGLING') : '')); "
        "if (s.isDirectory()) walk(q); } })('/var/task')"
    )
    argv = ["docker", "run", "--rm", "--network", "none", "--entrypoint", "node", image, "-e", script]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout


@pytest.mark.parametrize("case", CASES)
def test_functions_of_a_workspace_answer_and_share_layers(case: str, workshop: Workshop, tmp_path: Path) -> None:
    lock, base = CASES[case]
    root = tmp_path / "shop"
    shutil.copytree(PROJECTS / "node-workspaces", root)
    layers = {}
    for function, (handler, answer) in FUNCTIONS.items():
        image, layers[function] = workshop.build(root, specification(lock, function, base), tmp_path)
        assert invoke(image, handler, {"name": "Ada"}) == answer
        listed = files(image)
        assert "DANGLING" not in listed
        # Nothing of the other function, and nothing for development.
        assert ("is-number" in listed) == (function == "worker")
        assert ("packages/shared" in listed) == (function == "api")
        assert not {"is-odd", "is-even"} & set(listed.split("/"))
    shared = "node-dependencies-packages-text"
    assert layers["api"][shared] == layers["worker"][shared]

    text = root / "packages" / "text" / "index.js"
    text.write_text(text.read_text().replace("Hello", "Good morning"))
    for function, (handler, answer) in FUNCTIONS.items():
        image, changed = workshop.build(root, specification(lock, function, base), tmp_path)
        assert {name for name, layer in changed.items() if layer != layers[function][name]} == {shared}
        assert invoke(image, handler, {"name": "Ada"}) == {**answer, "greeting": "Good morning Ada"}


COMPILE = (
    'const fs = require("fs"), { stripTypeScriptTypes } = require("module"); '
    'const code = stripTypeScriptTypes(fs.readFileSync("/var/task/packages/text/src/index.ts", "utf8")); '
    'fs.mkdirSync("/layer/tree/var/task/packages/text/dist", { recursive: true }); '
    'fs.writeFileSync("/layer/tree/var/task/packages/text/dist/index.js", code)'
)


def test_a_command_builds_a_member_whose_output_is_not_in_the_project(workshop: Workshop, tmp_path: Path) -> None:
    """As the message of planning says it, where nobody has built the package before."""
    root = tmp_path / "shop"
    shutil.copytree(PROJECTS / "node-workspaces", root)
    text = root / "packages" / "text"
    manifest = json.loads((text / "package.json").read_text())
    (text / "package.json").write_text(json.dumps({**manifest, "main": "dist/index.js"}))
    (text / "src").mkdir()
    code = (text / "index.js").read_text()
    (text / "src" / "index.ts").write_text(code.replace("(name) =>", "(name: string): string =>"))
    (text / "index.js").unlink()
    handler, answer = FUNCTIONS["worker"]
    packages, own = specification("package-lock.json", "worker", None).steps
    build = Command([["node", "--no-warnings", "-e", COMPILE]], name="text", after=["node-dependencies"])
    with pytest.raises(
        SpecError, match=r'has the main file "dist/index.js", which does not exist in the project\n  hint: build the package first'
    ):
        workshop.build(root, ImageSpec(runtime="nodejs22.x", steps=[packages, build, own]), tmp_path)
    packages = replace(packages, ignore_unbuilt=["@acme/text"])
    image, layers = workshop.build(root, ImageSpec(runtime="nodejs22.x", steps=[packages, build, own]), tmp_path)
    assert invoke(image, handler, {"name": "Ada"}) == answer
    assert list(layers).index("text") > list(layers).index("node-dependencies-packages-text")


@pytest.mark.parametrize("tool", ["npm", "pnpm", "yarn", "yarn-classic"])
def test_what_a_lock_names_in_the_project_is_in_the_image(tool: str, workshop: Workshop, tmp_path: Path) -> None:
    """A tarball, a directory with dependencies of its own, a patch; hooks of pnpm, a plugin of Yarn, and a mirror of Yarn 1."""
    root = tmp_path / "shop"
    for source in ("common", tool):
        shutil.copytree(PROJECTS / "node-beside" / source, root, dirs_exist_ok=True)
    lock = next(path.name for path in root.iterdir() if path.name in ("package-lock.json", "pnpm-lock.yaml", "yarn.lock"))
    spec = ImageSpec(runtime="nodejs22.x", steps=[NodeDependencies(lock), SourceCode("index.js")])
    image, _ = workshop.build(root, spec, tmp_path)
    # Yarn 1 has no patches of its own; its mirror holds another package under that name.
    assert invoke(image, "index.handler", {}) == {"ms": "mirrored" if tool == "yarn-classic" else "patched", "thing": "thing", "lib": "lib"}
    assert "DANGLING" not in files(image)


def test_a_member_that_pnpm_copies_with_catalogs_and_overrides(workshop: Workshop, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    shutil.copytree(PROJECTS / "node-injected", root)
    steps = [NodeDependencies("pnpm-lock.yaml", package="@acme/api"), SourceCode("packages/api", to="/var/task/packages/api/")]
    image, _ = workshop.build(root, ImageSpec(runtime="nodejs22.x", steps=steps), tmp_path)
    place = "/var/task/node_modules/@acme/text"
    assert invoke(image, "packages/api/index.handler", {}) == {"ms": "2.1.3", "older": "2.0.0", "number": "6.0.0", "place": place}


def git(*arguments: str, directory: Path) -> str:
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.com")
    return subprocess.run(
        ["git", *identity, *arguments], cwd=directory, capture_output=True, text=True, check=True, timeout=60
    ).stdout.strip()


@pytest.fixture
def repository(tmp_path: Path) -> Iterator[str]:
    """The URL of a package in git, with its commit, whose code is made when it is prepared."""
    source = tmp_path / "ours"
    source.mkdir()
    # Yarn knows the second alone.
    scripts = {"prepare": "node make.js", "prepack": "node make.js"}
    manifest = {"name": "ours", "version": "1.0.0", "main": "made.js", "files": ["made.js"], "scripts": scripts}
    (source / "package.json").write_text(json.dumps(manifest))
    (source / "make.js").write_text("require('fs').writeFileSync('made.js', 'module.exports = \"ours\";\\n');\n")
    git("init", "--quiet", directory=source)
    git("add", "--all", directory=source)
    git("commit", "--quiet", "--message", "ours", directory=source)
    served = tmp_path / "served"
    git("clone", "--quiet", "--bare", str(source), str(served / "ours.git"), directory=tmp_path)
    # What a server of plain files must have.
    git("update-server-info", directory=served / "ours.git")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(served))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"git+http://127.0.0.1:{server.server_address[1]}/ours.git#{git('rev-parse', 'HEAD', directory=source)}"
    server.shutdown()
    server.server_close()


def test_a_package_from_git_and_a_directory_beside_the_locks_own(workshop: Workshop, repository: str, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    manifest = {"name": "api", "version": "1.0.0", "dependencies": {"ours": repository, "shared": "file:../shared"}}
    shared = {"name": "shared", "version": "1.0.0"}
    packages = {
        "": manifest,
        "../shared": shared,
        "node_modules/ours": {"version": "1.0.0", "resolved": repository},
        "node_modules/shared": {"resolved": "../shared", "link": True},
    }
    lock = {"name": "api", "version": "1.0.0", "lockfileVersion": 3, "requires": True, "packages": packages}
    for name, text in {
        "api/package.json": json.dumps(manifest),
        "api/package-lock.json": json.dumps(lock),
        "api/src/index.js": "exports.handler = async () => ({ ours: require('ours'), shared: require('shared') });\n",
        "shared/package.json": json.dumps(shared),
        "shared/index.js": "module.exports = 'shared';\n",
    }.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    spec = ImageSpec(runtime="nodejs22.x", steps=[NodeDependencies("api/package-lock.json"), SourceCode("api/src")])
    image, _ = workshop.build(root, spec, tmp_path)
    assert invoke(image, "index.handler", {}) == {"ours": "ours", "shared": "shared"}
    assert "DANGLING" not in files(image)


# The locks of a project that needs a package from git, whose URL, repository and commit are to be set.
GIT_LOCKS = {
    "pnpm": {
        "pnpm-lock.yaml": """lockfileVersion: '9.0'
importers:
  .:
    dependencies:
      ours:
        specifier: {url}
        version: {url}
packages:
  ours@{url}:
    resolution: {{commit: {commit}, repo: {repository}, type: git}}
    version: 1.0.0
snapshots:
  ours@{url}: {{}}
""",
        "pnpm-workspace.yaml": "onlyBuiltDependencies:\n  - ours@{url}\n",
    },
    # Of Yarn 4.0, which asked for no approval of repositories.
    "yarn": {
        "yarn.lock": """__metadata:
  version: 8
  cacheKey: 10c0

"ours@{url}":
  version: 1.0.0
  resolution: "ours@git+{repository}#commit={commit}"
  languageName: node
  linkType: hard

"shop@workspace:.":
  version: 0.0.0-use.local
  resolution: "shop@workspace:."
  dependencies:
    ours: "{url}"
  languageName: unknown
  linkType: soft
""",
    },
    "yarn-classic": {"yarn.lock": '# yarn lockfile v1\n\n"ours@{url}":\n  version "1.0.0"\n  resolved "{repository}#{commit}"\n'},
}


@pytest.mark.parametrize("tool", GIT_LOCKS)
def test_a_package_from_git(tool: str, workshop: Workshop, repository: str, tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    address, _, commit = repository.removeprefix("git+").partition("#")
    for name, text in GIT_LOCKS[tool].items():
        (root / name).write_text(text.format(url=repository, repository=address, commit=commit))
    (root / "package.json").write_text(json.dumps({"name": "shop", "version": "1.0.0", "dependencies": {"ours": repository}}))
    (root / "index.js").write_text("exports.handler = async () => require('ours');\n")
    spec = ImageSpec(runtime="nodejs22.x", steps=[NodeDependencies(next(iter(GIT_LOCKS[tool]))), SourceCode("index.js")])
    image, _ = workshop.build(root, spec, tmp_path)
    assert invoke(image, "index.handler", {}) == "ours"
