"""What locks of npm, pnpm and Yarn name beside the packages of registries."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optimizer.locks.nodejs import NodeLock
from optimizer.locks.nodejs_manifest import read_manifest
from optimizer.locks.nodejs_npm import read_npm
from optimizer.locks.nodejs_pnpm import hook_files, hooks_checksum, read_pnpm, workspace_patches
from optimizer.locks.nodejs_yarn import mirror_directories, plugin_files, read_classic, read_yarn

PROJECTS = Path(__file__).parents[1] / "engine" / "projects"
LOCKS = ("package-lock.json", "pnpm-lock.yaml", "yarn.lock")


def production(project: Path, path: str) -> list[str]:
    return list(json.loads((project / path / "package.json").read_text(encoding="utf-8")).get("dependencies", {}))


def read(project: Path, name: str) -> NodeLock | None:
    text = (project / name).read_text(encoding="utf-8")
    if name == "package-lock.json":
        return read_npm(text)
    if name == "pnpm-lock.yaml":
        return read_pnpm(text)
    return read_yarn(text, lambda path: production(project, path))


@pytest.mark.parametrize("name", LOCKS)
def test_members_and_what_they_need_of_one_another(name: str) -> None:
    lock = read(PROJECTS / "node-workspaces", name)
    assert lock is not None
    assert sorted(lock.members) == ["packages/api", "packages/shared", "packages/text", "packages/worker"]
    assert {path: lock.importer(path).needs for path in (".", *sorted(lock.members))} == {
        ".": (),
        "packages/api": ("packages/shared", "packages/text"),
        "packages/shared": ("packages/text",),
        "packages/text": (),
        "packages/worker": ("packages/text",),
    }


def test_what_npm_nests_under_a_member() -> None:
    lock = read(PROJECTS / "node-workspaces", "package-lock.json")
    assert lock is not None
    assert lock.importer("packages/api").nested == ("ms",)
    assert lock.importer("packages/worker").nested == ("is-number",)


@pytest.mark.parametrize(
    ("tool", "archives", "copies", "files", "needs"),
    [
        ("npm", {"vendor/thing-1.0.0.tgz": "thing"}, {}, (), ("lib",)),
        ("pnpm", {"vendor/thing-1.0.0.tgz": "thing"}, {"lib": "lib"}, ("patches/ms@2.1.3.patch",), ()),
        ("yarn", {"vendor/thing-1.0.0.tgz": "thing"}, {"lib": "lib"}, (".yarn/patches/ms-npm-2.1.3.patch",), ()),
    ],
)
def test_archives_directories_and_patches(
    tool: str, archives: dict[str, str], copies: dict[str, str], files: tuple[str, ...], needs: tuple[str, ...]
) -> None:
    project = PROJECTS / "node-beside" / tool
    lock = read(project, next(name for name in LOCKS if (project / name).exists()))
    assert lock is not None
    assert (lock.archives, lock.copies, lock.files, lock.importer(".").needs) == (archives, copies, files, needs)


def test_yarn_1() -> None:
    lock = read_classic((PROJECTS / "node-beside" / "yarn-classic" / "yarn.lock").read_text(encoding="utf-8"))
    assert (lock.archives, lock.copies) == ({"vendor/thing-1.0.0.tgz": "thing"}, {"lib": "lib"})
    lock = read_classic('"a@link:../a":\n  version "0.0.0"\n\nb@o/r:\n  version "1.0.0"\n  resolved "git+ssh://git@example.com/b.git#1"\n')
    assert (lock.refused, lock.importer(".").git) == ((("a", "link"),), ("b",))


@pytest.mark.parametrize(
    ("resolved", "git"),
    [
        ("git+http://git.example.com/ours#1", ("ours",)),
        ("https://git.example.com/acme/ours.git#1", ("ours",)),
        ("https://github.com/acme/ours#1", ("ours",)),
        ("https://codeload.github.com/acme/ours/tar.gz/1", ()),
        ("https://registry.yarnpkg.com/ours/-/ours-1.0.0.tgz#1", ()),
        ("https://github.com/acme/ours/archive/1.tar.gz#1", ()),
    ],
)
def test_yarn_1_fetches_with_git(resolved: str, git: tuple[str, ...]) -> None:
    lock = read_classic(f'"ours@{resolved}":\n  version "1.0.0"\n  resolved "{resolved}"\n')
    assert lock.importer(".").git == git


def test_mirror_directories_of_yarn_1() -> None:
    assert mirror_directories('yarn-offline-mirror "./vendor"\nyarn-path ".yarn/x.cjs"\n') == ("vendor",)


def npm(**packages: object) -> NodeLock:
    lock = read_npm(json.dumps({"lockfileVersion": 3, "packages": packages}))
    assert lock is not None
    return lock


def test_npm_links_out_of_the_directory_and_git() -> None:
    lock = npm(
        **{
            "": {"dependencies": {"shared": "file:../shared", "ours": "github:acme/ours"}, "devDependencies": {"tool": "acme/tool"}},
            "../shared": {"version": "1.0.0", "dependencies": {"ms": "2"}},
            "../shared/node_modules/ms": {"version": "2.1.3", "hasInstallScript": True},
            "node_modules/shared": {"resolved": "../shared", "link": True},
            "node_modules/ours": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/acme/ours.git#1"},
            "node_modules/tool": {"version": "1.0.0", "resolved": "git+ssh://git@github.com/acme/tool.git#1", "dev": True},
        }
    )
    root = lock.importer(".")
    assert (root.needs, root.git, root.scripted) == (("../shared",), ("ours",), ("ms",))
    assert (lock.members, lock.links) == ({}, {"node_modules/shared": "../shared"})


def test_the_projects_own_scripts_are_not_those_of_a_package() -> None:
    lock = npm(
        **{
            "": {"hasInstallScript": True, "workspaces": ["apps/*", "!apps/old"]},
            "apps/web": {"hasInstallScript": True},
            "apps/old": {},
            "node_modules/web": {"resolved": "apps/web", "link": True},
            "node_modules/old": {"resolved": "apps/old", "link": True},
        }
    )
    assert lock.importer(".").scripted == () and lock.importer("apps/web").scripted == ()
    assert lock.members == {"apps/web": "web"}


def test_the_first_form_of_npms_lock_tells_no_scripts() -> None:
    lock = read_npm(json.dumps({"lockfileVersion": 1, "dependencies": {"a": {"version": "file:../a"}, "b": {"version": "file:b.tgz"}}}))
    assert lock is not None
    assert (lock.importer(".").needs, lock.archives, lock.importer(".").scripted) == (("../a",), {"b.tgz": "b"}, None)


def test_yarns_other_protocols() -> None:
    text = """
