/** Puts the extension together. Everything here is cheap: activation reads no file. */
import * as vscode from 'vscode';
import { LookAhead } from './ahead/lookAhead';
import { PathView } from './ahead/pathView';
import { BackendFactory } from './backend/factory';
import { installBackend } from './backend/install';
import { CandidatesView } from './candidates/view';
import { HoleAtCursor } from './candidates/holeAtCursor';
import { ComparisonView } from './comparison/view';
import { ConfigurationProvider } from './configurationProvider';
import { DirectionCommands } from './direction';
import { HoleProposalsView } from './holeProposals';
import { decorationSlots, InlineValues } from './inlineValues';
import { registerSessionCommands, TextDocuments } from './language/answers';
import { LanguageService } from './language/service';
import { imagineFile, PredictLenses, predictFromHere, predictFunction } from './predictFromHere';
import { pickProcess } from './processes';
import { Retelling } from './retelling';
import { Sessions } from './sessions';
import { PER_LINE } from './shownValues';
import { StatusBar } from './statusBar';
import { StopReader } from './stopReader';
import { TimelineView } from './timeline/view';

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Foreframe', { log: true });
  const backends = new BackendFactory(context, log);
  const configurations = new ConfigurationProvider(backends);
  const sessions = new Sessions();
  const reader = new StopReader(sessions);
  const comparisons = new ComparisonView(sessions);
  const texts = new TextDocuments();
  const language = new LanguageService(backends, texts, log);
  const slots = decorationSlots(PER_LINE + 1);
  const python: vscode.DocumentSelector = { language: 'python', scheme: 'file' };

  context.subscriptions.push(
    log,
    vscode.debug.registerDebugConfigurationProvider('foreframe', configurations),
    vscode.debug.registerDebugConfigurationProvider(
      'foreframe',
      configurations,
      vscode.DebugConfigurationProviderTriggerKind.Dynamic,
    ),
    vscode.debug.registerDebugAdapterDescriptorFactory('foreframe', backends),
    vscode.debug.registerDebugAdapterTrackerFactory('foreframe', sessions),
    texts,
    language,
    registerSessionCommands(texts),
    new CandidatesView(language, context.storageUri ?? context.globalStorageUri),
    new HoleAtCursor(),
    reader,
    new InlineValues(reader, sessions, slots.slice(0, PER_LINE)),
    ...slots.slice(PER_LINE).map((slot) => new PathView(reader, sessions, slot)),
    new LookAhead(),
    new DirectionCommands(sessions),
    new HoleProposalsView(sessions),
    new Retelling(sessions),
    comparisons,
    new StatusBar(sessions, reader, comparisons),
    new TimelineView(context.extensionUri, sessions),
    vscode.languages.registerCodeLensProvider(python, new PredictLenses(context.subscriptions, language)),
    vscode.commands.registerCommand('foreframe.imagineFile', imagineFile),
    vscode.commands.registerCommand('foreframe.predictFromHere', async (uri?: vscode.Uri | string, offset?: unknown, name?: unknown) => {
      // The language server's lens passes an address, a line and a name, the context menu its own.
      if (typeof uri === 'string') await predictFunction(vscode.Uri.parse(uri), String(name));
      else await predictFromHere(uri, typeof offset === 'number' ? offset : undefined);
    }),
    vscode.commands.registerCommand('foreframe.installBackend', () => installBackend(context, log)),
    vscode.commands.registerCommand('foreframe.restartLanguageServer', () => language.restart()),
    vscode.commands.registerCommand('foreframe.pickProcess', pickProcess),
    vscode.commands.registerCommand('foreframe.showLog', () => {
      log.show();
    }),
  );
}
