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
  /** "end": the arguments are guessed from an outcome. */
  start?: string;
  port?: number;
  host?: string;
}

/** What a configuration falls back on. */
export interface LaunchDefaults {
  readonly engine: string;
  readonly maxFrames: number;
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
  request: 'launch';
  name: string;
  mode: string;
  program: string;
}

/** The configuration with its defaults. Throws LaunchMistake. */
export function completeLaunch(given: LaunchConfiguration, defaults: LaunchDefaults): CompleteLaunch {
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
  };
}

function baseName(file: string): string {
  return file.split(/[/\\]/).at(-1) ?? file;
}
