"""The step kinds: what a team can declare about an image.

A step declares what belongs in the image, never how a Dockerfile writes it.
Building a step never raises: :class:`~optimizer.model.spec.ImageSpec` reports
the faults of all its steps together.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any, ClassVar, TypeVar

from optimizer.model import fields as types
from optimizer.model.annotations import Given, Pairs, Words
from optimizer.model.fields import FieldFault, FieldType, declared, typed
from optimizer.model.reference import ImageReference
from optimizer.model.secret import SECRETS, BuildSecret
from optimizer.model.stability import Stability

SLIM_WORDS = ("base-packages", "caches", "docs", "static-libraries", "tests", "type-stubs")
"""What a step of dependencies can leave out; docs/slimming.md says what each word means."""

NODE_LIFECYCLE = ("preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare", "pnpm:devPreinstall")
"""Scripts of a package.json that installers run for the project itself."""

Secrets = Given[Sequence[BuildSecret | Mapping[str, str]], tuple[BuildSecret, ...]]
Image = Given[ImageReference | str | None, ImageReference | None]
Commands = Given[Sequence[list[str] | tuple[str, ...]], tuple[tuple[str, ...], ...]]

_KINDS: dict[str, type[Step]] = {}
_StepType = TypeVar("_StepType", bound="type[Step]")


def step_kind(cls: _StepType) -> _StepType:
    """Class decorator that makes a step kind known to specifications in TOML.

    The kind is the class's name in kebab case: ``SourceCode`` is
    ``source-code``.  Raises ValueError when another class has the kind.
    """
    kind = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", cls.__name__).lower()
    if kind in _KINDS:
        raise ValueError(f'the step kind "{kind}" is already {_KINDS[kind].__module__}.{_KINDS[kind].__qualname__}')
    cls.kind = kind
    _KINDS[kind] = cls
    return cls


def step_kinds() -> dict[str, type[Step]]:
    """Every known step kind by its TOML name, in the order of registration."""
    return dict(_KINDS)


def list_of_argv() -> FieldType:
    """Commands as argument lists, so that no value is ever parsed by a shell."""
    argv = types.list_of(types.TEXT)

    def read(value: Any) -> Any:
        if isinstance(value, str):
            raise FieldFault(
                f'"{value}" is a shell line; allowed: a list of arguments',
                f'write {value.split()!r}, or ["sh", "-c", "..."] where a shell is needed',
            )
        arguments = argv.read(value)
        if not arguments:
            raise FieldFault("an empty command is not allowed")
        return arguments

    return types.list_of(FieldType("argument list", read, argv.schema, argv.write))


COMMANDS = list_of_argv()


@declared
class Step:
    """One declared unit of work; the fields that every kind has."""

    kind: ClassVar[str] = ""
    default_stability: ClassVar[Stability] = Stability.WEEKLY

    name: str | None = typed(types.optional(types.NAME), default=None)
    """Name of the step, unique in the image; default: from the kind and the source."""
    stability: Given[Stability | str | None, Stability | None] = typed(types.STABILITY, default=None)
    """How often the step's inputs change; default: by kind, or the evidence in optimizer.lock."""
    after: Words = typed(types.NAMES, default=())
    """Names of steps that must come first; default: none."""
    size: int | None = typed(types.BYTES, default=None)
    """Size of what the step adds to the image, in bytes; default: the evidence in optimizer.lock, where it is known; orders steps that
    change the system in place, such as system packages.
    """
    seconds: float | None = typed(types.SECONDS, default=None)
    """Time that the step takes when nothing is cached, in seconds; default: the evidence in optimizer.lock; orders the same steps."""

    def __post_init__(self) -> None:
        for item in fields(self):
            # A default is in its normal form, and known by its identity.
            if getattr(self, item.name) is item.default:
                continue
            try:
                value = item.metadata["type"].read(getattr(self, item.name))
            except FieldFault:
                continue
            object.__setattr__(self, item.name, value)

    @property
    def title(self) -> str:
        """The step's name, given or derived."""
        return self.name or self.derived_name()

    @property
    def code_stability(self) -> Stability:
        """How often the project's own code among what the step carries changes: as given, else daily."""
        given: Stability | None = self.stability
        return given or Stability.DAILY

    def derived_name(self) -> str:
        """The name of a step that was given none: its kind, and its source where it has one."""
        source = getattr(self, "source", None)
        if not isinstance(source, str):
            return self.kind
        slug = re.sub(r"[^a-z0-9]+", "-", posixpath.basename(source).lower()).strip("-")
        return f"{self.kind}-{slug}" if slug else self.kind


_SLIM = types.set_of(types.choice(*SLIM_WORDS))


