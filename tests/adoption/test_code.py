"""Which directories hold the code of a function, by their files alone."""

from __future__ import annotations

import pytest

from optimizer.adoption.code import FunctionCode, survey
from optimizer.adoption.handlers import entries, may_define

PYTHON = "def handler(event, context):\n    return 1\n"
JAVA = "package com.shop;\n\npublic class {0} implements RequestHandler<Map<String, String>, String> {{}}\n"
GO = "package main\n\nfunc main() {\n\tlambda.Start(handle)\n}\n"


def functions(files: dict[str, str], **options: object) -> list[FunctionCode]:
    return list(survey(files, files.get, **options).functions)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "text", "handlers"),
    [
        ("a/app.py", PYTHON, ["app.handler"]),
        ("a/app.py", "def main(event: dict, context: object) -> int: ...\n", ["app.main"]),
        ("a/app.py", "def _read(event, _): ...\ndef lambda_handler(event, _context): ...\n", ["app.lambda_handler", "app._read"]),
        ("a/app.py", "handler = Mangum(app)\n", ["app.handler"]),
        ("a/app.py", "lambda_handler: Handler = make()\n", ["app.lambda_handler"]),
        ("a/app.py", "    def handler(self, event, context): ...\n", []),
        ("a/app.py", "def process(item, other): ...\nif handler == 1: ...\n", []),
        ("a/app.py", "async def handler(event, context): ...\n", []),
        ("a/index.js", "exports.handler = async () => 1;\n", ["index.handler"]),
        ("a/index.cjs", "module.exports.lambdaHandler = () => 1\n", ["index.lambdaHandler"]),
        ("a/index.mjs", "export const handler = async (event) => 1;\n", ["index.handler"]),
        ("a/index.ts", "export const handler: Handler = async () => 1;\n", ["index.handler"]),
        ("a/index.mjs", "export async function handler(event) {}\n", ["index.handler"]),
        ("a/index.mjs", "export const helper = 1;\nconst handler = 2;\n", []),
        ("a/app.rb", "def handler(event:, context:)\nend\n", ["app.handler"]),
        ("a/app.rb", "module Shop\n  def self.process(event:, context:)\n  end\nend\n", ["app.Shop.process"]),
        ("A.java", JAVA.format("Pay"), ["com.shop.Pay::handleRequest"]),
        ("A.kt", "package com.shop\n\nclass Pay : RequestHandler<String, String> {}\n", ["com.shop.Pay::handleRequest"]),
        ("A.java", "class Pay implements Runnable {}\n", []),
        ("main.go", GO, ["bootstrap"]),
        ("main.go", GO.replace("main\n", "other\n", 1), []),
        ("Cargo.toml", '[package]\nname = "x"\n[dependencies]\nlambda_runtime = "0.13"\n', ["bootstrap"]),
        ("Cargo.toml", '[package]\nname = "x"\n', []),
        ("a.csproj", '<PackageReference Include="Amazon.Lambda.Core" />', [""]),
    ],
)
def test_handlers_by_the_text(path: str, text: str, handlers: list[str]) -> None:
    assert [entry.handler for entry in entries(path, text)] == handlers


@pytest.mark.parametrize(
    "path",
    [
        "tests/test_app.py",
        "a/test_app.py",
        "a/app_test.py",
        "a/__tests__/index.js",
        "a/index.test.ts",
        "a/main_test.go",
        "src/test/java/A.java",
        "dist/index.js",
        "a/target/classes/A.java",
        ".optimizer/a/app.py",
        "types.d.ts",
        "README.md",
        "spec/app_spec.rb",
    ],
)
def test_tests_and_outputs_are_no_functions(path: str) -> None:
    assert not may_define(path)


