/** A value was chosen for what a `??` gives: offers the expressions that would give it. */
import * as vscode from 'vscode';
import { labelOf } from './candidates/model';
import type { LaunchConfiguration } from './launch';
import type { Sessions } from './sessions';

/** What the event `foreframe/holeProposals` tells. */
interface HoleProposals {
  /** 1-based, as `column` */
  readonly line: number;
  readonly column: number;
  readonly name: string;
  readonly value: string;
  readonly expressions: readonly string[];
}

const HOLE = '??';

export class HoleProposalsView implements vscode.Disposable {
  private readonly subscription: vscode.Disposable;

  constructor(sessions: Sessions) {
    this.subscription = sessions.onDidTell(({ session, event }) => {
      if (event.event !== 'foreframe/holeProposals') return;
      const { program } = session.configuration as LaunchConfiguration;
      if (program !== undefined) void propose(vscode.Uri.file(program), event.body as HoleProposals);
    });
  }

  dispose(): void {
    this.subscription.dispose();
  }
}

/** Lets the person choose an expression, and writes it in the hole's place. */
async function propose(file: vscode.Uri, { line, column, name, value, expressions }: HoleProposals): Promise<void> {
  const title = `Foreframe: the ${HOLE} for ${name} on line ${line} gives ${value} as…`;
  if (expressions.length === 0) {
    void vscode.window.showInformationMessage(`Foreframe knows no expression for the ${HOLE} on line ${line} that gives ${value}.`);
    return;
  }
  const items = expressions.map((text) => ({
    text,
    label: labelOf([text]),
    // What is right here alone should not look like a find.
    ...(text === value ? { description: 'the value itself' } : {}),
  }));
  const chosen = await vscode.window.showQuickPick(items, {
    title,
    placeHolder: `Write it in the place of ${HOLE}; Escape leaves the hole`,
    ignoreFocusOut: true,
  });
  if (chosen === undefined) return;
  const document = await vscode.workspace.openTextDocument(file);
  const start = new vscode.Position(line - 1, column - 1);
  const range = new vscode.Range(start, start.translate(0, HOLE.length));
  if (document.getText(range) !== HOLE) {
    void vscode.window.showWarningMessage(`There is no ${HOLE} on line ${line} any more: write ${chosen.text} where it belongs.`);
    return;
  }
  const edit = new vscode.WorkspaceEdit();
  const indent = /^\s*/.exec(document.lineAt(line - 1).text)?.[0] ?? '';
  edit.replace(file, range, chosen.text.replace(/\n/g, `\n${indent}`));
  await vscode.workspace.applyEdit(edit);
}