@step_kind
@declared
class SystemPackages(Step):
    """Packages of the base image's operating system, installed with its own package manager."""

    default_stability: ClassVar[Stability] = Stability.QUARTERLY

    packages: Words = typed(types.PACKAGES, kw_only=False)
    """Names of packages, each with or without its version, such as `libxml2-2.10.4`."""


@step_kind
@declared
class Extension(Step):
    """A Lambda extension, from a file, a directory or an image.

    A file becomes ``/opt/extensions/<name>``, where the file name is the
    step's name or the file's own; one of the project becomes executable too.
    The contents of a directory, and ``/opt`` of an image, land in ``/opt``, as
    a Lambda layer's would.
    Source: https://docs.aws.amazon.com/lambda/latest/dg/extensions-configuration.html
    """

    default_stability: ClassVar[Stability] = Stability.QUARTERLY

    source: str | None = typed(types.optional(types.PATH), default=None, kw_only=False)
    """File or directory of the extension; default: none."""
    image: Image = typed(types.optional(types.IMAGE), default=None)
    """Image that carries the extension, under /opt or as `file`; default: none."""
    file: str | None = typed(types.optional(types.IMAGE_FILE), default=None)
    """Absolute path of the one file of `image` that is the extension, such as `/lambda-adapter`; default: all of its /opt."""