__metadata:
  version: 8
"a@portal:../a::locator=shop%40workspace%3A.":
  version: 0.0.0-use.local
  resolution: "a@portal:../a::locator=shop%40workspace%3A."
"b@file:./b.tgz::locator=%40acme%2Fapi%40workspace%3Apackages%2Fapi":
  version: 1.0.0
  resolution: "b@file:./b.tgz#./b.tgz::hash=1&locator=%40acme%2Fapi%40workspace%3Apackages%2Fapi"
"c@patch:c@npm%3A1.0.0#./c.patch::locator=%40acme%2Fapi%40workspace%3Apackages%2Fapi":
  version: 1.0.0
  resolution: "c@patch:c@npm%3A1.0.0#./c.patch::version=1.0.0&hash=1&locator=%40acme%2Fapi%40workspace%3Apackages%2Fapi"
"typescript@patch:typescript@npm%3A5.4.5#optional!builtin<compat/typescript>":
  version: 5.4.5
  resolution: "typescript@patch:typescript@npm%3A5.4.5#optional!builtin<compat/typescript>::version=5.4.5&hash=5"
"""
    lock = read_yarn(text, lambda path: ())
    assert lock is not None
    assert lock.refused == (("a", "portal"),)
    assert (lock.archives, lock.files) == ({"packages/api/b.tgz": "b"}, ("packages/api/c.patch",))
    assert plugin_files("plugins:\n  - path: .yarn/plugins/x.cjs\n    spec: x\n  - y.cjs\n") == (".yarn/plugins/x.cjs", "y.cjs")


def test_patches_of_the_workspace_file() -> None:
    assert workspace_patches("patchedDependencies:\n  ms@2: ./patches/ms.patch\n") == {"ms@2": "patches/ms.patch"}


def test_patches_and_hooks_of_pnpm_11_and_newer() -> None:
    """pnpm 12.21 writes the hash of a patch alone, and of hooks the checksum, whatever their file is called."""
    lock = read_pnpm("patchedDependencies:\n  ms@2.1.3: 25aafd18\npnpmfileChecksum: sha256-abc=\n")
    assert lock is not None
    assert (lock.files, lock.hashed_patches, lock.hooks) == ((), ("ms@2.1.3",), "sha256-abc=")
    hooks = "export const hooks={readPackage(p){if(p.name==='ms')p.dependencies={'is-number':'7.0.0'};return p}}\n"
    assert hooks_checksum(hooks) == "sha256-SJVi6mY1BLQnCQGJjq84NyFx34LDjJE3YKT/3ZU1dzM="


@pytest.mark.parametrize(
    ("workspace", "npmrc", "files"),
    [
        ("", "", ()),
        ("pnpmfile: ./hooks/own.cjs\n", "pnpmfile=other.cjs\n", ("hooks/own.cjs",)),
        ("pnpmfile: [a.cjs, b.cjs]\n", "", ("a.cjs", "b.cjs")),
        ("", 'global-pnpmfile=x.cjs\npnpmfile = "own.cjs"\n', ("own.cjs",)),
    ],
)
def test_hooks_may_stand_in_any_file(workspace: str, npmrc: str, files: tuple[str, ...]) -> None:
    assert hook_files(workspace, npmrc) == files


DAMAGED = ["", "{", "[]", "null", '{"packages": []}', '{"packages": {"a": 1, "": {"dependencies": [], "workspaces": {"packages": 3}}}}',
           '{"packages": {"node_modules/a": {"link": true, "resolved": 1}}}', '{"dependencies": {"a": 1}}', "importers: 1", "a: &a [*a]",
           "importers:\n  .: 1\n  x:\n    dependencies:\n      a: 1\n      b: {version: [1]}", "packages:\n  a: {resolution: 1}", '"a@": {resolution: 1}',
           '"a@npm:1": {resolution: "a@npm:1", dependencies: 3}', "? [1]\n: 2", "\t", "importers: !!python/object:os.system x"]  # fmt: skip


@pytest.mark.parametrize("text", DAMAGED)
def test_a_damaged_lock_is_left_to_its_tool(text: str) -> None:
    for lock in (read_npm(text), read_pnpm(text), read_yarn(text, lambda path: ()), read_classic(text)):
        assert lock is None or isinstance(lock, NodeLock)
    plugin_files(text)
    workspace_patches(text)
    hook_files(text, text)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), lambda item: st.lists(item) | st.dictionaries(
    st.sampled_from(["", ".", "packages", "importers", "a", "node_modules/a", "link", "resolved", "dependencies", "version", "resolution"]), item)))  # fmt: skip
def test_no_shape_of_a_lock_raises(data: object) -> None:
    text = json.dumps(data)
    for lock in (read_npm(text), read_pnpm(text), read_yarn(text, lambda path: ())):
        assert lock is None or isinstance(lock, NodeLock)


def test_a_lock_of_pnpm_with_what_it_knows_of_itself_before() -> None:
    """pnpm 11 and newer write the pinned pnpm and configuration packages as a document of their own, before what they install."""
    own = """\
