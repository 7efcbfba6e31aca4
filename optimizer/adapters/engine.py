"""The container engine of this machine, by its command line."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from optimizer.errors import EngineError
from optimizer.model.image import Image, Layer

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:@-]{0,1023}")
_QUESTION_S = 120
_LAST_LINES = 20
_FULL = re.compile(r"no space left on device|disk quota exceeded", re.IGNORECASE)


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """Let a polite request to end (SIGTERM, as CI runners send it) clean up as an interrupt does."""

    def interrupt(*_: Any) -> None:
        raise KeyboardInterrupt

    try:
        before = signal.signal(signal.SIGTERM, interrupt)
    except ValueError:
        # Only the main thread may; elsewhere nobody sends signals.
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Engine:
    """Docker, asked by argument lists.

    Raises :class:`EngineError` where it is missing, does not run or refuses.
    """

    def check(self) -> None:
        """Raise EngineError unless the engine answers."""
        result = self._run(["version", "--format", "{{.Server.Version}}"])
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
        result = self._run(["info", "--format", "{{json .DriverStatus}}"])
        return result.returncode == 0 and "io.containerd.snapshotter" in result.stdout

    @contextlib.contextmanager
    def saved(self, name: str) -> Iterator[Path]:
        """An archive of the image, which is gone afterwards."""
        _check_name(name)
        with interruptible(), tempfile.TemporaryDirectory(prefix="optimizer-") as directory:
            path = Path(directory, "image.tar")
            result = self._run(["save", "--output", str(path), name], timeout_s=None)
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
        result = self._run(["build", *options, "."], timeout_s=None, directory=directory, environment=variables)
        if result.returncode != 0:
            raise _refused("the build failed", result.stderr, "on the engine's disk (docker system df)", lines=_LAST_LINES)

    def remove(self, name: str) -> None:
        """Remove a name, and its image when that was its last one; a missing one is no fault."""
        self._run(["image", "rm", "--force", "--no-prune", name])

    def _inspect(self, name: str) -> dict[str, Any] | None:
        _check_name(name)
        result = self._run(["image", "inspect", name])
        if result.returncode != 0:
            self.check()
            return None
        try:
            return dict(json.loads(result.stdout)[0])
        except (ValueError, LookupError, TypeError):
            raise EngineError(f'the engine describes "{name}" in an unknown way', hint="update Docker") from None

    def _run(
        self,
        arguments: Sequence[str],
        *,
        timeout_s: float | None = _QUESTION_S,
        directory: Path | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        try:
            return subprocess.run(  # noqa: S603 - a list of arguments, and no shell
                ["docker", *arguments],  # noqa: S607 - the docker that the user's PATH names
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=timeout_s,
                check=False,
            )
        except FileNotFoundError:
            raise EngineError("there is no docker on this machine", hint="install Docker, or check PATH") from None
        except subprocess.TimeoutExpired:
            raise EngineError(f"docker {arguments[0]} gave no answer within {timeout_s:.0f} seconds", hint="restart Docker") from None
        except OSError as error:
            raise EngineError(f"docker cannot be run: {error.strerror}", hint="check its permissions") from None


def _check_name(name: str) -> None:
    if not _NAME.fullmatch(name):
        raise EngineError(f'"{name}" is not the name of an image', hint="write NAME:TAG, NAME@DIGEST or an image id")


def _refused(message: str, said: str, disk: str, lines: int = 1) -> EngineError:
    last = "\n".join(said.strip().splitlines()[-lines:])
    if _FULL.search(said):
        return EngineError(f"{message}: no space is left on the disk\n{last}", hint=f"free some space {disk}, and run the command again")
    separator = "\n" if lines > 1 else " "
    return EngineError(f"{message}:{separator}{last}", hint="mend what it says, and run the command again")


def _last(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1] if lines else "it said nothing"
