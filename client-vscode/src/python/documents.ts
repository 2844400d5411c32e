/** The syntax trees of open documents, parsed once a version. */
import type * as vscode from 'vscode';
import { PythonSyntax } from './syntax';

const parsed = new WeakMap<vscode.TextDocument, { readonly version: number; readonly syntax: PythonSyntax }>();

export function syntaxOf(document: vscode.TextDocument): PythonSyntax {
  const known = parsed.get(document);
  if (known?.version === document.version) return known.syntax;
  const syntax = new PythonSyntax(document.getText());
  parsed.set(document, { version: document.version, syntax });
  return syntax;
}