---
lockfileVersion: '9.0'

importers:

  .:
    configDependencies: {}
    packageManagerDependencies:
      pnpm:
        specifier: ^11.0.0
        version: 11.28.11

packages:

  pnpm@11.28.11:
    resolution: {integrity: sha512-own}

snapshots:

  pnpm@11.28.11: {}

---
"""
    text = """\
lockfileVersion: '9.0'

importers:

  .: {}

  packages/api:
    dependencies:
      '@acme/text':
        specifier: workspace:*
        version: link:../text
      mustache:
        specifier: 4.2.0
        version: 4.2.0

  packages/text: {}

packages:

  mustache@4.2.0:
    resolution: {integrity: sha512-other}

snapshots:

  mustache@4.2.0: {}
"""
    both, alone = read_pnpm(own + text), read_pnpm(text)
    assert both is not None and alone is not None
    assert (both.members, both.links, both.versions) == (alone.members, alone.links, alone.versions)
    assert both.importer("packages/api") == alone.importer("packages/api")
    assert both.importer("packages/api").packages == (("mustache", "mustache@4.2.0"),)


REDIRECTED = """\
__metadata:
  version: 8
"debug@npm:4.4.0":
  version: 4.4.0
  resolution: "debug@npm:4.4.0"
  dependencies:
    ms: "npm:^2.1.3"
