"""`optimizer lsp`, driven over its standard streams as an editor does."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from optimizer.linting.conventions import Conventions
from optimizer.linting.engine import lint
from optimizer.linting.rules import RULES
from optimizer.linting.subjects import DockerfileSubject
from optimizer.report.rules import rule_page
from optimizer.version import VERSION
from tests.language_client import LanguageClient
from tests.linting.cases import TODAY

ROOT = Path(__file__).parents[2]
BASE = f"public.ecr.aws/lambda/python:3.13@sha256:{'0' * 64}"
CLEAN = f'FROM {BASE}\nCMD ["app.handler"]\n'
PORT = CLEAN + "EXPOSE 80\n"
NON_ASCII = f'FROM {BASE}\nRUN echo "é😀" && dnf install -y jq\nCMD ["app.handler"]\n'
CREATES = {"workspace": {"workspaceEdit": {"documentChanges": True, "resourceOperations": ["create"]}}}


@pytest.fixture
def client(tmp_path: Path) -> Iterator[LanguageClient]:
    with LanguageClient([sys.executable, "-m", "optimizer", "lsp", "--stdio"], tmp_path, {"PYTHONPATH": str(ROOT)}) as client:
        yield client


class Buffer:
    """A file in an editor: its text is the editor's, whatever is on the disk."""

    def __init__(self, client: LanguageClient, path: Path, text: str, language: str = "dockerfile") -> None:
        self.client, self.uri, self.text, self.version = client, path.as_uri(), text, 1
        client.open(self.uri, text, language)

    def rules(self) -> list[str | None]:
        """The ids of what is shown for the text as it is now, in order."""
        return [item.get("code") for item in self.diagnostics()]

    def diagnostics(self) -> list[dict[str, Any]]:
        return self.client.published(self.uri, lambda _: self.client.versions.get(self.uri) == self.version)

    def type(self, line: int, character: int, text: str, *, end: tuple[int, int] | None = None) -> None:
        """Put the text in place of what is between two places, as a keystroke does."""
        self.version += 1
        first = {"line": line, "character": character}
        last = first if end is None else {"line": end[0], "character": end[1]}
        change = {"range": {"start": first, "end": last}, "text": text}
        self.text = applied(self.text, [{"range": change["range"], "newText": text}])
        identifier = {"uri": self.uri, "version": self.version}
        self.client.notify("textDocument/didChange", {"textDocument": identifier, "contentChanges": [change]})

    def actions(self, line: int, only: list[str] | None = None) -> dict[str, dict[str, Any]]:
        """What can be done about a line, by title, for a cursor at its start."""
        place = {"line": line, "character": 0}
        context = {"diagnostics": [], **({"only": only} if only else {})}
        given = {"textDocument": {"uri": self.uri}, "range": {"start": place, "end": place}, "context": context}
        return {item["title"]: item for item in self.client.request("textDocument/codeAction", given)}

    def apply(self, action: dict[str, Any]) -> None:
        """Let the editor make the change of an action in this file."""
        (edits,) = action["edit"]["changes"].values()
        assert list(action["edit"]["changes"]) == [self.uri]
        for edit in reversed(edits):
            start, end = edit["range"]["start"], edit["range"]["end"]
            self.type(start["line"], start["character"], edit["newText"], end=(end["line"], end["character"]))

    def hover(self, line: int, character: int) -> str | None:
        place = {"line": line, "character": character}
        answer = self.client.request("textDocument/hover", {"textDocument": {"uri": self.uri}, "position": place})
        return answer and answer["contents"]["value"]


def applied(text: str, edits: list[dict[str, Any]]) -> str:
    """The text after edits, with columns in UTF-16 as the protocol has them."""

    def offset(place: dict[str, int]) -> int:
        lines = text.split("\n")
        before = sum(len(line) + 1 for line in lines[: place["line"]])
        line = lines[place["line"]] if place["line"] < len(lines) else ""
        return before + len(line.encode("utf-16-le")[: 2 * place["character"]].decode("utf-16-le"))

    for edit in sorted(edits, key=lambda edit: -offset(edit["range"]["start"])):
        start, end = offset(edit["range"]["start"]), offset(edit["range"]["end"])
        text = text[:start] + edit["newText"] + text[end:]
    return text


