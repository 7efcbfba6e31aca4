"""First-party code with its byte-code: unpacked from the context's archive, and compiled by the Python that the base has."""

from __future__ import annotations

from pathlib import Path

from optimizer.adapters.host.bytecode import bytecode_obstacle, compile_tree
from optimizer.adapters.host.tree import TreeRequest
from optimizer.adapters.images.tar import Budget, TarReader
from optimizer.errors import ImageError
from optimizer.model.plan import archive_path


class PackedCode:
    """Trees of packed files; those without byte-code are archives already, and never come here."""

    def obstacle(self, request: TreeRequest) -> str:
        return bytecode_obstacle(request)

    def make(self, request: TreeRequest, directory: Path) -> None:
        _unpack(request.context / archive_path(request.stage.name), directory)
        compile_tree(request, directory)


def _unpack(archive: Path, directory: Path) -> None:
    """Unpack an archive that this project wrote: directories, files and links."""
    try:
        source = archive.open("rb")
    except OSError as error:
        raise ImageError(f'the archive "{archive}" cannot be read: {error.strerror}', str(archive), "run cdk synth again") from None
    with source:
        reader = TarReader(source, f'"{archive}"', Budget(), seekable=True)
        for entry in reader:
            # The reader refuses paths that leave the archive; a link on the way could lead out of the directory all the same.
            target = directory / entry.path
            if directory not in target.parent.resolve().parents and target.parent.resolve() != directory.resolve():
                raise ImageError(f'"{entry.path}" in "{archive}" leads out of the tree', str(archive), "run cdk synth again")
            if entry.kind == "directory":
                target.mkdir(parents=True, exist_ok=True)
            elif entry.kind == "symlink":
                target.symlink_to(entry.target)
            else:
                with target.open("xb") as file:
                    for chunk in reader.content():
                        file.write(chunk)
                target.chmod(entry.mode)
