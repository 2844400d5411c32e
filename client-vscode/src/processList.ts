/** The Python processes among what `ps -A -o pid=,args=` tells. Pure. */

export interface ListedProcess {
  readonly id: string;
  readonly command: string;
}

/** Newest first. */
export function pythonProcesses(listing: string): ListedProcess[] {
  const found: ListedProcess[] = [];
  for (const line of listing.split('\n')) {
    const [, id, command] = /^\s*(\d+)\s+(.+?)\s*$/.exec(line) ?? [];
    if (id === undefined || command === undefined) continue;
    const program = command.split(/\s/)[0]?.split('/').at(-1) ?? '';
    if (/^(python|pypy)[\d.]*$/i.test(program)) found.push({ id, command });
  }
  return found.sort((a, b) => Number(b.id) - Number(a.id));
}