"api@workspace:packages/api":
  resolution: "api@workspace:packages/api"
  dependencies:
    debug: "catalog:"
"ms@workspace:*, ms@workspace:packages/ms":
  resolution: "ms@workspace:packages/ms"
"shop@workspace:.":
  resolution: "shop@workspace:."
"""


def test_resolutions_and_catalogs_of_yarn_are_followed() -> None:
    """A member that stood for a package of the registry was not in the image: its entry has another descriptor than what needs it."""
    lock = read_yarn(REDIRECTED, lambda path: ("debug",), ("ms",))
    assert lock is not None
    assert lock.importer("packages/api").needs == ("packages/ms",)
    assert [name for name, _ in lock.importer("packages/api").packages or ()] == ["debug"]


def test_what_a_resolution_overrides_may_be_any_of_its_name() -> None:
    direct = '"ms@npm:^2.1.3":\n  version: 2.1.3\n  resolution: "ms@npm:2.1.3"\n'
    for overridden, needs in (((), ()), (("ms",), ("packages/ms",))):
        lock = read_yarn(REDIRECTED + direct, lambda path: ("debug",), overridden)
        assert lock is not None
        assert lock.importer("packages/api").needs == needs


@pytest.mark.parametrize(
    ("key", "name"),
    [
        ("ms", "ms"),
        ("@acme/text", "@acme/text"),
        ("debug/ms", "ms"),
        ("@acme/api/@acme/text", "@acme/text"),
        ("debug@npm:4.4.0/ms@npm:^2.1.3", "ms"),
        ("**/ms", "ms"),
    ],
)
def test_what_a_resolution_is_for(key: str, name: str) -> None:
    manifest = read_manifest(json.dumps({"resolutions": {key: "1.0.0"}}))
    assert manifest is not None
    assert manifest.overridden == (name,)


OVERRIDDEN = """\
lockfileVersion: '9.0'
importers:
  .: {}
  p/a:
    dependencies:
      debug:
        specifier: 4.4.0
        version: 4.4.0
  p/ms: {}
packages:
  debug@4.4.0:
    resolution: {integrity: sha512-0}
snapshots:
  debug@4.4.0:
    dependencies:
      ms: link:p/ms
"""


def test_a_member_that_a_package_needs_is_told_where_pnpm_links_it_nowhere() -> None:
    """pnpm 10 with node-linker=hoisted exits with 0, and what the package requires is not found."""
    lock = read_pnpm(OVERRIDDEN)
    assert lock is not None
    assert lock.importer("p/a").unlinked == (("ms", "debug@4.4.0"),)
    of_root = OVERRIDDEN.replace(
        "  .: {}\n", "  .:\n    dependencies:\n      ms:\n        specifier: workspace:*\n        version: link:p/ms\n"
    )
    lock = read_pnpm(of_root)
    assert lock is not None
    assert lock.importer("p/a").unlinked == ()
