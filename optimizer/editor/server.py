"""The server: what a client says of its files, and what it is told.

A file is judged in a thread of its own, a moment after the last change, from
the texts that the client has.  Nothing that goes wrong here ends the server or
reaches the client as more than a line in its log.
"""

from __future__ import annotations

import asyncio
import datetime
import functools
import logging
import os
import re
from collections.abc import Callable, Coroutine, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

from lsprotocol import types
from pygls.lsp.server import LanguageServer
from pygls.uris import from_fs_path, to_fs_path
from pygls.workspace import TextDocument

from optimizer.adapters.dockerfiles import read_dockerfile
from optimizer.adapters.paths import shown
from optimizer.checking.document import Judgement, Remark, fixed, is_judged, judge
from optimizer.editor.positions import TextPlaces
from optimizer.linting.finding import Fix, Severity
from optimizer.linting.fixes import changes_of
from optimizer.report.rules import rule_page
from optimizer.version import VERSION

PAUSE_S = 0.2
"""How long nothing has to change before a file is judged."""

PATIENCE_S = 10.0
"""How long a judgement may take before the client is told that there is none yet."""

SOURCE = "optimizer"
_FIX_ALL = "source.fixAll.optimizer"
_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_WORD = re.compile(r"[A-Za-z0-9-]+")
_Answer = TypeVar("_Answer")


class _Server(LanguageServer):
    def report_server_error(self, error: Exception, source: Any) -> None:
        """A line in the client's log, in place of a message with a stack."""
        self.log(f"{type(error).__name__}: {error}", types.MessageType.Error)

    def defect(self, error: Exception) -> None:
        """A line about what must not end the editor's session, nor reach it with a stack."""
        self.log(f"a defect of optimizer {VERSION}: {type(error).__name__}: {error}", types.MessageType.Error)

    def log(self, message: str, kind: types.MessageType = types.MessageType.Warning) -> None:
        self.window_log_message(types.LogMessageParams(type=kind, message=message))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Judged:
    """A judgement of a file, with the text that it is of."""

    version: int | None
    text: str
    places: TextPlaces
    judgement: Judgement


