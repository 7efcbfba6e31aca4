"""uv.lock: members, sources, extras, groups and indexes."""

from __future__ import annotations

import pytest

from optimizer.bases.catalogue import base_image
from optimizer.locks.python import PYPI, From, Package, Registry, Wanted, environment_of, registries
from optimizer.locks.uv import read_uv_lock

ENVIRONMENT = environment_of(base_image("python3.13"), "x86_64")
LOCK = """\
version = 1
revision = 3
requires-python = ">=3.11"
[manifest]
members = ["app", "lib", "tool"]
[[package]]
name = "app"
version = "0"
source = { editable = "apps/app" }
dependencies = [
    { name = "lib", extra = ["fast"] },
    { name = "numpy", version = "1.0", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version < '3.12'" },
    { name = "numpy", version = "2.0", source = { registry = "https://pypi.org/simple" }, marker = "python_full_version >= '3.12'" },
    { name = "torch", version = "2", source = { registry = "https://pypi.org/simple" }, marker = "extra == 'extra-3-app-gpu' or extra != 'extra-3-app-cpu'" },
    { name = "torch", version = "2+cpu", source = { registry = "https://download.pytorch.org/whl/cpu" }, marker = "extra == 'extra-3-app-cpu'" },
]
[package.optional-dependencies]
cpu = []
gpu = []
[package.dev-dependencies]
dev = [{ name = "only-for-developers" }]
[package.metadata]
provides-extras = ["cpu", "gpu", "nothing"]
[package.metadata.requires-dev]
empty = []
[[package]]
name = "lib"
version = "1"
source = { editable = "libs/lib" }
dependencies = [{ name = "fromgit" }]
[package.optional-dependencies]
fast = [{ name = "speedups" }]
[[package]]
name = "tool"
version = "1"
source = { virtual = "tool" }
[[package]]
name = "numpy"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "numpy"
version = "2.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "torch"
version = "2"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "torch"
version = "2+cpu"
source = { registry = "https://download.pytorch.org/whl/cpu" }
[[package]]
name = "speedups"
version = "1"
source = { path = "wheels/speedups-1-py3-none-any.whl" }
[[package]]
name = "fromgit"
version = "1"
source = { git = "ssh://git@example.com/a.git?subdirectory=x%2Fy&rev=v1#4295027a9c5508540929a4438e5b0bba0374a0cf" }
[[package]]
name = "only-for-developers"
version = "1"
source = { registry = "flat/wheels" }
wheels = [{ path = "only_for_developers-1-py3-none-any.whl" }]
"""


def select(*words: str, package: str | None = "app") -> dict[str, Package]:
    return {item.name: item for item in read_uv_lock(LOCK).select(Wanted(words=words, package=package, environment=ENVIRONMENT))}


def test_what_a_member_needs_is_found_with_where_it_comes_from() -> None:
    found = select()
    assert sorted(found) == ["fromgit", "lib", "numpy", "speedups", "torch"]
    assert (found["lib"].origin, found["lib"].location) == (From.DIRECTORY, "libs/lib")
    assert found["numpy"].version == "2.0"
    assert found["speedups"].archives == ("wheels/speedups-1-py3-none-any.whl",)
    git = found["fromgit"]
    assert git.pinned
    assert git.requirement == "fromgit @ git+ssh://git@example.com/a.git@4295027a9c5508540929a4438e5b0bba0374a0cf#subdirectory=x/y"


@pytest.mark.parametrize(("word", "version"), [("cpu", "2+cpu"), ("gpu", "2")])
def test_extras_that_exclude_one_another_choose_the_index(word: str, version: str) -> None:
    found = select(word)
    assert found["torch"].version == version
    assert ("https://download.pytorch.org/whl/cpu" in [item.url for item in registries(found.values())]) == (word == "cpu")
    assert registries(found.values())[0] == Registry(PYPI)


def test_a_flat_index_is_a_directory_of_archives() -> None:
    package = select("dev")["only-for-developers"]
    assert (package.origin, package.archives) == (From.ARCHIVE, ("flat/wheels/only_for_developers-1-py3-none-any.whl",))


def test_words_of_a_member_count_when_they_hold_nothing() -> None:
    words = read_uv_lock(LOCK).words("app")
    assert words.groups == {"dev", "empty"}
    assert words.extras == {"cpu", "gpu", "nothing"}
    assert read_uv_lock(LOCK).words("tool").extras == frozenset()


def test_a_workspace_without_a_root_is_all_members() -> None:
    assert sorted(read_uv_lock(LOCK).members.items()) == [("app", "apps/app"), ("lib", "libs/lib"), ("tool", "tool")]
    assert select(package="tool") == {}
    assert "numpy" in select(package=None)


@pytest.mark.parametrize(
    ("requires", "fits"),
    [
        (">=3.11", True),
        (">=3.11,<3.14", True),
        ("==3.13.*", True),
        (">=3.13.5", True),
        ("<3.13", False),
        ("==3.12.*", False),
        (">3.13", True),
    ],
)
def test_any_patch_release_of_the_runtime_may_satisfy_the_lock(requires: str, fits: bool) -> None:
    assert read_uv_lock(f'requires-python = "{requires}"').fits_python("3.13") == fits


