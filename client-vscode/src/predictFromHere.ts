/** "Predict from here": starts a session in one function, with arguments that the person chooses. */
import * as vscode from 'vscode';
import type { LanguageService } from './language/service';
import { argumentsProblem, callParameters, needsArguments, signature, suggestArguments } from './python/arguments';
import { syntaxOf } from './python/documents';
import type { PythonFunction, PythonSyntax } from './python/syntax';

/** Starts a session in the function at `offset`, or at the cursor. */
export async function predictFromHere(uri?: vscode.Uri, offset?: number): Promise<void> {
  const editor = vscode.window.activeTextEditor;
  const document =
    uri === undefined ? editor?.document : await vscode.workspace.openTextDocument(uri);
  if (document === undefined) return;
  const syntax = syntaxOf(document);
  const at = offset ?? (editor ? document.offsetAt(editor.selection.active) : 0);
  const target = reachableAt(syntax, at) ?? (await chooseFunction(syntax));
  if (target === undefined) return;
  const args = needsArguments(target) || callParameters(target).length > 0 ? await askArguments(syntax, target) : '';
  if (args === undefined) return;
  await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(document.uri), {
    type: 'foreframe',
    request: 'launch',
    name: `Imagine ${target.path}(${args})`,
    program: document.fileName,
    function: target.path,
    args,
    stopOnEntry: true,
  });
}

/** Starts a session in the function of this path, as the language server's lens asks. */
export async function predictFunction(uri: vscode.Uri, name: string): Promise<void> {
  const document = await vscode.workspace.openTextDocument(uri);
  const target = syntaxOf(document).functions().find((f) => f.path === name && f.reachable);
  await predictFromHere(uri, target?.nameFrom);
}

/** Starts a session on the module of a file, or of the active editor. */
export async function imagineFile(uri?: vscode.Uri): Promise<void> {
  const file = uri ?? vscode.window.activeTextEditor?.document.uri;
  if (file === undefined) return;
  await vscode.debug.startDebugging(vscode.workspace.getWorkspaceFolder(file), {
    type: 'foreframe',
    request: 'launch',
    name: '',
    program: file.fsPath,
  });
}

/** Asks for a call's arguments, with suggestions; undefined when the person leaves. */
export async function askArguments(syntax: PythonSyntax, target: PythonFunction): Promise<string | undefined> {
  const suggestions = suggestArguments(syntax, target);
  const box = vscode.window.createQuickPick<vscode.QuickPickItem & { args: string }>();
  const own = { label: '', args: '', alwaysShow: true };
  const refresh = (): void => {
    const typed = box.value.trim();
    const problem = typed || !needsArguments(target) ? argumentsProblem(typed, target) : undefined;
    const suggested = suggestions.map(({ args, origin }) => ({
      label: args === '' ? 'no arguments' : args,
      description: origin,
      args,
    }));
    const items = suggested.filter((s) => s.args !== typed && s.args.includes(typed));
    box.items =
      typed && !problem
        ? [{ ...own, label: typed, description: 'as typed', args: typed }, ...items]
        : problem && items.length === 0
          ? [{ ...own, label: `$(error) ${problem}`, args: '' }]
          : items;
  };
  box.title = `Foreframe: arguments of ${target.name}(${signature(callParameters(target))})`;
  box.placeholder = "Python literals, as between the parentheses of a call: 'abc', [1, 2], key=None";
  box.matchOnDescription = false;
  box.ignoreFocusOut = true;
  box.onDidChangeValue(refresh);
  refresh();
  return new Promise((resolve) => {
    box.onDidAccept(() => {
      const [chosen] = box.selectedItems;
      if (chosen === undefined || argumentsProblem(chosen.args, target) !== undefined) return;
      resolve(chosen.args);
      box.hide();
    });
    box.onDidHide(() => {
      resolve(undefined);
      box.dispose();
    });
    box.show();
  });
}

/** The innermost function around `offset` that can be called from outside. */
function reachableAt(syntax: PythonSyntax, offset: number): PythonFunction | undefined {
  return syntax.functions().findLast((f) => f.reachable && f.from <= offset && offset <= f.to);
}

async function chooseFunction(syntax: PythonSyntax): Promise<PythonFunction | undefined> {
  const reachable = syntax.functions().filter((f) => f.reachable);
  if (reachable.length === 0) {
    void vscode.window.showInformationMessage('There is no function in this file to predict from.');
    return undefined;
  }
  const items = reachable.map((f) => ({
    label: f.path,
    description: `(${signature(callParameters(f))})`,
    target: f,
  }));
  const chosen = await vscode.window.showQuickPick(items, { title: 'Foreframe: predict from which function?' });
  return chosen?.target;
}

/** "Predict from here" above every function that can be called from outside. */
export class PredictLenses implements vscode.CodeLensProvider {
  private readonly changed = new vscode.EventEmitter<void>();
  readonly onDidChangeCodeLenses = this.changed.event;

  /** `language`: while it is served, the language server's lenses take the place of these. */
  constructor(
    subscriptions: vscode.Disposable[],
    private readonly language: LanguageService,
  ) {
    subscriptions.push(
      this.changed,
      language.onDidChange(() => {
        this.changed.fire();
      }),
      vscode.workspace.onDidChangeConfiguration((event) => {
        if (event.affectsConfiguration('foreframe.codeLenses')) this.changed.fire();
      }),
    );
  }

  provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
    const wanted = vscode.workspace.getConfiguration('foreframe', document).get<boolean>('codeLenses', true);
    if (!wanted || this.language.isServing) return [];
    return syntaxOf(document)
      .functions()
      .filter((f) => f.reachable)
      .map((f) => {
        const place = document.positionAt(f.nameFrom);
        return new vscode.CodeLens(new vscode.Range(place, place), {
          title: '$(lightbulb-sparkle)\u00a0Predict from here',
          tooltip: `Step through a call of ${f.path} in a model's head; nothing is executed.`,
          command: 'foreframe.predictFromHere',
          arguments: [document.uri, f.nameFrom],
        });
      });
  }
}