class _Session:
    """What a client has open, and what is known of it."""

    def __init__(self, server: _Server) -> None:
        self._server = server
        self._thread = ThreadPoolExecutor(1)
        self._judged: dict[str, _Judged] = {}
        self._waiting: dict[str, asyncio.Task[None]] = {}

    def begin(self, folder: str | None) -> None:
        """Name files from the folder of the client, as commands that run there do."""
        if folder and os.path.isdir(folder):
            os.chdir(folder)

    def changed(self, uri: str, pause: float) -> None:
        """Judge the file after a pause, and those beside it that may read it."""
        for other in self._beside(uri):
            waiting = self._waiting.get(other)
            if waiting is not None:
                waiting.cancel()
            self._waiting[other] = asyncio.ensure_future(self._publish(other, pause))

    def closed(self, uri: str) -> None:
        waiting = self._waiting.pop(uri, None)
        if waiting is not None:
            waiting.cancel()
        if self._judged.pop(uri, None) is not None:
            self._server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri=uri, diagnostics=[]))

    async def actions(self, parameters: types.CodeActionParams) -> list[types.CodeAction]:
        uri = parameters.text_document.uri
        judged = await self._known(uri)
        if judged is None:
            return []
        only = parameters.context.only
        found: list[types.CodeAction] = []
        if _wanted(types.CodeActionKind.QuickFix, only):
            for remark in judged.judgement.remarks:
                shown_at = self._range(judged.places, judged.places.of_span(remark.span))
                if _share_a_line(shown_at, parameters.range):
                    diagnostics = [self._diagnostic(remark, judged)]
                    for fix, preferred in ((remark.fix, True), (remark.suppression, None)):
                        edit = self._edit(fix) if fix is not None else None
                        if fix is not None and edit is not None:
                            found.append(
                                types.CodeAction(
                                    title=f"{remark.rule}: {fix.title}" if preferred else fix.title,
                                    kind=types.CodeActionKind.QuickFix,
                                    diagnostics=diagnostics,
                                    is_preferred=preferred,
                                    edit=edit,
                                )
                            )
        if any(remark.fix for remark in judged.judgement.remarks) and _wanted(_FIX_ALL, only):
            path = _path(uri)
            assert path is not None, "only files are judged"
            contents = await self._aside(functools.partial(fixed, path, self._contents(), self._top(path), _today()))
            edit = self._whole(contents) if contents else None
            if edit is not None:
                found.append(types.CodeAction(title="optimizer: apply every safe fix", kind=_FIX_ALL, edit=edit))
        return found

    async def hover(self, parameters: types.HoverParams) -> types.Hover | None:
        """The pages of the rules of what is found at the place, or of the rule that is named there."""
        judged = await self._known(parameters.text_document.uri)
        if judged is None:
            return None
        rules, remarks = judged.judgement.rules, judged.judgement.remarks
        offset = judged.places.offset(parameters.position.line, parameters.position.character)
        named = [match[0] for match in _WORD.finditer(_line_at(judged.text, offset)) if _holds(judged.text, offset, match)]
        ids = [word for word in named if word in rules and word == rules[word].id]
        if not ids:
            here = [remark for remark in remarks if remark.rule in rules and _covers(judged.places.of_span(remark.span), offset)]
            ids = [remark.rule for remark in here if remark.rule]
        if not ids:
            return None
        pages = [rule_page(rules[id]) for id in dict.fromkeys(ids)]
        return types.Hover(contents=types.MarkupContent(kind=types.MarkupKind.Markdown, value="\n---\n\n".join(pages)))

    async def _publish(self, uri: str, pause: float) -> None:
        await asyncio.sleep(pause)
        try:
            judged = await self._current(uri, late=True)
            if judged is not None:
                diagnostics = [self._diagnostic(remark, judged) for remark in judged.judgement.remarks]
                self._server.text_document_publish_diagnostics(
                    types.PublishDiagnosticsParams(uri=uri, version=judged.version, diagnostics=diagnostics)
                )
        except Exception as error:
            self._server.defect(error)

    async def _known(self, uri: str) -> _Judged | None:
        """A judgement of the text that the client has now, perhaps of a moment ago."""
        judged, document = self._judged.get(uri), self._server.workspace.text_documents.get(uri)
        if judged is not None and document is not None and judged.version == document.version:
            return judged
        return await self._current(uri)

    async def _current(self, uri: str, *, late: bool = False) -> _Judged | None:
        """The judgement of the text that the client has now; None for a file that is none of ours, and unless it may come ``late`` for one that takes too long."""
        document = self._server.workspace.text_documents.get(uri)
        path = _path(uri)
        if document is None or path is None:
            return None
        text, version = document.source, document.version
        if not is_judged(path, text, dockerfile=document.language_id == "dockerfile"):
            return None
        judgement = await self._aside(functools.partial(judge, path, self._contents(), self._top(path), _today()), late=late)
        if judgement is None:
            return None
        self._judged[uri] = _Judged(version=version, text=text, places=self._places(text), judgement=judgement)
        return self._judged[uri]

    async def _aside(self, work: Callable[[], _Answer], *, late: bool = False) -> _Answer | None:
        """The result of the work in the thread; None, with a line in the log, where it fails, or takes too long and may not come ``late``."""
        running = asyncio.get_running_loop().run_in_executor(self._thread, work)
        try:
            try:
                return await asyncio.wait_for(asyncio.shield(running), PATIENCE_S)
            except asyncio.TimeoutError:
                self._server.log(f"a file takes longer than {PATIENCE_S:g} s to check")
            # A change of the text, or its end, ends the wait.
            return await running if late else None
        except Exception as error:
            self._server.defect(error)
        return None

    def _diagnostic(self, remark: Remark, judged: _Judged) -> types.Diagnostic:
        pages = judged.judgement.rule_pages.rstrip("/")
        return types.Diagnostic(
            range=self._range(judged.places, judged.places.of_span(remark.span)),
            severity=_SEVERITIES[remark.severity],
            code=remark.rule,
            code_description=types.CodeDescription(href=f"{pages}/{remark.rule}.md") if pages and remark.rule else None,
            source=SOURCE,
            message=f"{remark.message}\nfix: {remark.hint}" if remark.hint else remark.message,
        )

    def _edit(self, fix: Fix) -> types.WorkspaceEdit | None:
        """The change for the client; None where it would have to make a file and cannot."""
        contents = self._read(edit.path for edit in fix.edits)
        try:
            changes = changes_of(fix, contents)
        except UnicodeDecodeError:
            return None
        edits: dict[str, list[types.TextEdit]] = {}
        for path, items in changes.items():
            places = self._places((contents[path] or b"").decode("utf-8"))
            edits[path] = [types.TextEdit(range=self._range(places, (start, end)), new_text=text) for start, end, text in items]
        return self._workspace_edit(edits, contents)

    def _whole(self, after: Mapping[str, bytes]) -> types.WorkspaceEdit | None:
        """The change that gives each file all of its new text."""
        contents = self._read(after)
        edits: dict[str, list[types.TextEdit]] = {}
        for path, data in after.items():
            places = self._places((contents[path] or b"").decode("utf-8", "replace"))
            line, character = places.end
            end = types.Position(line, character)
            edits[path] = [types.TextEdit(range=types.Range(types.Position(0, 0), end), new_text=data.decode("utf-8"))]
        return self._workspace_edit(edits, contents)

    def _workspace_edit(self, edits: dict[str, list[types.TextEdit]], contents: dict[str, bytes | None]) -> types.WorkspaceEdit | None:
        uris = {path: self._uri(path) for path in edits}
        missing = [path for path in edits if contents[path] is None]
        workspace = self._server.client_capabilities.workspace
        able = workspace.workspace_edit if workspace else None
        if able is None or not able.document_changes:
            return None if missing else types.WorkspaceEdit(changes={uris[path]: items for path, items in edits.items()})
        if missing and types.ResourceOperationKind.Create not in (able.resource_operations or ()):
            return None
        changes: list[Any] = [types.CreateFile(uri=uris[path]) for path in missing]
        for path, items in edits.items():
            document = self._server.workspace.text_documents.get(uris[path])
            identifier = types.OptionalVersionedTextDocumentIdentifier(uri=uris[path], version=document.version if document else None)
            changes.append(types.TextDocumentEdit(text_document=identifier, edits=items))
        return types.WorkspaceEdit(document_changes=changes)

    def _read(self, paths: Iterable[str]) -> dict[str, bytes | None]:
        own = self._contents()
        return {path: own[path] if path in own else read_dockerfile(path) for path in dict.fromkeys(paths)}

    def _contents(self) -> dict[str, bytes]:
        """The texts of the client by path, as they are on the disk of one who saves them."""
        return {path: document.source.encode("utf-8", "replace") for _, path, document in self._open()}

    def _uri(self, path: str) -> str:
        # A client may write the address of a file in another way than we would.
        known = {known: uri for uri, known, _ in self._open()}
        return known.get(path) or from_fs_path(os.path.abspath(path)) or ""

    def _open(self) -> Iterator[tuple[str, str, TextDocument]]:
        for uri, document in list(self._server.workspace.text_documents.items()):
            path = _path(uri)
            if path is not None:
                yield uri, path, document

    def _beside(self, uri: str) -> list[str]:
        """The open files of the same directory, the file first: ignore files and Dockerfiles of a template are read with others."""
        home = os.path.dirname(_path(uri) or "")
        return [uri, *(other for other, path, _ in self._open() if other != uri and os.path.dirname(path) == home)]

    def _top(self, path: str) -> str:
        """The folder of the client that the file is in, the innermost; else the directory of the file."""
        folders = [to_fs_path(uri) or "" for uri in self._server.workspace.folders]
        around = [folder for folder in (os.getcwd(), *folders) if os.path.abspath(path).startswith(os.path.join(folder, ""))]
        return max(around, key=len, default=os.path.dirname(os.path.abspath(path)))

    def _places(self, text: str) -> TextPlaces:
        return TextPlaces(text, _plain(self._server.workspace.position_encoding or "utf-16"))

    def _range(self, places: TextPlaces, offsets: tuple[int, int]) -> types.Range:
        start, end = (types.Position(*places.at(offset)) for offset in offsets)
        return types.Range(start, end)


