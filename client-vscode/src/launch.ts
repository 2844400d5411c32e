/** Launch configurations: what was left out is filled in here. Knows no editor. */

/** A `foreframe` configuration as a person writes it; everything may be missing. */
export interface LaunchConfiguration {
  type?: string;
  request?: string;
  name?: string;
  mode?: string;
  program?: string;
  function?: string;
  args?: string | readonly unknown[];
  stopOnEntry?: boolean;
  engine?: string;
  maxFrames?: number;
  lookAheadTokens?: number;
  /** The interpreter of a program that is executed. */
  python?: string;
  /** "end": the arguments are guessed from an outcome. */
  start?: string;
  port?: number;
  host?: string;
  /** With the request "attach": where `python -m debugpy --listen` waits, or what already runs. */
  connect?: { readonly host?: string; readonly port?: number };
  processId?: number | string;
  /** A back end to join, where `port` is not its own. */
  __join?: BackendAddress;
}

/** Where a back end listens. */
export interface BackendAddress {
  readonly host: string;
  readonly port: number;
}

/** What a configuration falls back on. */
export interface LaunchDefaults {
  readonly engine: string;
  readonly maxFrames: number;
  /** undefined: the back end's own. */
  readonly lookAheadTokens?: number | undefined;
  /** The port of a back end to join; 0 for none. */
  readonly port: number;
  /** Whether an enabled breakpoint may stop this program. */
  hasBreakpoint(program: string): boolean;
}

/** `imagine` executes nothing; `check` and `live` execute the program. */
export const MODES: readonly string[] = ['imagine', 'check', 'live'];

/** A configuration that cannot be started; the message says what to do. */
export class LaunchMistake extends Error {}

export interface CompleteLaunch extends LaunchConfiguration {
  type: 'foreframe';
  request: 'launch' | 'attach';
  name: string;
  mode: string;
}

/** The configuration with its defaults. Throws LaunchMistake. */
export function completeLaunch(given: LaunchConfiguration, defaults: LaunchDefaults): CompleteLaunch {
  if (given.request === 'attach') return completeAttach(given, defaults);
  const { program, mode = 'imagine' } = given;
  if (!program) throw new LaunchMistake('Name a Python file as "program" in the launch configuration.');
  if (!MODES.includes(mode)) {
    throw new LaunchMistake(`"mode" is ${JSON.stringify(mode)}, and there is ${MODES.join(', ')}.`);
  }
  // In a live session they are the program's own, as on its command line.
  if (given.args?.length && !given.function && mode !== 'live') {
    throw new LaunchMistake('"args" are the arguments of a "function": name it in the launch configuration.');
  }
  const port = given.port ?? defaults.port;
  const tokens = given.lookAheadTokens ?? defaults.lookAheadTokens;
  // A back end that is joined was started with an engine of its own.
  const engine = given.engine ?? (port === 0 ? defaults.engine : undefined);
  return {
    ...given,
    type: 'foreframe',
    request: 'launch',
    name: given.name?.trim() ? given.name : `Imagine ${given.function ?? baseName(program)}`,
    mode,
    program,
    maxFrames: given.maxFrames ?? defaults.maxFrames,
    stopOnEntry: given.stopOnEntry ?? !defaults.hasBreakpoint(program),
    ...(engine === undefined ? {} : { engine }),
    ...(port === 0 ? {} : { port }),
    ...(tokens === undefined ? {} : { lookAheadTokens: tokens }),
  };
}

/** The same for a program that runs already. */
function completeAttach(given: LaunchConfiguration, defaults: LaunchDefaults): CompleteLaunch {
  const { connect, port, host, processId, mode = 'live' } = given;
  if (mode !== 'live') throw new LaunchMistake(`A program that runs already is "live": "mode" is ${JSON.stringify(mode)}.`);
  const [where, door] = connect?.port === undefined ? [host, port] : [connect.host, connect.port];
  if (door === undefined && processId === undefined) {
    throw new LaunchMistake(
      'Say what to attach to: "connect": {"host": ..., "port": ...} where `python -m debugpy --listen` waits, or "processId".',
    );
  }
  const engine = given.engine ?? (defaults.port === 0 ? defaults.engine : undefined);
  return {
    ...given,
    type: 'foreframe',
    request: 'attach',
    name: given.name?.trim()
      ? given.name
      : `Attach to ${door === undefined ? `process ${processId}` : `${where ?? 'localhost'}:${door}`}`,
    mode,
    maxFrames: given.maxFrames ?? defaults.maxFrames,
    ...(engine === undefined ? {} : { engine }),
    ...(defaults.port === 0 ? {} : { __join: { host: '127.0.0.1', port: defaults.port } }),
  };
}

/** The back end that a complete configuration joins; undefined: one is started. */
export function joinedBackend({ request, port, host, __join }: LaunchConfiguration): BackendAddress | undefined {
  if (request === 'attach') return __join;
  return port === undefined ? undefined : { host: host ?? '127.0.0.1', port };
}

function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1) ?? file;
}
