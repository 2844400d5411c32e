"""Notebooks: each cell of Python is a document of its own, at the address that it has there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lsprotocol import types as lsp
from pygls.lsp.server import LanguageServer

if TYPE_CHECKING:
    from foreframe.language.server import Language

SYNC = lsp.NotebookDocumentSyncOptions(
    [lsp.NotebookDocumentFilterWithCells([lsp.NotebookCellLanguage("python")], "*")]
)


def register_notebooks(server: LanguageServer, language: Language) -> None:
    """Keeps cells as other documents are kept; pygls has their texts."""

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_OPEN)
    def did_open(params: lsp.DidOpenNotebookDocumentParams) -> None:
        for cell in params.cell_text_documents:
            language.changed(cell.uri)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CHANGE)
    def did_change(params: lsp.DidChangeNotebookDocumentParams) -> None:
        cells = params.change.cells
        if cells is None:
            return
        if cells.structure is not None:
            for opened in cells.structure.did_open or ():
                language.changed(opened.uri)
            for closed in cells.structure.did_close or ():
                language.closed(closed.uri)
        for content in cells.text_content or ():
            language.changed(content.document.uri)

    @server.feature(lsp.NOTEBOOK_DOCUMENT_DID_CLOSE)
    def did_close(params: lsp.DidCloseNotebookDocumentParams) -> None:
        for cell in params.cell_text_documents:
            language.closed(cell.uri)
