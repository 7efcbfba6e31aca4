"""Which package manager writes which lock file: the one table of their names, for all that looks for them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PackageManager:
    """A package manager, and the files by which a project shows that it uses it.

    ``locks`` are names of its lock files, the preferred one first; ``manifest``
    is that of the file in which people write what they depend on, which stands
    beside the lock; empty where there is none.  ``settings`` are further files
    beside the lock that it reads where they are.  ``create`` is the command
    that writes the lock of a project, without installing where that can be
    had.
    """

    name: str
    ecosystem: str
    locks: tuple[str, ...]
    manifest: str
    create: str
    settings: tuple[str, ...] = ()


MANAGERS = (
    PackageManager(name="uv", ecosystem="python", locks=("uv.lock",), manifest="pyproject.toml", create="uv lock"),
    PackageManager(name="poetry", ecosystem="python", locks=("poetry.lock",), manifest="pyproject.toml", create="poetry lock"),
    PackageManager(name="pipenv", ecosystem="python", locks=("Pipfile.lock",), manifest="Pipfile", create="pipenv lock"),
    PackageManager(
        name="npm",
        ecosystem="nodejs",
        # npm takes the first of them where both are there.
        locks=("npm-shrinkwrap.json", "package-lock.json"),
        manifest="package.json",
        create="npm install --package-lock-only",
        settings=(".npmrc",),
    ),
    PackageManager(
        name="yarn",
        ecosystem="nodejs",
        locks=("yarn.lock",),
        manifest="package.json",
        create="yarn install --mode=update-lockfile",
        settings=(".npmrc", ".yarnrc", ".yarnrc.yml"),
    ),
    PackageManager(
        name="pnpm",
        ecosystem="nodejs",
        locks=("pnpm-lock.yaml",),
        manifest="package.json",
        create="pnpm install --lockfile-only",
        settings=(".npmrc", "pnpm-workspace.yaml", ".pnpmfile.cjs"),
    ),
    PackageManager(name="Bundler", ecosystem="ruby", locks=("Gemfile.lock",), manifest="Gemfile", create="bundle lock"),
    PackageManager(name="Go", ecosystem="go", locks=("go.sum",), manifest="go.mod", create="go mod tidy"),
    PackageManager(name="Cargo", ecosystem="rust", locks=("Cargo.lock",), manifest="Cargo.toml", create="cargo generate-lockfile"),
    PackageManager(name="Gradle", ecosystem="java", locks=("gradle.lockfile",), manifest="", create="gradle dependencies --write-locks"),
    PackageManager(name="NuGet", ecosystem="dotnet", locks=("packages.lock.json",), manifest="", create="dotnet restore --use-lock-file"),
)
"""Every manager whose locks this project knows; Maven has no lock, and pip's requirements have any name."""

UNREAD_LOCKS = {
    "python": {"pdm.lock": "pdm export --format pylock --output pylock.toml"},
    "nodejs": {"bun.lock": "bun install --yarn", "bun.lockb": "bun install --yarn"},
}
"""By ecosystem, the locks that no step reads, each with the command of its own manager that writes the same versions into one that is."""

ECOSYSTEMS = tuple(dict.fromkeys(item.ecosystem for item in MANAGERS))
"""Every ecosystem of the table."""

_BY_LOCK = {lock: manager for manager in MANAGERS for lock in manager.locks}
_OTHER_MANIFESTS = {
    "python": ("*requirements*.txt", "constraints*.txt", "setup.cfg"),
    "nodejs": ("pnpm-workspace.yaml",),
    "ruby": ("*.gemspec",),
    "java": ("pom.xml", "build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts", "gradle.properties"),
    "go": ("go.work", "go.work.sum"),
    "rust": (),
    "dotnet": ("*.csproj", "*.fsproj", "*.sln", "Directory.Build.props", "Directory.Packages.props"),
}


def manager_of(lock: str) -> PackageManager | None:
    """The manager that writes lock files of that name; None for any other name."""
    return _BY_LOCK.get(lock)


def manager(name: str) -> PackageManager:
    """The manager of that name; KeyError when there is none."""
    for item in MANAGERS:
        if item.name == name:
            return item
    raise KeyError(name)


def lock_names(ecosystem: str) -> tuple[str, ...]:
    """The names of all lock files of an ecosystem, in the order of the table."""
    return tuple(lock for item in MANAGERS if item.ecosystem == ecosystem for lock in item.locks)


def manifest_patterns(ecosystem: str) -> tuple[str, ...]:
    """Patterns of the names of all lock files and manifests of an ecosystem; empty for an unknown one."""
    known = [name for item in MANAGERS if item.ecosystem == ecosystem for name in (item.manifest, *item.locks) if name]
    return tuple(dict.fromkeys((*known, *_OTHER_MANIFESTS.get(ecosystem, ()))))
