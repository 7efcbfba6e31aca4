"""The container engine of this machine, by its command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.adapters.engine_program import EngineProgram, engine_program
from optimizer.errors import EngineError
from optimizer.model.image import Image, Layer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,1023}")
_QUESTION_S = 120
_LAST_LINES = 20
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
) -> subprocess.CompletedProcess[str]:
    """One run of the program, whatever its exit code; ``text`` is its standard input.

    What it prints is in the result; with ``show`` its standard error goes to
    the user instead, and its standard output nowhere.  When the run is
    interrupted or takes too long, the program and all that it started are
    ended.

    Raises :class:`EngineError` where the program cannot be run, or gives no
    answer in time.
    """
    program = engine_program()
    try:
        process = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
            [program.name, *arguments],
            cwd=directory,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
            stdout=subprocess.DEVNULL if show else subprocess.PIPE,
            stderr=None if show else subprocess.PIPE,
            text=True,
            errors="replace",
            # A group of its own, to be ended as one: docker builds in a child, and so does a script in its place.
            start_new_session=True,
        )
    except OSError as error:
        raise _not_run(program, error) from None
    with process:
        try:
            out, err = process.communicate(text, timeout=timeout_s)
        except BaseException as error:
            _end(process)
            if isinstance(error, subprocess.TimeoutExpired):
                raise EngineError(
                    f"{program.name} {arguments[0]} gave no answer within {timeout_s:.0f} seconds", hint="restart the engine"
                ) from None
            raise
    return subprocess.CompletedProcess(process.args, process.returncode, out or "", err or "")


def _end(process: subprocess.Popen[Any]) -> None:
    """Ask a program and its children to end, which cancels its build; kill those that do not."""
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

    def check(self) -> None:
        """Raise EngineError unless the engine answers."""
        # Without a format: not every program that stands in for docker has a server to tell the version of.
        result = run_docker(["version"], timeout_s=_QUESTION_S)
        if result.returncode != 0:
            raise EngineError(f"the container engine does not answer: {_last(result.stderr)}", hint="start Docker, or check DOCKER_HOST")

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
        """Build an image from a context; raises EngineError with the last lines that the build printed."""
        # BUILDX_NO_DEFAULT_ATTESTATIONS is what CDK sets: Lambda takes no index.
        variables = {"BUILDX_NO_DEFAULT_ATTESTATIONS": "1", "BUILDKIT_PROGRESS": "plain", **(environment or {})}
        # Another builder than the engine's own keeps what it built to itself, unless it is told.
        loads = os.environ.get("BUILDX_BUILDER") and not any(option.startswith("--output=") for option in options)
        load = ["--load"] if loads else []
        result = run_docker(["build", *options, *load, "."], directory=directory, environment=variables)
        if result.returncode != 0:
            raise _refused("the build failed", result.stderr, "on the engine's disk (docker system df)", lines=_LAST_LINES)

    def load(self, chunks: Iterable[bytes]) -> None:
        """Load an archive of images while it is made; what raises on the way leaves nothing loaded."""
        program = engine_program()
        try:
            process = subprocess.Popen(  # noqa: S603 - a list of arguments, and no shell
                [program.name, "load"],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as error:
            raise _not_run(program, error) from None
        with process:
            assert process.stdin is not None
            try:
                # A pipe that breaks is that of an engine that refused, which says why.
                with contextlib.suppress(BrokenPipeError):
                    for chunk in chunks:
                        process.stdin.write(chunk)
                _, reported = process.communicate()
            except BaseException:
                _end(process)
                raise
        if process.returncode != 0:
            raise _refused("the image cannot be loaded", reported.decode("utf-8", "replace"), "on the engine's disk (docker system df)")

    def remove(self, name: str) -> None:
        """Remove a name, and its image when that was its last one; a missing one is not an error."""
        run_docker(["image", "rm", "--force", "--no-prune", name], timeout_s=_QUESTION_S)

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


def _refused(message: str, reported: str, disk: str, lines: int = 1) -> EngineError:
    last = "\n".join(reported.strip().splitlines()[-lines:])
    if _FULL.search(reported):
        return EngineError(f"{message}: no space is left on the disk\n{last}", hint=f"free some space {disk}, and run the command again")
    separator = "\n" if lines > 1 else " "
    return EngineError(f"{message}:{separator}{last}", hint="fix what it reports, and run the command again")


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it printed nothing"
