/** The settings that the language server reads, under their names there. Knows no editor. */

/** Settings that are sent to a running language server when they change, and their defaults. */
export const SERVER_SETTINGS = {
  engine: 'auto',
  confidence: 0.5,
  inlayHints: true,
  warnings: true,
  codeLenses: true,
  'holes.verify': 'predict',
  'holes.candidates': 16,
  'holes.reasoning': false,
} as const;

/** Settings that decide which server runs, and whether one does: it is started anew for them. */
export const STARTING_SETTINGS: readonly string[] = ['languageServer', 'command', 'pythonPath'];

/** Reads a setting below `foreframe`, or gives the default. */
export type ReadSetting = (name: string, otherwise: unknown) => unknown;

/** The section `foreframe` as the server wants it: a dotted name is an object in an object. */
export function serverSettings(read: ReadSetting): Record<string, unknown> {
  const section: Record<string, unknown> = {};
  for (const [name, otherwise] of Object.entries(SERVER_SETTINGS)) {
    const value = read(name, otherwise);
    const [outer = name, inner] = name.split('.');
    if (inner === undefined) section[outer] = value;
    else section[outer] = { ...(section[outer] as object | undefined), [inner]: value };
  }
  return section;
}