class TestTyping:
    """Requirement: "diagnostics while typing (open/change/save, from the buffer's text not the disk)"."""

    def test_what_is_typed_is_judged_and_not_what_is_saved(self, client: LanguageClient, tmp_path: Path) -> None:
        (tmp_path / "Dockerfile").write_text(f"FROM {BASE}\nUSER 1000\n")
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", CLEAN)
        assert buffer.rules() == []
        buffer.type(1, 0, "USER 1000\n")
        (found,) = buffer.diagnostics()
        assert (found["code"], found["severity"], found["source"]) == ("LIO602", 2, "optimizer")
        assert found["message"] == 'user-set: the image sets the user "1000"\nfix: remove USER, and make every file readable by all'
        assert found["range"] == {"start": {"line": 1, "character": 0}, "end": {"line": 1, "character": 9}}
        buffer.type(1, 0, "", end=(2, 0))
        assert buffer.rules() == []
        assert client.end() == 0

    def test_a_closed_file_has_no_findings(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
        assert buffer.rules() == ["LIO601"]
        client.notify("textDocument/didClose", {"textDocument": {"uri": buffer.uri}})
        assert client.published(buffer.uri, lambda found: not found) == []

    def test_a_save_reads_the_files_around_anew(self, client: LanguageClient, tmp_path: Path) -> None:
        """`optimizer.toml` may have changed, or an ignore file."""
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
        assert buffer.rules() == ["LIO601"]
        (tmp_path / "optimizer.toml").write_text('[conventions]\nignore = ["LIO601"]\n')
        client.notify("textDocument/didSave", {"textDocument": {"uri": buffer.uri}})
        assert client.published(buffer.uri, lambda found: not found) == []

    def test_files_of_other_kinds_are_left_alone(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        Buffer(client, tmp_path / "compose.yaml", "services: {}\n", "yaml")
        client.open("untitled:Untitled-1", PORT, "dockerfile")
        last = Buffer(client, tmp_path / "any.docker", PORT)
        assert last.rules() == ["LIO601"], "what the editor takes for a Dockerfile is one"
        assert list(client.diagnostics) == [last.uri]
        assert client.logged == []


class TestPlaces:
    def test_what_is_not_ascii_before_a_finding_moves_it_by_units_of_utf_16(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", NON_ASCII)
        (found,) = (item for item in buffer.diagnostics() if item["code"] == "LIO204")
        line = NON_ASCII.splitlines()[1]
        start = len(line[: line.index("dnf")].encode("utf-16-le")) // 2
        assert (start, line.index("dnf")) == (18, 17), "the case is one"
        assert (found["range"]["start"]["character"], found["range"]["end"]["character"]) == (start, start + len("dnf install -y jq"))
        buffer.apply(buffer.actions(1)["LIO204: " + fix_title("LIO204", NON_ASCII)])
        assert 'RUN echo "é😀" && dnf install -y jq && dnf clean all\n' in buffer.text
        assert "LIO204" not in buffer.rules()

    def test_a_client_that_prefers_another_encoding_gets_it(self, client: LanguageClient, tmp_path: Path) -> None:
        capabilities = {"general": {"positionEncodings": ["utf-8", "utf-16"]}}
        assert client.initialize(tmp_path, capabilities=capabilities)["positionEncoding"] == "utf-8"
        buffer = Buffer(client, tmp_path / "Dockerfile", NON_ASCII)
        (found,) = (item for item in buffer.diagnostics() if item["code"] == "LIO204")
        assert found["range"]["start"]["character"] == 17 + 1 + 3


def fix_title(rule: str, text: str) -> str:
    """The title of the fix that lint has for the rule."""
    findings = lint([DockerfileSubject.of(text)], Conventions(today=TODAY)).findings
    (fix,) = (finding.fix for finding in findings if finding.rule == rule)
    assert fix is not None
    return fix.title


class TestActions:
    """Requirement: "with the same rules in a Dockerfile, a fix applied by a client"."""

    def test_a_client_applies_a_fix_and_has_what_lint_makes(self, client: LanguageClient, tmp_path: Path) -> None:
        path = tmp_path / "Dockerfile"
        path.write_text(PORT)
        client.initialize(tmp_path)
        buffer = Buffer(client, path, PORT)
        action = buffer.actions(2)["LIO601: " + fix_title("LIO601", PORT)]
        assert (action["kind"], action["isPreferred"], action["diagnostics"]) == ("quickfix", True, buffer.diagnostics())
        buffer.apply(action)
        assert buffer.rules() == []
        subprocess.run([sys.executable, "-m", "optimizer", "lint", "--fix", str(path)], cwd=ROOT, capture_output=True, check=True)
        assert buffer.text == path.read_text() == CLEAN

    def test_one_action_applies_every_safe_fix(self, client: LanguageClient, tmp_path: Path) -> None:
        """Editors run it when a file is saved, where they are told to."""
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT + "STOPSIGNAL 9\n")
        found = buffer.actions(0, only=["source.fixAll"])
        assert list(found) == ["optimizer: apply every safe fix"]
        buffer.apply(found["optimizer: apply every safe fix"])
        assert (buffer.text, buffer.rules()) == (CLEAN, [])
        assert buffer.actions(0, only=["source.fixAll"]) == {}

    def test_line_ends_stay_those_of_the_file(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT.replace("\n", "\r\n"))
        buffer.apply(buffer.actions(2)["LIO601: " + fix_title("LIO601", PORT)])
        assert buffer.text == CLEAN.replace("\n", "\r\n")

    def test_a_fix_may_make_a_file_where_the_client_can(self, client: LanguageClient, tmp_path: Path) -> None:
        (tmp_path / "app.py").write_text("")
        client.initialize(tmp_path, capabilities=CREATES)
        text = f"FROM {BASE}\nCOPY . ./\n"
        buffer = Buffer(client, tmp_path / "Dockerfile", text)
        (action,) = (item for title, item in buffer.actions(1).items() if title.startswith("LIO501"))
        create, edit = action["edit"]["documentChanges"]
        ignore = (tmp_path / ".dockerignore").as_uri()
        assert (create["kind"], create["uri"], edit["textDocument"]["uri"]) == ("create", ignore, ignore)
        assert applied("", edit["edits"]).startswith(".git\n")

    def test_and_is_not_offered_where_it_cannot(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", f"FROM {BASE}\nCOPY . ./\n")
        assert "LIO501" in buffer.rules()
        assert not [title for title in buffer.actions(1) if title.startswith("LIO501:")]

    def test_a_finding_is_set_aside_once_a_reason_is_written(self, client: LanguageClient, tmp_path: Path) -> None:
        """Requirement: "suppressions by comment as a second code action"; none without a reason."""
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
        buffer.apply(buffer.actions(2)["set LIO601 aside here: write the reason behind --"])
        assert buffer.text.splitlines()[2:] == ["# optimizer: ignore LIO601 -- ", "EXPOSE 80"]
        assert buffer.rules() == ["LIO002", "LIO601"]
        buffer.type(2, len("# optimizer: ignore LIO601 -- "), "documents the port of the local run")
        assert buffer.rules() == []


class TestHover:
    def test_a_finding_has_the_page_of_its_rule(self, client: LanguageClient, tmp_path: Path) -> None:
        """Requirement: "hover with the rule's page"."""
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT + "# optimizer: ignore LIO204, user-set -- agreed\nUSER 1\n")
        (page,) = (rule_page(rule) for rule in RULES if rule.id == "LIO601")
        assert buffer.hover(2, 3) == page
        assert buffer.hover(0, 0) is None
        assert (buffer.hover(3, 23) or "").startswith("# LIO204:"), "the id in a suppression"


class TestOtherFiles:
    def test_a_template_is_judged_with_the_dockerfile_that_is_being_typed(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        text = (
            "AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\nResources:\n  Api:\n"
            "    Type: AWS::Serverless::Function\n    Properties: {PackageType: Image, Architectures: [x86_64]}\n"
            "    Metadata: {Dockerfile: Dockerfile, DockerContext: ., DockerBuildArgs: {LABEL: 'é😀', DEBUG: true}}\n"
        )
        template = Buffer(client, tmp_path / "service.yaml", text, "yaml")
        assert template.rules() == ["LIO681", "LIO684"], "there is no Dockerfile yet"
        line = text.splitlines()[6]
        start = template.diagnostics()[1]["range"]["start"]
        assert start == {"line": 6, "character": len(line[: line.index("DEBUG")].encode("utf-16-le")) // 2}
        Buffer(client, tmp_path / "Dockerfile", CLEAN)
        client.published(template.uri, lambda found: [item["code"] for item in found] == ["LIO684"])

    def test_an_ignore_file_is_judged_with_the_dockerfiles_beside_it(self, client: LanguageClient, tmp_path: Path) -> None:
        for name in ("Dockerfile", "Dockerfile.test"):
            (tmp_path / name).write_text(CLEAN)
        client.initialize(tmp_path)
        ignore = Buffer(client, tmp_path / ".dockerignore", "*\n!app.py\n!**\n", "ignore")
        (found,) = ignore.diagnostics()
        assert (found["code"], found["range"]["start"]["line"]) == ("LIO504", 2)
        assert ignore.actions(2) == {}
        ignore.type(2, 0, "", end=(3, 0))
        assert ignore.rules() == []
        (tmp_path / "alone").mkdir()
        assert Buffer(client, tmp_path / "alone" / ".dockerignore", "!**\n", "ignore").rules() == []

    @pytest.mark.parametrize(
        ("text", "line", "message"),
        [
            ('runtime = "python3.13\n', 0, 'the spec is not TOML: the text that begins with " in column 11 has no closing quote'),
            ('runtime = "python3.13"\nbytecod = true\nsteps = []\n', 1, 'bytecod: unknown key "bytecod"'),
            ('runtime = "python3.13"\n\n[[steps]]\nkind = "source-code"\nsource = "é"\n', 4, 'steps[0].source: "é" does not exist'),
        ],
        ids=["syntax", "key", "project"],
    )
    def test_a_specification_has_its_faults_at_their_lines(
        self, client: LanguageClient, tmp_path: Path, text: str, line: int, message: str
    ) -> None:
        client.initialize(tmp_path)
        (found,) = Buffer(client, tmp_path / "api.image.toml", text, "toml").diagnostics()
        assert found["message"].startswith(message) and "\nfix: " in found["message"]
        assert (found["range"]["start"]["line"], found["severity"]) == (line, 1)


class TestConfiguration:
    """Requirement: "Configuration by optimizer.toml as for `optimizer lint`"."""

    def test_the_nearest_file_counts(self, client: LanguageClient, tmp_path: Path) -> None:
        (tmp_path / "shop").mkdir()
        (tmp_path / "shop" / "optimizer.toml").write_text(
            '[conventions]\nrule_pages = "https://rules.example.com/"\nexclude = ["legacy"]\n\n[conventions.severities]\nLIO601 = "error"\n'
        )
        client.initialize(tmp_path)
        (found,) = Buffer(client, tmp_path / "shop" / "Dockerfile", PORT).diagnostics()
        assert (found["severity"], found["codeDescription"]["href"]) == (1, "https://rules.example.com/LIO601.md")
        assert Buffer(client, tmp_path / "shop" / "legacy" / "Dockerfile", PORT).rules() == []

    def test_what_is_wrong_in_it_is_shown_and_ends_nothing(self, client: LanguageClient, tmp_path: Path) -> None:
        (tmp_path / "optimizer.toml").write_text("[conventions]\nfail_onn = 1\n")
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
        (found,) = buffer.diagnostics()
        assert 'optimizer.toml:2: conventions.fail_onn: unknown key "fail_onn"' in found["message"]
        (tmp_path / "optimizer.toml").unlink()
        buffer.type(2, 0, "\n")
        assert buffer.rules() == ["LIO601"]

    def test_what_a_baseline_holds_is_not_shown(self, client: LanguageClient, tmp_path: Path) -> None:
        (tmp_path / "optimizer.toml").write_text('baseline = "known.toml"\n')
        (tmp_path / "Dockerfile").write_text(PORT)
        lint = [sys.executable, "-m", "optimizer", "lint", "Dockerfile", "--write-baseline"]
        subprocess.run(lint, cwd=tmp_path, env={"PYTHONPATH": str(ROOT)}, capture_output=True, check=True)
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
        assert buffer.rules() == []
        buffer.type(2, 0, "USER 1\n")
        assert buffer.rules() == ["LIO602"]


class TestFailures:
    """Requirement: "never a traceback to the client"."""

    def test_what_is_no_request_gets_an_error_without_a_stack(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
        answers = [
            client.answer("textDocument/unheard", {}),
            client.answer("textDocument/hover", {"textDocument": {"uri": "file:///gone"}, "position": {"line": 1, "character": 0}}),
        ]
        assert [("error" in answer) for answer in answers] == [True, False]
        client.notify("textDocument/didChange", {"textDocument": {"uri": buffer.uri}})
        client.notify("textDocument/didSave", {"textDocument": 1})
        assert buffer.rules() == ["LIO601"], "it goes on"
        assert client.end() == 0
        assert client.logged, "what was wrong is in the log"
        said = json.dumps([answers, client.logged]) + client.said
        assert "Traceback" not in said and ".py" not in said

    def test_a_text_that_nobody_reads_ends_nothing(self, client: LanguageClient, tmp_path: Path) -> None:
        client.initialize(tmp_path)
        Buffer(client, tmp_path / "Dockerfile", "FROM a\n" + "\ud800\x00\u2028\r" * 5).diagnostics()
        large = Buffer(client, tmp_path / "Dockerfile.large", "#" + "x" * (4 * 1024 * 1024))
        assert [item["message"] for item in large.diagnostics()] == ["not checked: larger than 4 MB"]
        assert client.logged == []

    def test_a_defect_of_ours_is_a_line_in_the_log(self, tmp_path: Path) -> None:
        script = "import sys, optimizer.checking.document as document\n"
        script += "def judge(*arguments):\n    raise ValueError('broken rule')\n"
        script += "document.judge = judge\nimport optimizer.editor.server as server\nserver.start()\n"
        with LanguageClient([sys.executable, "-c", script], tmp_path, {"PYTHONPATH": str(ROOT)}) as client:
            client.initialize(tmp_path)
            buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
            assert (buffer.hover(2, 0), buffer.actions(2)) == (None, {})
            assert client.end() == 0
            assert f"a defect of optimizer {VERSION}: ValueError: broken rule" in client.logged
            assert "Traceback" not in json.dumps(client.logged) + client.said
            assert client.diagnostics == {}

    def test_what_takes_too_long_holds_nothing_up_and_is_shown_later(self, tmp_path: Path) -> None:
        """Requirement: "bounded time"."""
        script = "import pathlib, time, optimizer.checking.document as document\n"
        script += f"def judge(*arguments):\n    while not pathlib.Path({str(tmp_path / 'go on')!r}).exists():\n        time.sleep(0.01)\n"
        script += "    return document.Judgement()\n"
        script += "document.judge = judge\nimport optimizer.editor.server as server\nserver.PATIENCE_S = 0.1\nserver.start()\n"
        with LanguageClient([sys.executable, "-c", script], tmp_path, {"PYTHONPATH": str(ROOT)}) as client:
            client.initialize(tmp_path)
            buffer = Buffer(client, tmp_path / "Dockerfile", PORT)
            assert buffer.hover(2, 0) is None
            assert set(client.logged) == {"a file takes longer than 0.1 s to check"}
            assert client.diagnostics == {}
            (tmp_path / "go on").touch()
            assert buffer.rules() == []

    def test_without_pygls_the_command_says_what_to_install(self, tmp_path: Path) -> None:
        script = "import sys\nsys.modules['pygls'] = None\nsys.argv = ['optimizer', 'lsp']\nfrom optimizer.cli.main import main\nmain()\n"
        done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stdout) == (2, "")
        assert done.stderr == (
            'error: the language server needs pygls, which is not installed\n  hint: run: pip install "lambda-image-optimizer[lsp]"\n'
        )


class TestPage:
    """What docs/editors.md tells to write."""

    PAGE = (ROOT / "docs" / "editors.md").read_text(encoding="utf-8")

    def blocks(self, language: str) -> list[str]:
        return re.findall(rf"```{language}\n(.*?)```", self.PAGE, re.DOTALL)

    def test_settings_start_the_command_that_there_is(self) -> None:
        (code,) = map(json.loads, self.blocks("json"))
        assert [code["glspc.server.command"], *code["glspc.server.commandArguments"]] == ["optimizer", "lsp"]
        (helix,) = map(tomlkit.parse, self.blocks("toml"))
        server = helix["language-server"]["optimizer"]
        assert [server["command"], *server["args"]] == ["optimizer", "lsp"]
        assert all("optimizer" in language["language-servers"] for language in helix["language"])
        (neovim,) = self.blocks("lua")
        assert 'cmd = { "optimizer", "lsp" }' in neovim and 'vim.lsp.enable({ "optimizer", "cdk" })' in neovim

    def test_the_line_for_an_app_is_that_of_the_example(self) -> None:
        (program,) = self.blocks("python")
        (line,) = (line for line in program.splitlines() if "environ" in line)
        assert line in (ROOT / "app.py").read_text(encoding="utf-8")