@step_kind
@declared
class PythonDependencies(Step):
    """Python packages from a lock file: requirements.txt, uv.lock, poetry.lock, Pipfile.lock or pylock.toml.

    The file's name says which tool reads it; any ``*.txt`` is a requirements
    file, and ``pylock.NAME.toml`` is read as pylock.toml.  pyproject.toml or
    Pipfile stands beside its lock.  First-party packages that the lock names
    by path, such as members of a workspace, become layers of their own.
    """

    default_stability: ClassVar[Stability] = Stability.MONTHLY

    lock: str = typed(types.PATH, kw_only=False)
    """The lock or requirements file."""
    groups: Words = typed(types.NAMES, default=())
    """Dependency groups or extras to install beside the default ones (uv, poetry, pylock.toml); default: none."""
    package: str | None = typed(types.optional(types.PACKAGE), default=None)
    """Member of the workspace whose dependencies are installed (uv); default: its root."""
    index_url: str | None = typed(types.URL, default=None)
    """Package index in place of PyPI; credentials go into a build secret; default: PyPI."""
    wheels_only: bool = typed(types.FLAG, default=False)
    """Refuse packages that have no wheel for the runtime; default: false."""
    installer: str = typed(types.choice("uv", "pip"), default="uv")
    """Program that installs what the lock names; default: `uv`."""
    slim: Words = typed(_SLIM, default=types.DefaultWords())
    """What to leave out of the packages, which can break code that reads it; [slimming](slimming.md) defines each word; default: none."""
    build_packages: Words = typed(types.PACKAGES, default=())
    """System packages that the installer needs, such as a compiler; they never reach the final image; default: none."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class NodeDependencies(Step):
    """Node.js packages from package-lock.json, yarn.lock or pnpm-lock.yaml, with package.json beside it.

    What the lock needs of a workspace's other members becomes layers of its
    own; [locks of Node.js](locks-node.md) says what a lock may point to.
    """

    default_stability: ClassVar[Stability] = Stability.MONTHLY

    lock: str = typed(types.PATH, kw_only=False)
    """The lock file; for a workspace, the one of its root."""
    package: str | None = typed(types.optional(types.TEXT), default=None)
    """Name of the workspace member whose dependencies are installed; default: those of the root."""
    registry: str | None = typed(types.URL, default=None)
    """Package registry in place of npm's; credentials go into a build secret; default: npm's."""
    scripts: bool = typed(types.FLAG, default=True)
    """Whether the packages' own install scripts run; default: true."""
    ignore_root_scripts: Words = typed(types.set_of(types.choice(*NODE_LIFECYCLE)), default=())
    """Lifecycle scripts of the project's own package.json that the image does without; no such script ever runs in it; default: none."""
    ignore_unbuilt: Words = typed(types.set_of(types.TEXT), default=())
    """Names of local packages whose main file need not be in the project, because another step makes it; default: none."""
    slim: Words = typed(_SLIM, default=types.DefaultWords())
    """What to leave out of the packages, which can break code that reads it; [slimming](slimming.md) defines each word; default: none."""
    build_packages: Words = typed(types.PACKAGES, default=())
    """System packages that the installer needs, such as a compiler; they never reach the final image; default: none."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class NodeBuild(Step):
    """TypeScript or JavaScript that is built: by esbuild into one file for each entry, or by a script of the project's own.

    The packages of the lock, those for development too, are installed in a
    stage of their own; of both stages only what the build makes is in the
    image.  esbuild puts the packages that an entry imports into its file.  A
    script that does not needs a ``NodeDependencies`` step beside this one.
    """

    default_stability: ClassVar[Stability] = Stability.DAILY

    source: str = typed(types.PATH, kw_only=False)
    """Directory of the code that is built; of its package.json, where it has one of its own."""
    entries: Words = typed(types.set_of(types.PATH), default=())
    """Files that esbuild bundles, relative to the source: `src/app.ts` becomes `app.js`, whose handler is `app.handler`; default: none."""
    script: str | None = typed(types.optional(types.TEXT), default=None)
    """Script of package.json that builds in place of esbuild, such as `build`; default: none."""
    output: str = typed(types.PATH, default="dist")
    """Directory of what the script makes, relative to the source; what it holds in the project is left out; default: `dist`."""
    to: str = typed(types.TARGET, default="/var/task/")
    """Absolute path of the directory in the image; default: `/var/task/`."""
    lock: str | None = typed(types.optional(types.PATH), default=None)
    """Lock file of npm, pnpm or Yarn; default: the nearest one, in the source or above it."""
    external: Words = typed(types.set_of(types.TEXT), default=())
    """Packages that esbuild leaves out, such as `sharp` or `@aws-sdk/*`; they come from NodeDependencies, or from the runtime; default: none."""
    format: str | None = typed(types.optional(types.choice("cjs", "esm")), default=None)
    """Form of the modules that esbuild writes; default: `esm` where package.json has the type `module`, else `cjs`."""
    minify: bool = typed(types.FLAG, default=False)
    """Whether esbuild shortens names and syntax; default: false."""
    source_maps: bool = typed(types.FLAG, default=False)
    """Whether esbuild writes source maps, which Node.js reads with `NODE_OPTIONS=--enable-source-maps` in its environment; default: false."""
    inputs: Words = typed(types.PATHS, default=())
    """Further files and directories of the project that the build reads; workspace members that the package needs, and what its
    tsconfig.json extends, are found; default: none.
    """
    exclude: Words = typed(types.TEXTS, default=())
    """Patterns of files to leave out, in the form of .dockerignore, relative to the source; default: none."""
    environment: Pairs = typed(types.VARIABLES, default=())
    """Variables that the script sees; not kept in the image; default: none."""
    portable: bool = typed(types.FLAG, default=True)
    """Whether the build makes the same for every architecture; false for a script that compiles or copies native code; default: true."""
    registry: str | None = typed(types.URL, default=None)
    """Package registry in place of npm's; credentials go into a build secret; default: npm's."""
    install_scripts: bool = typed(types.FLAG, default=True)
    """Whether the packages' own install scripts run; default: true."""
    build_packages: Words = typed(types.PACKAGES, default=())
    """System packages that the installer needs, such as a compiler; they never reach the final image; default: none."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class RubyDependencies(Step):
    """Ruby gems from Gemfile.lock, with Gemfile beside it, into ``/var/task/vendor/bundle``."""

    default_stability: ClassVar[Stability] = Stability.MONTHLY

    lock: str = typed(types.PATH, kw_only=False)
    """Gemfile.lock."""
    build_packages: Words = typed(types.PACKAGES, default=())
    """System packages that the installer needs, such as a compiler; they never reach the final image; default: none."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class JavaBuild(Step):
    """A Maven or Gradle project; its dependencies and its classes become two layers.

    Dependencies land in ``/var/task/lib``, classes and resources in
    ``/var/task``.  The modules of the same build that the function uses stand
    with its classes, as archives in ``/var/task/lib``.  The step's stability
    is that of the classes.
    """

    default_stability: ClassVar[Stability] = Stability.DAILY

    source: str = typed(types.PATH, kw_only=False)
    """Directory of pom.xml, build.gradle(.kts) or settings.gradle(.kts): the root of the build."""
    module: str | None = typed(types.optional(types.PATH), default=None)
    """Module of the function: its directory within the source, needed for a build of several modules; default: none."""
    tool: str | None = typed(types.optional(types.choice("maven", "gradle")), default=None)
    """Build tool; default: by the file in the directory."""
    builder: Image = typed(types.optional(types.IMAGE), default=None)
    """Image that builds; default: Maven or Gradle with the Java version of the runtime, unless your configuration sets another."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class GoBuild(Step):
    """A Go program, built to ``/var/runtime/bootstrap`` for a ``provided`` runtime."""

    default_stability: ClassVar[Stability] = Stability.DAILY

    source: str = typed(types.PATH, kw_only=False)
    """Directory of go.mod."""
    package: str = typed(types.PATH, default=".")
    """Package of the program, relative to the directory; default: `.`."""
    builder: Image = typed(types.optional(types.IMAGE), default=None)
    """Image that builds; default: golang, from the Docker library on public.ecr.aws, unless your configuration sets another."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class RustBuild(Step):
    """A Rust program, linked statically with musl to ``/var/runtime/bootstrap`` for a ``provided`` runtime."""

    default_stability: ClassVar[Stability] = Stability.DAILY

    source: str = typed(types.PATH, kw_only=False)
    """Directory of Cargo.toml and Cargo.lock: of the workspace, where there is one."""
    binary: str = typed(types.PACKAGE, default="bootstrap")
    """Name of the binary target; default: `bootstrap`."""
    package: str | None = typed(types.optional(types.PACKAGE), default=None)
    """Package of the binary, where several packages of a workspace have one of the name; default: none."""
    builder: Image = typed(types.optional(types.IMAGE), default=None)
    """Image that builds; default: rust on Alpine, from the Docker library on public.ecr.aws, unless your configuration sets another."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class DotnetBuild(Step):
    """A .NET project, published into ``/var/task``."""

    default_stability: ClassVar[Stability] = Stability.DAILY

    source: str = typed(types.PATH, kw_only=False)
    """Directory that holds the project and everything that it references."""
    project: str = typed(types.PATH, default=".")
    """Project file or its directory, relative to the source; default: `.`."""
    builder: Image = typed(types.optional(types.IMAGE), default=None)
    """Image that builds; default: the .NET SDK of the runtime's version, unless your configuration sets another."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


