"""The container engine of this machine, by its command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.adapters import record
from optimizer.adapters.engine_clients import Client, EngineClient, told_client
from optimizer.adapters.engine_program import EngineProgram, engine_program
from optimizer.adapters.interrupts import requests_held_back
from optimizer.errors import EngineError
from optimizer.model.image import Image, Layer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,1023}")
_QUESTION_S = 120
_LAST_LINES = 20
# How BuildKit ends: what each step that failed has printed, then the Dockerfile around it, which a long RUN fills, then the error.
_FAILED = re.compile(r"^------\n > (?P<step>\[[^\]\n]*\]).*\n(?P<printed>(?:(?!------$).*\n)*)------$", re.MULTILINE)
_CLOCK = re.compile(r"^\d+\.\d+ ", re.MULTILINE)
# What Buildah 1.28, and podman 4.3 with it, say of options that newer ones know.
_OLD = re.compile(r"\b(?:RUN|COPY|ADD) only supports the --")
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)
# GitHub's runners wait 7.5 seconds after an interrupt before they insist.
_GRACE_S = 5


def run_docker(
    arguments: Sequence[str],
    *,
    timeout_s: float | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    text: str | None = None,
    show: bool = False,
    finish_s: float = 0,
) -> subprocess.CompletedProcess[str]:
    """One run of the program, whatever its exit code; ``text`` is its standard input.

    What it prints is in the result; with ``show`` its standard error goes to
    the user instead, and its standard output nowhere.  When the run is
    interrupted or takes too long, the program and all that it started are
    ended; ``finish_s`` is how many seconds it has before to end by itself, for
    what the engine would go on with all the same.

    Raises :class:`EngineError` where the program cannot be run, or gives no
    answer in time.
    """
    program = engine_program()
    words = [program.name, *arguments]
    with record.told_program(words) as told:
        done = _run(program, words, timeout_s, directory, environment, text, show, finish_s)
        told.code = done.returncode
    return done


def _run(
    program: EngineProgram,
    words: Sequence[str],
    timeout_s: float | None,
    directory: Path | None,
    environment: Mapping[str, str] | None,
    text: str | None,
    show: bool,
    finish_s: float,
) -> subprocess.CompletedProcess[str]:
    options: dict[str, Any] = {
        "cwd": directory,
        "env": {**os.environ, **(environment or {})},
        "stdin": subprocess.DEVNULL if text is None else subprocess.PIPE,
        "stdout": subprocess.DEVNULL if show else subprocess.PIPE,
        "stderr": None if show else subprocess.PIPE,
        "text": True,
        "errors": "replace",
    }
    with _started(program, words, options, finish_s) as process:
        try:
            out, err = process.communicate(text, timeout=timeout_s)
        except subprocess.TimeoutExpired:
            raise EngineError(
                f"{program.name} {words[1]} gave no answer within {timeout_s:.0f} seconds", hint="restart the engine"
            ) from None
    return subprocess.CompletedProcess(process.args, process.returncode, out or "", err or "")


@contextlib.contextmanager
def _started(
    program: EngineProgram, words: Sequence[str], options: Mapping[str, Any], finish_s: float = 0
) -> Iterator[subprocess.Popen[Any]]:
    """The program, which does not outlive the block: what is raised there ends it, with all that it started."""
    # A request to end that came while it is started would find nothing to end.
    with requests_held_back() as let_through:
        try:
            # A group of its own, to be ended as one: docker builds in a child, and so does a script in its place.
            process: subprocess.Popen[Any] = subprocess.Popen(words, start_new_session=True, **options)  # noqa: S603 - a list, and no shell
        except OSError as error:
            raise _not_run(program, error) from None
        with process:
            try:
                let_through()
                yield process
            except BaseException:
                _end(process, finish_s)
                raise


def _end(process: subprocess.Popen[Any], finish_s: float) -> None:
    """Ask a program and its children to end, which cancels its build, unless they do so by themselves in time; kill those that do not."""
    if finish_s and process.poll() is None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=finish_s)
            return
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    try:
        process.communicate(timeout=_GRACE_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def _not_run(program: EngineProgram, error: OSError) -> EngineError:
    variable = program.variable
    which = f'"{program.name}", which {variable} names,' if variable else "docker"
    hint = f"correct {variable}, or unset it to run docker" if variable else "install Docker, or check PATH"
    if isinstance(error, FileNotFoundError):
        return EngineError(f"there is no {which} on this machine", hint=hint)
    return EngineError(f"{which} cannot be run: {error.strerror}", hint=hint if variable else "check its permissions")


class Engine:
    """Docker, or what stands in for it, asked by argument lists.

    Raises :class:`EngineError` where it is missing, does not run or refuses.
    """

    _client: EngineClient | None = None

    @property
    def client(self) -> EngineClient:
        """Which client the program is, asked once; raises EngineError unless the engine answers."""
        if self._client is None:
            # Without a format: not every program that stands in for docker has a server to tell the version of.
            result = run_docker(["version"], timeout_s=_QUESTION_S)
            if result.returncode != 0:
                raise EngineError(
                    f"the container engine does not answer: {_last(result.stderr)}", hint="start Docker, or check DOCKER_HOST"
                )
            self._client = told_client(result.stdout)
        return self._client

    def check(self) -> None:
        """Raise EngineError unless the engine answers, and keeps images."""
        if self.client.client is Client.BUILDAH:
            raise EngineError(
                f'"{engine_program().name}" is Buildah, which builds images, and has no commands to inspect, save, load and run them',
                hint="set OPTIMIZER_DOCKER=podman, which has the images of Buildah, or OPTIMIZER_DOCKER=docker",
            )

    def has(self, name: str) -> bool:
        """Whether the engine has an image of that name or id."""
        return self._inspect(name) is not None

    def describe(self, name: str) -> Image:
        """An image without its history, which the engine does not connect to the layers."""
        found = self._inspect(name)
        if found is None:
            raise EngineError(f'the engine has no image "{name}"', hint="check the name: docker image ls")
        diff_ids = found.get("RootFS", {}).get("Layers") or ()
        return Image(
            name=name,
            source="engine",
            digest=None,
            media_type="",
            manifest_bytes=None,
            config_digest=str(found.get("Id", "")),
            operating_system=str(found.get("Os", "")),
            architecture=str(found.get("Architecture", "")),
            layers=tuple(Layer(diff_id=str(diff_id), digest=None, media_type="", compressed_bytes=None) for diff_id in diff_ids),
        )

    def keeps_blobs(self) -> bool:
        """Whether the engine stores compressed layers, as the containerd image store does."""
        result = run_docker(["info", "--format", "{{json .DriverStatus}}"], timeout_s=_QUESTION_S)
        return result.returncode == 0 and "io.containerd.snapshotter" in result.stdout

    @contextlib.contextmanager
    def saved(self, name: str) -> Iterator[Path]:
        """An archive of the image, which is gone afterwards."""
        _check_name(name)
        with tempfile.TemporaryDirectory(prefix="optimizer-") as directory:
            path = Path(directory, "image.tar")
            result = run_docker(["save", "--output", str(path), name])
            if result.returncode != 0:
                raise _refused(
                    f'"{name}" cannot be saved',
                    result.stderr,
                    f"in the directory for temporary files, {tempfile.gettempdir()}, or set TMPDIR",
                )
            yield path

    def build(self, options: Sequence[str], directory: Path, environment: Mapping[str, str] | None = None) -> None:
        """Build an image from a context; raises EngineError with the last lines that the steps that failed, or else the build, printed."""
        # BUILDX_NO_DEFAULT_ATTESTATIONS is what CDK sets: Lambda takes no index.
        variables = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDKIT_PROGRESS": "plain", **(environment or {})}
        # Another builder than the engine's own keeps what it built to itself, unless it is told.
        loads = os.environ.get("BUILDX_BUILDER") and not any(option.startswith("--output=") for option in options)
        load = ["--load"] if loads else []
        result = run_docker(["build", *options, *load, "."], directory=directory, environment=variables)
        if result.returncode != 0:
            raise _refused("the build failed", result.stderr, "on the engine's disk (docker system df)", _told(result.stderr))

    @contextlib.contextmanager
    def own_caches(self, directory: Path) -> Iterator[Mapping[str, str]]:
        """The variables with which a build of podman finds its cache mounts empty; none of other clients.

        BuildKit has an argument of the build for that.  podman keeps all cache
        mounts in its directory for temporary files, which is made in
        ``directory`` and is gone afterwards.
        """
        if self.client.client is not Client.PODMAN:
            yield {}
            return
        path = tempfile.mkdtemp(dir=directory, prefix="caches-")
        try:
            yield {"TMPDIR": path}
        finally:
            try:
                shutil.rmtree(path)
            except PermissionError:
                # Without root, files of other users of the container can be deleted in its user namespace alone.
                run_docker(["unshare", "rm", "-rf", path], timeout_s=_QUESTION_S)

    def load(self, chunks: Iterable[bytes]) -> None:
        """Load an archive of images while it is made; what raises on the way leaves nothing loaded."""
        program = engine_program()
        with record.told_program([program.name, "load"]) as told:
            told.code, reported = self._load(program, chunks)
        if told.code != 0:
            raise _refused("the image cannot be loaded", reported.decode("utf-8", "replace"), "on the engine's disk (docker system df)")

    def _load(self, program: EngineProgram, chunks: Iterable[bytes]) -> tuple[int, bytes]:
        """The exit code, and what was written to standard error."""
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
        with _started(program, [program.name, "load"], pipes) as process:
            assert process.stdin is not None
            # A pipe that breaks is that of an engine that refused, which says why.
            with contextlib.suppress(BrokenPipeError):
                for chunk in chunks:
                    process.stdin.write(chunk)
            _, reported = process.communicate()
        return process.returncode, reported

    def remove(self, name: str) -> None:
        """Remove a name, and its image when that was its last one; a missing one is not an error."""
        run_docker(["image", "rm", "--force", "--no-prune", name], timeout_s=_QUESTION_S)

    def unpacked_bytes(self, name: str) -> int | None:
        """The size of an image without compression, the sum of its layers; None where the engine does not tell it."""
        _check_name(name)
        # The size of image inspect is that of compressed layers in the containerd image store.
        result = run_docker(["history", "--human=false", "--no-trunc", "--format", "{{.Size}}", name], timeout_s=_QUESTION_S)
        lines = result.stdout.split()
        return sum(map(int, lines)) if result.returncode == 0 and lines and all(line.isdecimal() for line in lines) else None

    def _inspect(self, name: str) -> dict[str, Any] | None:
        _check_name(name)
        result = run_docker(["image", "inspect", name], timeout_s=_QUESTION_S)
        if result.returncode != 0:
            self.check()
            return None
        try:
            return dict(json.loads(result.stdout)[0])
        except (ValueError, LookupError, TypeError):
            raise EngineError(f'the engine describes "{name}" in an unknown way', hint="update Docker") from None


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise EngineError(f'"{name}" is not the name of an image', hint="write NAME:TAG, NAME@DIGEST or an image id")


def _told(output: str) -> str:
    """What of a build's output says why it failed."""
    steps = [(match["step"], _printed(match, output)[-_LAST_LINES:]) for match in _FAILED.finditer(output)]
    lines = [line for step, printed in steps for line in (step, *printed)]
    return "\n".join([*lines, _last(output)] if lines else output.strip().splitlines()[-_LAST_LINES:])


def _printed(failed: re.Match[str], output: str) -> list[str]:
    """What a failed step has printed: at the end of the output, or else where it ran."""
    told = [line for line in _CLOCK.sub("", failed["printed"]).splitlines() if line.strip()]
    if told:
        return told
    # Of a step that fails at once, the end may lack what came when its log was read.
    numbers = re.findall(rf"^#(\d+) {re.escape(failed['step'])}", output, re.MULTILINE)
    return [line for number in dict.fromkeys(numbers) for line in re.findall(rf"^#{number} \d+\.\d+ (.+)$", output, re.MULTILINE)]


def _refused(message: str, reported: str, disk: str, told: str = "") -> EngineError:
    """The error of a refusal; of what is reported, ``told`` is shown in lines of its own, and else the last line."""
    if _FULL.search(reported):
        return EngineError(
            f"{message}: no space is left on the disk\n{told or _last(reported)}", hint=f"free some space {disk}, and run the command again"
        )
    hint = "fix what it reports, and run the command again"
    if _OLD.search(reported):
        hint = "update to podman 5.4 or Buildah 1.39, or build with docker"
    return EngineError(f"{message}:\n{told}" if told else f"{message}: {_last(reported)}", hint=hint)


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
