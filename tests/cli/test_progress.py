"""The progress display of ``optimizer build`` on a terminal, with a registry of this process that takes its time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.adapters.push_server import PushServer
from tests.cli.terminal import Program
from tests.patience import PATIENCE_S
from tests.publishing.cli_project import FUNCTIONS, serving_base, write_project

ROOT = Path(__file__).parents[2]
SPEC = 'runtime = "nodejs22.x"\n\n[[steps]]\nkind = "source-code"\nsource = "functions/api"\nname = "code"\n'


@pytest.fixture
def registry(tmp_path: Path) -> Iterator[PushServer]:
    with serving_base(tmp_path) as served:
        yield served


@pytest.fixture(autouse=True)
def project(tmp_path: Path, registry: PushServer, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_project(tmp_path, registry, {"functions/api/index.js": FUNCTIONS["functions/api/index.js"], "api.image.toml": SPEC})
    monkeypatch.chdir(tmp_path)
    return tmp_path


def words(registry: PushServer, *more: str) -> list[str]:
    tag = f"{registry.host}/images:1"
    build = ["build", "api.image.toml", "--output", "registry", "--tag", tag, "--mirror", registry.host, "--no-engine"]
    return [sys.executable, "-m", "optimizer", *build, *more]


def environment(**more: str) -> dict[str, str]:
    rest = {name: value for name, value in os.environ.items() if name not in ("NO_COLOR", "TERM", "COLUMNS", "LINES", "CI")}
    return {**rest, "PYTHONPATH": str(ROOT), "TERM": "xterm", **more}


@pytest.fixture
def held(registry: PushServer) -> Iterator[threading.Event]:
    """Holds the upload of a blob until it is set."""
    go_on = threading.Event()
    registry.before_put.append(("/blobs/uploads/", lambda: go_on.wait(PATIENCE_S)))
    yield go_on
    go_on.set()


def test_a_terminal_sees_what_is_done_and_keeps_nothing_of_it(registry: PushServer, held: threading.Event) -> None:
    """Requirement: "what is being found, made, pushed, bytes and seconds, per image", and "leaves a clean screen"."""
    program = Program(words(registry), environment())
    program.wait_for(lambda line: line.startswith("  sending   code of api.image.toml") and line.endswith(" s"))
    held.set()
    code, out = program.end()
    assert (code, program.screen.lines, program.screen.cursor) == (0, [""], True)
    assert out.splitlines()[-1].startswith("1 of 1 images pushed, ")
    assert any(line.startswith("0 of 1 images pushed, 0 of 1 layers found, ") for line in program.seen)
    assert program.screen.colours > 0
    assert all(len(line) < 80 for line in program.seen)


def test_a_narrow_terminal_has_no_wrapped_line(registry: PushServer, held: threading.Event) -> None:
    program = Program(words(registry), environment(), width=50)
    program.wait_for(lambda line: line.startswith("  sending   ") and line.endswith(" s"))
    held.set()
    assert program.end()[0] == 0
    assert all(len(line) < 50 for line in program.seen)


def test_no_colour_where_none_is_wanted(registry: PushServer, held: threading.Event) -> None:
    """Requirement: "NO_COLOR honoured"."""
    program = Program(words(registry), environment(NO_COLOR="1"))
    program.wait_for(lambda line: line.startswith("  sending   "))
    held.set()
    assert program.end()[0] == 0
    assert program.screen.colours == 0


def test_programs_get_data_alone_on_standard_output(registry: PushServer) -> None:
    """Requirement: "nothing of it with `--format json` on stdout"."""
    code, out = Program(words(registry, "--format", "json"), environment()).end()
    assert (code, json.loads(out)["images"][0]["state"]) == (0, "pushed")


def test_a_fault_is_all_that_stays_on_the_screen(registry: PushServer, held: threading.Event) -> None:
    registry.refused = {"digest=": 413}
    program = Program(words(registry), environment(), width=300)
    program.wait_for(lambda line: line.startswith("  sending   "))
    held.set()
    code, out = program.end()
    assert (code, out) == (2, "")
    assert [line[:6] for line in program.screen.lines] == ["error:", "  hint", ""]


def test_an_interrupt_leaves_a_clean_screen(registry: PushServer, held: threading.Event) -> None:
    """Requirement: "leaves a clean screen on error and Ctrl-C"."""
    program = Program(words(registry), environment())
    program.wait_for(lambda line: line.startswith("  sending   "))
    program.press("\x03")
    # The terminal shows the key when it has told the program.
    program.wait_for(lambda line: line.endswith("^C"))
    held.set()
    code, out = program.end()
    assert (code, out) == (130, "")
    assert (program.screen.lines, program.screen.cursor) == (["error: interrupted; no partial result is left", ""], True)


@pytest.mark.parametrize("terminal", [{"TERM": "dumb"}, {"CI": "true"}, None])
def test_lines_that_stay_elsewhere(registry: PushServer, terminal: dict[str, str] | None) -> None:
    """Requirement: "plain lines elsewhere", "NO_COLOR, TERM=dumb, CI handled"."""
    if terminal is not None:
        program = Program(words(registry), environment(**terminal), width=300)
        assert program.end()[0] == 0
        lines = program.screen.lines[:-1]
    else:
        ended = subprocess.run(words(registry), env=environment(), capture_output=True, text=True, check=True)
        lines = ended.stderr.splitlines()
    assert sorted(lines) == [
        "0 of 1 layers are there, 1 to be made",
        f"bringing the base {registry.host}/lambda/nodejs:22 to {registry.host}/images",
        f"pushed {registry.host}/images:1",
    ]


def test_what_needs_no_display_does_not_load_it() -> None:
    """Requirement: "nothing to do must stay as fast as now"; rules and the planner's history take as long as the rest together."""
    program = (
        "import sys, optimizer.cli.publish; print(sorted(name for name in sys.modules if name in ('optimizer.cli.progress', "
        "'optimizer.publishing.publish', 'optimizer.report.progress') "
        "or name.startswith(('optimizer.linting', 'optimizer.planning.history', 'optimizer.planning.chain', 'optimizer.toolchains', 'rich'))))"
    )
    said = subprocess.run([sys.executable, "-c", program], env=environment(), capture_output=True, text=True, check=True)
    assert said.stdout == "[]\n"


