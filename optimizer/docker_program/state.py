"""What optimizer-docker remembers from one call to the next: images by name, and logins.

One small file for each, in a directory of the user's cache that nobody else may
read.  A file is replaced in one step, so processes that run at once see the
old one or the new one, and one that is killed leaves no part of one.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from optimizer.errors import ContextError

_IMAGES, _LOGINS, _PARTS = "image-", "login-", "part-"
# A login of ECR is good for 12 hours.
# https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html
_LOGIN_S = 12 * 3600
_AGES_S = {_IMAGES: 30 * 24 * 3600, _LOGINS: _LOGIN_S, _PARTS: 3600}


@dataclass(frozen=True, slots=True, kw_only=True)
class RememberedImage:
    """What a name means: a build context, and the words of the ``docker build`` that gave the name.

    ``directory`` is absolute, ``dockerfile`` a path below it, ``digest`` that
    of the Dockerfile at that time, and ``config`` the directory of Docker's
    configuration that the call named, or empty.
    """

    name: str
    directory: str
    words: tuple[str, ...]
    dockerfile: str
    digest: str
    config: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptLogin:
    """A user name and a password for a registry's host."""

    host: str
    username: str
    password: str


class State:
    """The files; ``directory`` defaults to one in the user's cache."""

    def __init__(self, directory: Path | None = None) -> None:
        self._directory = directory or _cache_directory() / "lambda-image-optimizer" / "docker"

    def remember(self, image: RememberedImage) -> None:
        """Keep what the image's name means from now on.  Raises ContextError."""
        self._write(_IMAGES, image.name, {**asdict(image), "words": list(image.words)})

    def image(self, name: str) -> RememberedImage | None:
        """What a name means; None for a name that is not known."""
        return _image(self._read(_IMAGES, name))

    def images(self) -> Iterator[RememberedImage]:
        """All names that are known, sorted."""
        files = sorted(self._directory.glob(f"{_IMAGES}*.json")) if self._directory.is_dir() else []
        found = [image for image in map(_image, map(_document, files)) if image is not None]
        yield from sorted(found, key=lambda image: image.name)

    def forget(self, name: str) -> None:
        """Drop a name, whether it is known or not."""
        with contextlib.suppress(OSError):
            self._file(_IMAGES, name).unlink()

    def keep_login(self, login: KeptLogin) -> None:
        """Keep a login as long as ECR's are good.  Raises ContextError."""
        self._write(_LOGINS, login.host, asdict(login))

    def login(self, host: str) -> KeptLogin | None:
        """The login that was kept last for a host, while it is good."""
        with contextlib.suppress(OSError, KeyError, TypeError):
            if time.time() - self._file(_LOGINS, host).stat().st_mtime < _LOGIN_S:
                found = self._read(_LOGINS, host)
                return KeptLogin(host=str(found["host"]), username=str(found["username"]), password=str(found["password"]))
        return None

    def prune(self) -> None:
        """Remove what is too old to be asked for."""
        with contextlib.suppress(OSError):
            for entry in list(os.scandir(self._directory)):
                age = next((age for start, age in _AGES_S.items() if entry.name.startswith(start)), None)
                with contextlib.suppress(OSError):
                    if age is not None and time.time() - entry.stat(follow_symlinks=False).st_mtime > age:
                        os.unlink(entry.path)

    def _file(self, kind: str, name: str) -> Path:
        return self._directory / f"{kind}{hashlib.sha256(name.encode('utf-8', 'surrogateescape')).hexdigest()}.json"

    def _read(self, kind: str, name: str) -> Mapping[str, Any]:
        return _document(self._file(kind, name))

    def _write(self, kind: str, name: str, document: Mapping[str, Any]) -> None:
        path = self._file(kind, name)
        part = path.with_name(f"{_PARTS}{os.getpid()}-{os.urandom(4).hex()}")
        try:
            self._make_directory()
            # For this user alone from the first byte on: it may hold a password.
            with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
                json.dump(document, file)
            os.replace(part, path)
        except OSError as error:
            with contextlib.suppress(OSError):
                part.unlink()
            raise ContextError(
                f'what optimizer-docker remembers cannot be kept in "{self._directory}": {error.strerror}',
                hint="check its permissions, or name another cache with XDG_CACHE_HOME",
            ) from None

    def _make_directory(self) -> None:
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = self._directory.stat()
        if hasattr(os, "getuid") and status.st_uid != os.getuid():
            raise PermissionError(0, "it belongs to another user")
        if status.st_mode & 0o077:
            self._directory.chmod(0o700)


def _image(document: Mapping[str, Any]) -> RememberedImage | None:
    try:
        words = tuple(str(word) for word in document["words"])
        return RememberedImage(**{**document, "words": words})
    except (KeyError, TypeError):
        return None


def _document(path: Path) -> Mapping[str, Any]:
    """What a file holds; empty for one that is missing, damaged or another version's."""
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _cache_directory() -> Path:
    if sys.platform == "win32" and os.environ.get("LOCALAPPDATA"):
        return Path(os.environ["LOCALAPPDATA"])
    # https://specifications.freedesktop.org/basedir-spec/latest/
    named = os.environ.get("XDG_CACHE_HOME", "")
    if os.path.isabs(named):
        return Path(named)
    return Path.home() / ("Library/Caches" if sys.platform == "darwin" else ".cache")