def start() -> None:
    """Speak the protocol over the standard streams until the client ends."""
    logging.getLogger("pygls").addHandler(logging.NullHandler())
    logging.getLogger("pygls").propagate = False
    server = _Server("optimizer", VERSION)
    session = _Session(server)

    def safely(handler: Callable[..., Coroutine[Any, Any, Any]], nothing: Any) -> Callable[..., Coroutine[Any, Any, Any]]:
        async def answer(parameters: Any) -> Any:
            try:
                return await handler(parameters)
            except Exception as error:
                server.defect(error)
                return nothing

        return answer

    @server.feature(types.INITIALIZED)
    def _initialized(_: types.InitializedParams) -> None:
        folders = [to_fs_path(uri) for uri in server.workspace.folders]
        session.begin(server.workspace.root_path or next(iter(folders), None))

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    async def _opened(parameters: types.DidOpenTextDocumentParams) -> None:
        session.changed(parameters.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    async def _changed(parameters: types.DidChangeTextDocumentParams) -> None:
        session.changed(parameters.text_document.uri, PAUSE_S)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    async def _saved(parameters: types.DidSaveTextDocumentParams) -> None:
        session.changed(parameters.text_document.uri, 0)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    async def _closed(parameters: types.DidCloseTextDocumentParams) -> None:
        session.closed(parameters.text_document.uri)

    kinds: Sequence[str] = (types.CodeActionKind.QuickFix, _FIX_ALL)
    server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(code_action_kinds=kinds))(safely(session.actions, []))
    server.feature(types.TEXT_DOCUMENT_HOVER)(safely(session.hover, None))
    server.start_io()


def _path(uri: str) -> str | None:
    """The file behind the address, as reports name it; None for what is no file."""
    path = to_fs_path(uri) if uri.startswith("file:") else None
    return shown(os.path.normpath(path)) if path else None


def _today() -> datetime.date:
    return datetime.date.today()


def _wanted(kind: str, only: Sequence[str] | None) -> bool:
    return only is None or any(kind == word or kind.startswith(f"{word}.") for word in map(_plain, only))


def _plain(word: Any) -> str:
    return str(getattr(word, "value", word))


def _share_a_line(one: types.Range, other: types.Range) -> bool:
    # Some editors ask for the place of the cursor alone, and people for the line.
    return one.start.line <= other.end.line and other.start.line <= one.end.line


def _covers(offsets: tuple[int, int], offset: int) -> bool:
    return offsets[0] <= offset <= offsets[1]


def _line_at(text: str, offset: int) -> str:
    return text[text.rfind("\n", 0, offset) + 1 :].partition("\n")[0]


def _holds(text: str, offset: int, match: re.Match[str]) -> bool:
    """Whether the word of the line stands at the offset."""
    start = text.rfind("\n", 0, offset) + 1
    return match.start() <= offset - start <= match.end()
