"""An engine of a test's own, beside the machine's: it can be cold, keep its images in the other store, or be of another version."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE_S, wait_until

_TIMEOUT_S = 900


@dataclass(frozen=True)
class Daemon:
    """A running engine, and the environment in which clients find it."""

    environment: Mapping[str, str]

    def docker(self, *arguments: str, cwd: Path | None = None, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the client; with ``check``, raises RuntimeError with the end of its output when it fails."""
        environment = {**os.environ, **self.environment}
        result = subprocess.run(
            ["docker", *arguments], cwd=cwd, env=environment, capture_output=True, text=True, timeout=_TIMEOUT_S, check=False
        )
        if check and result.returncode != 0:
            raise RuntimeError(f"docker {' '.join(arguments)} failed:\n{(result.stdout + result.stderr)[-3000:]}")
        return result

    def leftovers(self) -> list[str]:
        """The images that a verification left here; for an engine that only one test uses."""
        return self.docker("image", "ls", "--format", "{{.Repository}}", "--filter", "reference=optimizer-verify-*").stdout.split()

    def forget(self) -> None:
        """Become as cold as a fresh runner: neither build cache nor images."""
        self.docker("builder", "prune", "--all", "--force")
        self.docker("image", "prune", "--all", "--force")


@contextlib.contextmanager
def daemon(directory: Path, *, containerd_store: bool = False, unpacked: Path | None = None) -> Iterator[Daemon]:
    """An engine whose whole state is in the directory; builds in it need ``--network host``.

    ``containerd_store`` keeps images in containerd's store in place of
    Docker's own.  ``unpacked`` is the root of an engine's unpacked packages,
    to run in place of the installed one.  Needs root.
    """
    directory.mkdir(parents=True, exist_ok=True)
    configuration = directory / "daemon.json"
    configuration.write_text(json.dumps({"features": {"containerd-snapshotter": containerd_store}}))
    environment = {"DOCKER_HOST": f"unix://{directory}/socket", "BUILDX_NO_DEFAULT_ATTESTATIONS": "1"}
    if unpacked is not None:
        plugins = directory / "client"
        plugins.mkdir(exist_ok=True)
        (plugins / "config.json").write_text(json.dumps({"cliPluginsExtraDirs": [str(unpacked / "usr/libexec/docker/cli-plugins")]}))
        environment["DOCKER_CONFIG"] = str(plugins)
        environment["PATH"] = os.pathsep.join([str(unpacked / "usr/bin"), str(unpacked / "usr/sbin"), os.environ["PATH"]])
    # It ends with this process, also when that is killed, as pytest-xdist does with its workers.
    argv = ["setpriv", "--pdeathsig", "TERM", "dockerd", "--config-file", str(configuration)]
    argv += ["--data-root", str(directory / "data"), "--exec-root", str(directory / "exec")]
    # Not `--bridge none`: an engine that starts with it removes docker0, on which the machine's own engine stands.
    argv += ["--pidfile", str(directory / "pid"), "--host", environment["DOCKER_HOST"], "--iptables=false"]
    made = Daemon(environment)
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(argv, env={**os.environ, **environment}, stdout=log, stderr=subprocess.STDOUT)
    try:
        wait_until(
            lambda: made.docker("info", check=False).returncode == 0,
            lost=lambda: process.poll() is not None,
            said=lambda: f"dockerd did not start:\n{(directory / 'log').read_text(errors='replace')[-2000:]}",
        )
        yield made
    finally:
        process.terminate()
        process.wait(PATIENCE_S)
