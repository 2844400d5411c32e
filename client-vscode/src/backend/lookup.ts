/** Where the `foreframe` command is looked for. Reads the disk through a function that it is given. */
import * as path from 'node:path';

export interface BackendCommand {
  readonly path: string;
  readonly args: readonly string[];
  /** Where it was found, for the log. */
  readonly origin: string;
}

export interface LookupPlaces {
  /** Settings; empty when unset. */
  readonly command: string;
  readonly pythonPath: string;
  /** The Python extension's interpreter, if there is that extension. */
  readonly interpreter: string | undefined;
  /** The environment that Foreframe installs for itself. */
  readonly ownEnvironment: string;
  /** The variable PATH. */
  readonly searchPath: string;
  readonly windows: boolean;
  readonly home: string;
}

/** A setting that names something that is not there. */
export class SettingMistake extends Error {}

/**
 * The back end, or undefined when there is none. What a setting names is taken or refused
 * (SettingMistake); the other places are tried in turn.
 */
export function findBackend(
  places: LookupPlaces,
  isExecutable: (path: string) => boolean,
): BackendCommand | undefined {
  const found = (file: string, origin: string): BackendCommand => ({ path: file, args: ['dap'], origin });
  const paths = places.windows ? path.win32 : path.posix;
  const expand = (file: string): string => file.replace(/^~(?=[/\\]|$)/, places.home);

  if (places.command) {
    const command = expand(places.command);
    if (isExecutable(command)) return found(command, 'setting foreframe.command');
    throw new SettingMistake(`The setting foreframe.command names ${command}, which is not an executable file.`);
  }
  if (places.pythonPath) {
    const python = expand(places.pythonPath);
    const command = besideInterpreter(python, places.windows).find(isExecutable);
    if (command) return found(command, 'setting foreframe.pythonPath');
    throw new SettingMistake(
      `The setting foreframe.pythonPath names ${python}, but Foreframe is not installed there (pip install foreframe).`,
    );
  }
  if (places.interpreter) {
    const command = besideInterpreter(places.interpreter, places.windows).find(isExecutable);
    if (command) return found(command, "the Python extension's interpreter");
  }
  const own = environmentCommand(places.ownEnvironment, 'foreframe', places.windows);
  if (isExecutable(own)) return found(own, 'its own environment');
  for (const folder of places.searchPath.split(paths.delimiter)) {
    if (!folder) continue;
    const command = paths.join(folder, places.windows ? 'foreframe.exe' : 'foreframe');
    if (isExecutable(command)) return found(command, 'PATH');
  }
  return undefined;
}

/** A command of a virtual environment, such as its `python`. */
export function environmentCommand(environment: string, name: string, windows: boolean): string {
  return windows
    ? path.win32.join(environment, 'Scripts', `${name}.exe`)
    : path.posix.join(environment, 'bin', name);
}

/** Where pip puts the command of a package for this interpreter. */
function besideInterpreter(python: string, windows: boolean): string[] {
  if (!windows) return [path.posix.join(path.posix.dirname(python), 'foreframe')];
  const folder = path.win32.dirname(python);
  return [path.win32.join(folder, 'foreframe.exe'), path.win32.join(folder, 'Scripts', 'foreframe.exe')];
}