@step_kind
@declared
class Files(Step):
    """Files as they are: models, certificates, static data.

    A directory's contents land in the target.  A file lands at the target, or
    in it when the target ends with a slash.
    """

    default_stability: ClassVar[Stability] = Stability.MONTHLY

    source: str = typed(types.PATH, kw_only=False)
    """File or directory."""
    to: str = typed(types.TARGET)
    """Absolute path in the image."""
    exclude: Words = typed(types.TEXTS, default=())
    """Patterns of files to leave out, in the form of .dockerignore, relative to the source; default: none."""


@step_kind
@declared
class SourceCode(Step):
    """First-party code: the contents of a directory, or one file, into the task root.

    Caches, byte-code and version-control directories are left out by default.
    """

    default_stability: ClassVar[Stability] = Stability.DAILY

    source: str = typed(types.PATH, kw_only=False)
    """File or directory."""
    to: str = typed(types.TARGET, default="/var/task/")
    """Absolute path of the directory in the image; default: `/var/task/`."""
    exclude: Words = typed(types.TEXTS, default=())
    """Patterns of files to leave out, in the form of .dockerignore, relative to the source; default: none."""


@step_kind
@declared
class Command(Step):
    """Arbitrary build commands.

    They run in ``/build``, which holds ``inputs`` at their paths in the
    project, and see what the steps named in ``after`` made at its final place.
    What they write under ``/layer/tree/<final path>`` becomes the layer, or
    with ``layer=False`` is there for later steps alone.  A directory in the
    place of a link of the base, such as ``/lib``, is refused.
    """

    default_stability: ClassVar[Stability] = Stability.WEEKLY

    run: Commands = typed(COMMANDS, kw_only=False)
    """Commands, each a list of arguments."""
    inputs: Words = typed(types.PATHS, default=())
    """Files and directories of the project that the commands read; default: none."""
    environment: Pairs = typed(types.VARIABLES, default=())
    """Variables that the commands see; not kept in the image; default: none."""
    image: Image = typed(types.optional(types.IMAGE), default=None)
    """Image in which the commands run; default: the base image."""
    cache: Words = typed(types.set_of(types.CACHE_DIRECTORY), default=())
    """Absolute paths of directories that the builder keeps for the next build and no layer holds, such as `/root/.cache/pip`; the commands
    must make the same without what is in them; default: none.
    """
    layer: bool = typed(types.FLAG, default=True)
    """Whether what the commands write is a layer of the image; if false, only steps that name this one in `after` find it; default: true."""
    portable: bool = typed(types.FLAG, default=False)
    """Whether the commands make the same for every architecture; then they run on the builder's own, without emulation; default: false."""
    build_packages: Words = typed(types.PACKAGES, default=())
    """System packages that the installer needs, such as a compiler; they never reach the final image; default: none."""
    secrets: Secrets = typed(SECRETS, default=())
    """Build secrets that the step sees and no layer keeps; default: none."""


def to_dict(step: Step) -> dict[str, Any]:
    """The step as plain data, without the fields that hold their default."""
    data: dict[str, Any] = {"kind": step.kind}
    for item in fields(step):
        value = getattr(step, item.name)
        if types.is_written(item, value):
            data[item.name] = item.metadata["type"].write(value)
    return data