class TestDirectories:
    def test_of_python_it_is_that_of_the_file(self) -> None:
        (code,) = functions({"fn/api/src/app.py": PYTHON, "fn/api/requirements.txt": ""})
        assert (code.directory, code.name, code.to) == ("fn/api/src", "api", "/var/task/")

    def test_a_directory_that_says_nothing_names_no_function(self) -> None:
        (code,) = functions({"src/app.py": PYTHON})
        assert (code.directory, code.name) == ("src", "")

    def test_a_module_of_a_package_keeps_its_package(self) -> None:
        (code,) = functions({"fn/shop/app.py": "from .db import read\n" + PYTHON, "fn/shop/db.py": ""})
        assert (code.directory, code.to, code.handlers) == ("fn/shop", "/var/task/shop/", ("shop.app.handler",))

    def test_of_nodejs_it_is_that_of_the_package(self) -> None:
        (code,) = functions({"fn/package.json": "{}", "fn/src/pay/index.mjs": "export const handler = 1;\n"})
        assert (code.directory, code.handlers, code.manifest) == ("fn", ("src/pay/index.handler",), "fn/package.json")

    def test_of_typescript_the_compiled_file_is_meant(self) -> None:
        (code,) = functions({"fn/package.json": "{}", "fn/src/index.ts": "export const handler = 1;\n"})
        assert (code.directory, code.handlers) == ("fn", ("index.handler",))

    def test_a_package_that_holds_others_together_is_none(self) -> None:
        files = {"package.json": '{"workspaces": ["fn/*"]}', "fn/a/index.mjs": "export const handler = 1;\n", "fn/a/package.json": "{}"}
        assert [code.directory for code in functions(files)] == ["fn/a"]

    def test_a_shared_package_above_leaves_each_its_directory(self) -> None:
        files = {"package.json": "{}", "fn/a/index.mjs": "export const handler = 1;\n", "fn/b/index.mjs": "export const handler = 1;\n"}
        assert [(code.directory, code.manifest) for code in functions(files)] == [("fn/a", "package.json"), ("fn/b", "package.json")]

    def test_of_java_it_is_that_of_the_build(self) -> None:
        path = "fn/src/main/java/com/shop"
        (code,) = functions({"fn/pom.xml": "", f"{path}/Pay.java": JAVA.format("Pay"), f"{path}/Refund.java": JAVA.format("Refund")})
        assert (code.directory, code.handlers) == ("fn", ("com.shop.Pay::handleRequest", "com.shop.Refund::handleRequest"))

    def test_of_dotnet_the_tools_of_aws_name_the_handler(self) -> None:
        files = {"fn/Pay.csproj": "Amazon.Lambda.Core", "fn/aws-lambda-tools-defaults.json": '{"function-handler": "Pay::Pay.F::Run"}'}
        (code,) = functions(files)
        assert (code.directory, code.handlers, code.manifest) == ("fn", ("Pay::Pay.F::Run",), "fn/Pay.csproj")

    def test_the_program_of_an_app_is_none(self) -> None:
        assert functions({"cdk.json": "{}", "app.py": "import aws_cdk\n", "requirements.txt": ""}, apps={"."}) == []

    def test_files_with_customary_names_come_first(self) -> None:
        (code,) = functions({"fn/alpha.py": PYTHON, "fn/app.py": PYTHON})
        assert code.handlers == ("app.handler", "alpha.handler")


class TestNoHandler:
    def test_the_files_of_one_language_are_enough_at_the_top(self) -> None:
        assert functions({"go.mod": "", "lib.go": ""}) == [FunctionCode(directory=".", language="Go", manifest="go.mod")]
        assert functions({"script.py": ""}) == [FunctionCode(directory=".", language="Python")]

    def test_those_of_two_are_open(self) -> None:
        assert survey(["package.json", "Gemfile"], {}.get).open == ((".", ("Node.js", "Ruby")),)

    def test_manifests_beside_functions_are_quiet(self) -> None:
        files = {"fn/app.py": PYTHON, "lib/pyproject.toml": "[project]\n", "lib/uv.lock": "", "fn/package.json": "{}"}
        assert survey(files, files.get).quiet == ("lib/pyproject.toml",)

    def test_other_languages_are_known_by_name(self) -> None:
        assert survey(["web/composer.json", "x/Package.swift"], {}.get).unknown == (
            ("web/composer.json", "PHP"),
            ("x/Package.swift", "Swift"),
        )