def test_a_publication_without_budgets_loads_no_rules(registry: PushServer) -> None:
    """To load them takes as long as the push of one edited handler."""
    program = (
        "import sys\nfrom optimizer.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n"
        "    print(sorted(name for name in sys.modules if name.startswith(('optimizer.linting', 'optimizer.planning.history', 'rich'))))"
    )
    argv = ["publish", "api.image.toml", "--repository", f"{registry.host}/images", "--mirror", registry.host, "--no-engine"]
    done = subprocess.run([sys.executable, "-c", program, *argv], env=environment(), capture_output=True, text=True, check=False)
    assert (done.stdout.splitlines()[-1], "pushed" in done.stderr) == ("[]", True), done


def test_what_verbose_says_stays_between_plain_lines(registry: PushServer) -> None:
    program = Program(words(registry, "--verbose"), environment(), width=300)
    assert program.end()[0] == 0
    lines = program.screen.lines[:-1]
    assert f"pushed {registry.host}/images:1" in lines
    sent = [line for line in lines if f" PUT http://{registry.host}/v2/images/manifests/1: 201, " in line]
    assert len(sent) == 1 and " B sent, " in sent[0]
    assert program.screen.colours == 0


def test_a_process_can_be_forked_while_the_screen_is_drawn() -> None:
    """A lock that a drawing thread holds would stay locked in the child for ever."""
    program = (
        "import os, sys, time\n"
        "from optimizer.cli.progress import shown_progress\n"
        "from optimizer.adapters.progress import told\n"
        "from optimizer.model.progress import Task\n"
        "with shown_progress() as report, told(Task(action='checking', subject='x'), report):\n"
        "    end = time.monotonic() + 3\n"
        "    while time.monotonic() < end:\n"
        "        child = os.fork()\n"
        "        if not child:\n"
        "            sys.stderr.flush()\n"
        "            os._exit(0)\n"
        "        os.waitpid(child, 0)\n"
        "    print('done')\n"
    )
    assert Program([sys.executable, "-W", "ignore", "-c", program], environment()).end() == (0, "done\n")


def test_quiet_says_nothing_of_what_is_done(registry: PushServer) -> None:
    loud, quiet = (
        subprocess.run(words(registry, *more), env=environment(), capture_output=True, text=True, check=True, timeout=PATIENCE_S)
        for more in ((), ("--quiet",))
    )
    assert "pushed" in loud.stderr
    assert quiet.stderr == "" and quiet.stdout != ""
