"""What lock files and manifests of Ruby, Java, Go and Rust name in the project is in the image, and works there."""

from __future__ import annotations

import functools
import http.server
import os
import shutil
import subprocess
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from optimizer import GoBuild, ImageSpec, JavaBuild, Lock, RubyDependencies, RustBuild, SourceCode, plan
from optimizer.bases.catalogue import base_image
from optimizer.bases.mirror import Mirror
from optimizer.builders.docker.context import build_context, stage_context
from optimizer.model.steps import Step
from optimizer.project.files import Project
from tests.engine.planned import pinned
from tests.engine.services import invoke
from tests.patience import PATIENCE_S

ROOT = Path(__file__).parents[2]
PROJECTS = Path(__file__).parent / "projects"
RUNTIMES = ("java21", "ruby3.3", "provided.al2023")
BUILDERS = ("maven:3.9-amazoncorretto-21", "gradle:8-jdk21", "golang:1.25", "rust:1-alpine")
TIMEOUT_S = 600


@pytest.fixture(scope="module")
def lock(registry: str, tmp_path_factory: pytest.TempPathFactory) -> Lock:
    path = tmp_path_factory.mktemp("native") / "optimizer.lock"
    images = [str(base_image(runtime).reference) for runtime in RUNTIMES]
    images += [f"public.ecr.aws/docker/library/{name}" for name in BUILDERS]
    return pinned(registry, path, *images)


