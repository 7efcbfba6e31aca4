"""Files that a command writes together."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from optimizer.adapters.files import replace_file
from optimizer.adapters.path_names import SPEC_SUFFIX
from optimizer.errors import ContextError


def write_all(contents: Mapping[str, str], before: Mapping[str, bytes | None]) -> None:
    """Write all files, by their paths, or none.

    ``before`` is what each of them held, None for one that was not there.
    Raises :class:`ContextError`; whatever is raised, what was written is as it
    was before.
    """
    written: list[str] = []
    made: list[Path] = []
    try:
        for path, text in contents.items():
            parent = Path(path).parent
            made += reversed([above for above in (parent, *parent.parents) if not above.exists()])
            parent.mkdir(parents=True, exist_ok=True)
            # A request to end may come right after it is there.
            written.append(path)
            replace_file(Path(path), text, "the spec" if path.endswith(SPEC_SUFFIX) else "the file", ContextError)
    except BaseException as error:
        for path in written:
            data = before[path]
            if data is None:
                Path(path).unlink(missing_ok=True)
            else:
                Path(path).write_bytes(data)
        for directory in reversed(made):
            if directory.is_dir() and not any(directory.iterdir()):
                directory.rmdir()
        if isinstance(error, OSError):
            raise ContextError(f"the files cannot be written: {error}", hint="check the directory and its permissions") from None
        raise