def test_default_groups_of_older_locks_are_the_projects() -> None:
    lock = read_uv_lock(LOCK)
    wanted = Wanted(package="app", defaults=("dev", "empty"), environment=ENVIRONMENT)
    assert "only-for-developers" not in {item.name for item in lock.select(wanted)}
    renamed = read_uv_lock(LOCK.replace("dev = [", "jobs = ["))
    wanted = Wanted(package="app", defaults=("dev", "jobs"), environment=ENVIRONMENT)
    assert "only-for-developers" in {item.name for item in renamed.select(wanted)}


def test_groups_of_a_workspace_without_a_project() -> None:
    lock = read_uv_lock(
        'version = 1\n[manifest.dependency-groups]\ntools = [{ name = "six", specifier = ">=1" }]\n'
        '[[package]]\nname = "six"\nversion = "1"\nsource = { registry = "https://pypi.org/simple" }\n'
    )
    assert lock.words(None).groups == {"tools"}
    assert [item.name for item in lock.select(Wanted(words=("tools",), environment=ENVIRONMENT))] == ["six"]
    assert lock.select(Wanted(environment=ENVIRONMENT)) == ()


def test_only_the_conflicts_of_what_is_chosen_count() -> None:
    conflicts = """
conflicts = [[{ package = "app", extra = "cpu" }, { package = "app", extra = "gpu" }, { package = "lib", extra = "gpu" }]]
[[package]]
name = "app"
version = "1"
source = { virtual = "app" }
[[package]]
name = "lib"
version = "1"
source = { virtual = "lib" }
[manifest]
members = ["app", "lib"]
"""
    lock = read_uv_lock(conflicts)
    assert lock.words("app").conflicts == (frozenset({"cpu", "gpu"}),)
    assert lock.words("lib").conflicts == (frozenset({"gpu"}),)


def test_members_that_exclude_one_another_have_their_own_packages() -> None:
    """A member had no packages at all, where a conflict was declared of it and not of its extras."""
    lock = read_uv_lock("""
conflicts = [[{ package = "old" }, { package = "new" }]]
[manifest]
members = ["api", "new", "old"]
[[package]]
name = "api"
version = "1"
source = { virtual = "api" }
dependencies = [{ name = "old", marker = "extra == 'project-3-old' or extra != 'project-3-new'" }]
[[package]]
name = "old"
version = "1"
source = { virtual = "old" }
dependencies = [{ name = "numpy", version = "1.0", marker = "extra == 'project-3-old'" }]
[[package]]
name = "new"
version = "1"
source = { virtual = "new" }
dependencies = [{ name = "numpy", version = "2.0", marker = "extra == 'project-3-new'" }]
[[package]]
name = "numpy"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
[[package]]
name = "numpy"
version = "2.0"
source = { registry = "https://pypi.org/simple" }
""")
    found = {member: lock.select(Wanted(package=member, environment=ENVIRONMENT)) for member in ("old", "new", "api")}
    versions = {member: [package.version for package in packages if package.name == "numpy"] for member, packages in found.items()}
    assert versions == {"old": ["1.0"], "new": ["2.0"], "api": ["1.0"]}


def test_a_dependency_may_ask_for_the_extra_that_excludes_others() -> None:
    """uv 0.13.9 writes such a marker where the root needs an extra of a member that is in a conflict."""
    lock = read_uv_lock("""
conflicts = [[{ package = "lib", extra = "cpu" }, { package = "app", group = "gpu" }]]
[[package]]
name = "app"
version = "1"
source = { virtual = "." }
dependencies = [{ name = "lib", extra = ["cpu"], marker = "sys_platform == 'linux' and extra == 'extra-3-lib-cpu'" }]
[[package]]
name = "lib"
version = "1"
source = { virtual = "lib" }
[package.optional-dependencies]
cpu = [{ name = "numpy" }]
[[package]]
name = "numpy"
version = "1.0"
source = { registry = "https://pypi.org/simple" }
""")
    assert [package.name for package in lock.select(Wanted(environment=ENVIRONMENT))] == ["lib", "numpy"]


def test_files_of_git_lfs_are_told() -> None:
    lock = read_uv_lock(LOCK.replace("x%2Fy&rev=v1#", "x%2Fy&lfs=true&rev=v1#"))
    (package,) = (package for package in lock.select(Wanted(package="app", environment=ENVIRONMENT)) if package.origin is From.GIT)
    assert (package.lfs, package.subdirectory, package.commit[:4]) == (True, "x/y", "4295")


@pytest.mark.parametrize(
    ("markers", "fits"),
    [
        (["sys_platform == 'darwin'"], False),
        (["sys_platform == 'darwin'", "platform_machine == 'x86_64'"], True),
        (["python_full_version >= '3.13.2'"], True),
        (None, True),
    ],
)
def test_the_environments_that_a_lock_is_for(markers: list[str] | None, fits: bool) -> None:
    """uv exports such a lock all the same, with a marker at each line that holds nowhere, and nothing is installed of it."""
    lock = read_uv_lock("" if markers is None else f"supported-markers = {markers!r}")
    assert lock.fits(dict(ENVIRONMENT)) == fits