class Builder:
    """Builds images of one project, and runs them."""

    def __init__(self, registry: str, lock: Lock, directory: Path) -> None:
        self.root = directory / "project"
        self._staged = directory / "staged"
        self._mirror = Mirror.parse(registry)
        self._lock = lock

    def write(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")

    def build(self, runtime: str, *steps: Step) -> str:
        made = plan(ImageSpec(runtime=runtime, steps=steps), self._lock, root=self.root, mirror=self._mirror)
        project = Project(self.root)
        context = stage_context(build_context(made, project), project, self._staged)
        # Not --quiet, which keeps to itself what a command printed before it failed.
        identity = self._staged / "image"
        argv = ["docker", "build", "--network", "host", "--progress", "plain", "--iidfile", str(identity), str(context)]
        result = subprocess.run(argv, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
        assert result.returncode == 0, result.stderr
        return identity.read_text(encoding="utf-8").strip()

    def program(self, *steps: Step) -> str:
        """What the program of the image prints."""
        image = self.build("provided.al2023", *steps)
        return run(image, "/var/runtime/bootstrap")


def run(image: str, program: str, *arguments: str) -> str:
    argv = ["docker", "run", "--rm", "--network", "none", "--read-only", "--entrypoint", program, image, *arguments]
    result = subprocess.run(argv, capture_output=True, text=True, timeout=PATIENCE_S, check=False)
    assert result.returncode == 0, result.stderr
    return result.stdout + result.stderr


def layers(image: str) -> list[str]:
    argv = ["docker", "image", "inspect", "--format", '{{join .RootFS.Layers " "}}', image]
    return subprocess.run(argv, capture_output=True, text=True, check=True, timeout=PATIENCE_S).stdout.split()


@pytest.fixture
def builder(registry: str, lock: Lock, tmp_path: Path) -> Builder:
    return Builder(registry, lock, tmp_path)


@pytest.mark.parametrize("tool", ["maven", "gradle"])
def test_a_module_has_its_libraries_and_its_siblings(tool: str, builder: Builder) -> None:
    """A Gradle build of several projects gave an image without libraries, and no word."""
    shutil.copytree(PROJECTS / f"{tool}-modules", builder.root)
    step = JavaBuild(".", tool=tool, module="functions/invoice", name="invoice")
    image = builder.build("java21", step)
    assert invoke(image, "shop.Handler::handle", {"name": "shop"}) == '{"greeting":"Hello, shop"}'
    names = run(image, "ls", "/var/task/lib").split()
    assert [name for name in names if name.startswith("gson")] == ["gson-2.10.1.jar"] and "shared.jar" in names
    greeting = builder.root / "shared/src/main/java/shop/shared/Greeting.java"
    greeting.write_text(greeting.read_text().replace("Hello", "Good day"))
    edited = builder.build("java21", step)
    assert invoke(edited, "shop.Handler::handle", {"name": "shop"}) == '{"greeting":"Good day, shop"}'
    assert [one == other for one, other in zip(layers(image), layers(edited), strict=True)][-2:] == [True, False]


def test_a_pom_finds_its_parent_above(builder: Builder) -> None:
    shutil.copytree(PROJECTS / "maven-modules", builder.root)
    image = builder.build("java21", JavaBuild("shared", name="shared"))
    assert "gson-2.10.1.jar" in run(image, "ls", "/var/task/lib").split()
    assert run(image, "ls", "/var/task/shop/shared").split() == ["Greeting.class"]


def test_maven_has_its_options_and_a_repository_of_the_project(builder: Builder, tmp_path: Path) -> None:
    """The options of a build stand in the nearest ``.mvn`` above, which Maven looks for."""
    shutil.copytree(PROJECTS / "maven-modules", builder.root)
    shutil.make_archive(str(tmp_path / "stock"), "zip", PROJECTS / "ruby")
    place = builder.root / "shared/repository/shop/stock/1.0.0"
    place.mkdir(parents=True)
    (tmp_path / "stock.zip").rename(place / "stock-1.0.0.jar")
    stock = "<groupId>shop</groupId><artifactId>stock</artifactId><version>1.0.0</version>"
    pom = (builder.root / "shared/pom.xml").read_text()
    repository = "<repositories><repository><id>own</id><url>file://${project.basedir}/repository</url></repository></repositories>"
    pom = pom.replace("<dependencies>", f"{repository}<dependencies><dependency>{stock.replace('1.0.0', '${stock}')}</dependency>")
    builder.write(
        {
            "shared/pom.xml": pom,
            "shared/repository/shop/stock/1.0.0/stock-1.0.0.pom": f"<project><modelVersion>4.0.0</modelVersion>{stock}</project>\n",
            # The stand-in's Maven is offline, and files are no exception.
            ".mvn/maven.config": "-Dstock=1.0.0\n-Daether.offline.protocols=file\n",
        }
    )
    image = builder.build("java21", JavaBuild("shared", name="shared"))
    assert run(image, "ls", "/var/task/lib").split() == ["gson-2.10.1.jar", "stock-1.0.0.jar"]


def test_gradle_fails_where_an_archive_is_not_there(builder: Builder) -> None:
    """Gradle itself leaves a file out that is not there, and says nothing."""
    shutil.copytree(PROJECTS / "gradle", builder.root)
    script = builder.root / "build.gradle"
    script.write_text(
        script.read_text().replace("dependencies {", "def name = 'libs/stock'\ndependencies {\n    compile files(name + '.jar')")
    )
    with pytest.raises(AssertionError, match=r"the build files name archives that are not there: /build/libs/stock.jar"):
        builder.build("java21", JavaBuild(".", tool="gradle", name="shop"))


def test_an_archive_of_the_project_is_a_library(builder: Builder, tmp_path: Path) -> None:
    shutil.copytree(PROJECTS / "gradle", builder.root)
    shutil.make_archive(str(tmp_path / "stock"), "zip", PROJECTS / "ruby")
    (builder.root / "libs").mkdir()
    (tmp_path / "stock.zip").rename(builder.root / "libs" / "stock.jar")
    script = builder.root / "build.gradle"
    script.write_text(script.read_text().replace("dependencies {", "dependencies {\n    compile files('libs/stock.jar')"))
    image = builder.build("java21", JavaBuild(".", tool="gradle", name="shop"))
    assert run(image, "ls", "/var/task/lib").split() == ["gson-2.10.1.jar", "stock.jar"]


COMPOSITE = {
    "functions/invoice/settings.gradle": "rootProject.name = 'invoice'\n\nincludeBuild '../../money'\n",
    "functions/invoice/build.gradle": 'apply from: "../../gradle/java.gradle"\n\n'
    "dependencies {\n    compile 'shop:money:1.0.0'\n    compile Libraries.GSON\n}\n",
    "functions/invoice/buildSrc/src/main/java/Libraries.java": "public final class Libraries {\n"
    '    public static final String GSON = "com.google.code.gson:gson:2.10.1";\n}\n',
    "functions/invoice/src/main/java/shop/Handler.java": "package shop;\n\nimport com.google.gson.Gson;\nimport java.util.Map;\n"
    "import shop.money.Money;\n\npublic final class Handler {\n    public String handle(Map<String, Object> event) {\n"
    '        return new Gson().toJson(Map.of("price", Money.of((Integer) event.get("price"))));\n    }\n}\n',
    "gradle/java.gradle": "apply plugin: 'java'\n\nsourceCompatibility = 11\n",
    "money/settings.gradle": "rootProject.name = 'money'\n",
    "money/build.gradle": "apply from: '../gradle/java.gradle'\n\ngroup = 'shop'\nversion = '1.0.0'\n",
    "money/src/main/java/shop/money/Money.java": "package shop.money;\n\npublic final class Money {\n"
    '    public static String of(int cents) {\n        return String.format("%d.%02d", cents / 100, cents % 100);\n    }\n}\n',
}


def test_gradle_has_an_included_build_its_own_plugins_and_scripts_beside_the_source(builder: Builder) -> None:
    builder.write(COMPOSITE)
    image = builder.build("java21", JavaBuild("functions/invoice", tool="gradle", name="invoice"))
    assert run(image, "ls", "/var/task/lib").split() == ["gson-2.10.1.jar", "money.jar"]
    assert invoke(image, "shop.Handler::handle", {"price": 1250}) == '{"price":"12.50"}'


MAIN_GO = 'package main\n\nimport "example.com/greeting"\n\nfunc main() { println(greeting.To("shop")) }\n'
GREETING_GO = {
    "greeting/go.mod": "module example.com/greeting\n\ngo 1.24\n",
    "greeting/greeting.go": 'package greeting\n\nfunc To(name string) string { return "Hello, " + name }\n',
}
REPLACING = "module example.com/api\n\ngo 1.24\n\nrequire example.com/greeting v0.0.0\n\nreplace example.com/greeting => "


def test_go_replaces_a_module_by_a_directory_beside_the_source(builder: Builder) -> None:
    builder.write({**GREETING_GO, "functions/api/go.mod": f"{REPLACING}../../greeting\n", "functions/api/main.go": MAIN_GO})
    assert builder.program(GoBuild("functions/api")) == "Hello, shop\n"


def test_go_builds_the_root_of_a_project(builder: Builder) -> None:
    """``./go.mod`` stood in the context beside ``go.mod``; the rest of a project's root is in nobody's way."""
    builder.write(
        {
            **GREETING_GO,
            "go.mod": f"{REPLACING}./greeting\n",
            "cmd/api/main.go": MAIN_GO,
            "Dockerfile": "FROM scratch\n",
            ".dockerignore": "*\n",
            "cdk.out/manifest.json": "{}",
            "optimizer.toml": "",
            "optimizer.lock": "version = 1\n",
        }
    )
    (builder.root / ".venv" / "bin").mkdir(parents=True)
    (builder.root / ".venv" / "bin" / "python").symlink_to("/usr/bin/python3")
    assert builder.program(GoBuild(".", package="cmd/api")) == "Hello, shop\n"


def test_go_builds_a_module_of_a_workspace(builder: Builder) -> None:
    builder.write(
        {
            **GREETING_GO,
            "go.work": "go 1.24\n\nuse (\n\t./functions/api // the function\n\t./greeting\n)\n",
            "functions/api/go.mod": "module example.com/api\n\ngo 1.24\n",
            "functions/api/main.go": MAIN_GO,
        }
    )
    assert builder.program(GoBuild("functions/api")) == "Hello, shop\n"


def test_go_builds_from_a_vendor_directory_without_a_download(builder: Builder) -> None:
    """``go mod download`` ran first, and needed a network for what stands in the project."""
    builder.write(
        {
            "api/go.mod": "module example.com/api\n\ngo 1.24\n\nrequire example.invalid/greeting v1.0.0\n",
            "api/main.go": MAIN_GO.replace("example.com", "example.invalid"),
            "api/vendor/modules.txt": "# example.invalid/greeting v1.0.0\n## explicit; go 1.24\nexample.invalid/greeting\n",
            "api/vendor/example.invalid/greeting/greeting.go": GREETING_GO["greeting/greeting.go"],
        }
    )
    assert builder.program(GoBuild("api")) == "Hello, shop\n"


def test_go_builds_from_the_vendor_directory_of_a_workspace(builder: Builder) -> None:
    """Its modules at a path are read where they stand; the others in the directory beside ``go.work``."""
    builder.write(
        {
            **GREETING_GO,
            "go.work": "go 1.24\n\nuse (\n\t./functions/api\n\t./greeting\n)\n",
            "functions/api/go.mod": "module example.com/api\n\ngo 1.24\n\nrequire example.invalid/name v1.0.0\n",
            "functions/api/main.go": 'package main\n\nimport (\n\t"example.com/greeting"\n\t"example.invalid/name"\n)\n\n'
            "func main() { println(greeting.To(name.Shop)) }\n",
            "vendor/modules.txt": "## workspace\n# example.invalid/name v1.0.0\n## explicit; go 1.24\nexample.invalid/name\n",
            "vendor/example.invalid/name/name.go": 'package name\n\nconst Shop = "shop"\n',
        }
    )
    assert builder.program(GoBuild("functions/api")) == "Hello, shop\n"


def test_cargo_finds_a_package_beside_the_source(builder: Builder) -> None:
    builder.write(
        {
            "Cargo.toml": '[workspace]\nmembers = ["greeting"]\nexclude = ["functions"]\n\n[workspace.package]\nedition = "2021"\n',
            "greeting/Cargo.toml": '[package]\nname = "greeting"\nversion = "1.0.0"\nedition.workspace = true\n',
            "greeting/src/lib.rs": 'pub fn to(name: &str) -> String { format!("Hello, {name}") }\n',
            "functions/api/Cargo.toml": '[package]\nname = "bootstrap"\nversion = "1.0.0"\nedition = "2021"\n\n'
            '[dependencies]\ngreeting = { path = "../../greeting" }\n',
            "functions/api/Cargo.lock": 'version = 3\n\n[[package]]\nname = "bootstrap"\nversion = "1.0.0"\ndependencies = [\n "greeting",\n]\n\n'
            '[[package]]\nname = "greeting"\nversion = "1.0.0"\n',
            "functions/api/src/main.rs": 'fn main() { println!("{}", greeting::to("shop")); }\n',
            "functions/api/rust-toolchain.toml": '[toolchain]\nchannel = "1.70.0"\n',
        }
    )
    assert builder.program(RustBuild("functions/api")) == "Hello, shop\n"


def test_cargo_patches_a_crate_by_a_package_that_takes_values_of_its_workspace(builder: Builder) -> None:
    package = '[[package]]\nname = "{}"\nversion = "1.0.0"\n'
    builder.write(
        {
            "Cargo.toml": '[workspace]\nmembers = ["crates/*"]\nexclude = ["functions"]\n\n[workspace.package]\nedition = "2021"\n\n'
            '[workspace.lints.rust]\nunsafe_code = "forbid"\n\n[workspace.dependencies]\nwords = { path = "crates/words" }\n',
            "crates/fnv/Cargo.toml": '[package]\nname = "fnv"\nversion = "1.0.0"\nedition.workspace = true\n\n'
            "[dependencies]\nwords.workspace = true\n",
            "crates/fnv/src/lib.rs": 'pub fn greeting() -> String { format!("{}, shop", words::HELLO) }\n',
            "crates/words/Cargo.toml": '[package]\nname = "words"\nversion = "1.0.0"\n\n[lints]\nworkspace = true\n',
            "crates/words/src/lib.rs": 'pub const HELLO: &str = "Hello";\n',
            "functions/api/Cargo.toml": '[package]\nname = "bootstrap"\nversion = "1.0.0"\nedition = "2021"\n\n'
            '[dependencies]\nfnv = "1"\n\n[patch.crates-io]\nfnv = { path = "../../crates/fnv" }\n',
            "functions/api/Cargo.lock": "version = 3\n\n"
            + package.format("bootstrap")
            + 'dependencies = [\n "fnv",\n]\n\n'
            + package.format("fnv")
            + 'dependencies = [\n "words",\n]\n\n'
            + package.format("words"),
            "functions/api/src/main.rs": 'fn main() { println!("{}", fnv::greeting()); }\n',
        }
    )
    assert builder.program(RustBuild("functions/api")) == "Hello, shop\n"


def test_cargo_builds_one_of_two_members_with_a_binary_of_one_name(builder: Builder) -> None:
    lock = 'version = 3\n\n[[package]]\nname = "api"\nversion = "1.0.0"\n\n[[package]]\nname = "jobs"\nversion = "1.0.0"\n'
    files = {"Cargo.toml": '[workspace]\nmembers = ["functions/*"]\nresolver = "2"\n', "Cargo.lock": lock}
    for name in ("api", "jobs"):
        binary = '[[bin]]\nname = "bootstrap"\npath = "src/main.rs"\n'
        files[f"functions/{name}/Cargo.toml"] = f'[package]\nname = "{name}"\nversion = "1.0.0"\nedition = "2021"\n\n{binary}'
        files[f"functions/{name}/src/main.rs"] = f'fn main() {{ println!("{name}"); }}\n'
    builder.write(files)
    assert builder.program(RustBuild(".", package="jobs")) == "jobs\n"
    assert builder.program(RustBuild(".", package="api")) == "api\n"


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """A git repository with a gem: its URL and its revision."""
    directory = tmp_path_factory.mktemp("git")
    work = directory / "work"
    (work / "lib").mkdir(parents=True)
    (work / "lib" / "discount.rb").write_text("module Discount\n  PERCENT = 10\nend\n")
    (work / "discount.gemspec").write_text(gemspec("discount"))
    author = {
        f"GIT_{role}_{field}": value for role in ("AUTHOR", "COMMITTER") for field, value in (("NAME", "n"), ("EMAIL", "e@example.com"))
    }
    git = functools.partial(subprocess.run, check=True, timeout=PATIENCE_S, capture_output=True, text=True, env={**os.environ, **author})
    for words in (["init"], ["add", "."], ["commit", "--message", "A gem"]):
        git(["git", "-C", str(work), *words])
    git(["git", "clone", "--bare", str(work), str(directory / "discount.git")])
    git(["git", "-C", str(directory / "discount.git"), "update-server-info"])
    revision = git(["git", "-C", str(work), "rev-parse", "HEAD"]).stdout.strip()
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(directory))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/discount.git", revision
    server.shutdown()
    server.server_close()


def gemspec(name: str) -> str:
    return (
        f'Gem::Specification.new do |spec|\n  spec.name = "{name}"\n  spec.version = "1.0.0"\n  spec.summary = "A gem"\n'
        '  spec.authors = ["the shop"]\n  spec.files = Dir["lib/**/*.rb"]\nend\n'
    )


HANDLER_RB = """\
require "bundler/setup"
require "money"
require "discount"
require "standin_greeting"

def handler(event:, context:)
  { price: Money.of(event["price"]), percent: Discount::PERCENT, greeting: StandinGreeting.to("shop") }
end
"""


def test_bundler_has_gems_at_a_path_and_from_git(registry: str, builder: Builder, repository: tuple[str, str]) -> None:
    url, revision = repository
    base = f"{registry}/lambda/ruby:3.3"
    # Else the first run would print how the image is pulled.
    subprocess.run(["docker", "pull", "--quiet", base], capture_output=True, timeout=TIMEOUT_S, check=True)
    version = run(base, "ruby", "-e", "print RUBY_VERSION")
    builder.write(
        {
            "functions/api/.ruby-version": f"ruby-{version}\n",
            ".ruby-version": "ruby-3.3.8\n",
            "functions/api/Gemfile": 'source "https://rubygems.org"\nruby file: ".ruby-version"\n\neval_gemfile "Gemfile.shared"\n\n'
            f'gem "money", path: "../../gems/money"\ngem "discount", git: "{url}"\n',
            "functions/api/Gemfile.shared": 'gem "standin-greeting", "1.0.0"\n',
            "functions/api/Gemfile.lock": f"GIT\n  remote: {url}\n  revision: {revision}\n  specs:\n    discount (1.0.0)\n\n"
            "PATH\n  remote: ../../gems/money\n  specs:\n    money (1.0.0)\n\n"
            "GEM\n  remote: https://rubygems.org/\n  specs:\n    standin-greeting (1.0.0)\n\n"
            "PLATFORMS\n  ruby\n\nDEPENDENCIES\n  discount!\n  money!\n  standin-greeting (= 1.0.0)\n\nBUNDLED WITH\n   2.6.7\n",
            "functions/api/app.rb": HANDLER_RB,
            "gems/money/money.gemspec": 'require_relative "lib/money/version"\n' + gemspec("money").replace('"1.0.0"', "Money::VERSION"),
            "gems/money/lib/money/version.rb": 'module Money\n  VERSION = "1.0.0"\nend\n',
            "gems/money/lib/money.rb": 'module Money\n  def self.of(cents) = format("%.2f", cents / 100.0)\nend\n',
        }
    )
    steps = (RubyDependencies("functions/api/Gemfile.lock", name="gems"), SourceCode("functions/api", exclude=["Gemfile*"], name="code"))
    image = builder.build("ruby3.3", *steps)
    assert invoke(image, "app.handler", {"price": 1250}) == {"price": "12.50", "percent": 10, "greeting": "Hello, shop"}
    gem = builder.root / "gems/money/lib/money.rb"
    gem.write_text(gem.read_text().replace("%.2f", "%.2f EUR"))
    edited = builder.build("ruby3.3", *steps)
    assert invoke(edited, "app.handler", {"price": 1250})["price"] == "12.50 EUR"
    changed = [one != other for one, other in zip(layers(image), layers(edited), strict=True)]
    assert changed.count(True) == 1
