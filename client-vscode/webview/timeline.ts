/** The Timeline's page: steps across, variables down, changed cells marked. */
import {
  branchLabel,
  isChanged,
  rowsOf,
  SEARCHES,
  type Branch,
  type Direction,
  type Row,
  type SearchKind,
  type ShowMessage,
  type StatusMessage,
  type TimelineStop,
  type TimelineValue,
  type WebviewMessage,
  zoomed,
} from '../src/timeline/model';
import { SPOKEN } from '../src/values';

const vscode = acquireVsCodeApi();
const main = document.querySelector('main') ?? document.body;
let shown: ShowMessage | undefined;
/** The column that the person looks at. It follows the session until an arrow key leads away. */
let selected = -1;
let zoom = (vscode.getState() as { zoom: number } | undefined)?.zoom ?? 1;

const branches = element('select', { ariaLabel: 'Branch' });
branches.addEventListener('change', () => {
  tell({ type: 'branch', id: Number(branches.value) });
});
const status = element('output', { role: 'status' });
const search = searchForm();
const tools = element('header', { hidden: true }, branches, search, zoomButtons(), status);
main.before(tools);
magnify(zoom);

window.addEventListener('message', ({ data }: MessageEvent<ShowMessage | StatusMessage>) => {
  if (data.type === 'status') {
    status.textContent = data.text;
    return;
  }
  shown = data;
  if (!data.travelling) selected = data.cursor;
  main.ariaBusy = String(data.travelling);
  render();
});
main.addEventListener('keydown', onKey);
main.addEventListener(
  'wheel',
  (event) => {
    if (!event.ctrlKey || event.deltaY === 0) return;
    event.preventDefault();
    magnify(zoomed(zoom, event.deltaY < 0 ? 1 : -1));
  },
  { passive: false },
);
window.addEventListener('focus', () => {
  if (document.activeElement === document.body) focusSelected();
});
tell({ type: 'ready' });

function tell(message: WebviewMessage): void {
  vscode.postMessage(message);
}

function render(): void {
  if (shown !== undefined) showTools(shown);
  const hadFocus = main.contains(document.activeElement);
  main.replaceChildren(shown === undefined || shown.stops.length === 0 ? empty() : grid(shown));
  const column = main.querySelector<HTMLElement>('th[aria-selected="true"]');
  column?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  if (hadFocus) column?.focus();
}

function searchForm(): HTMLElement {
  const kind = element('select', { ariaLabel: 'Search for' });
  for (const name of Object.keys(SEARCHES)) kind.append(element('option', { value: name }, name));
  const input = element('input', { type: 'text', size: 14 });
  const adapt = (): void => {
    const wanted = SEARCHES[kind.value as SearchKind];
    input.hidden = wanted === undefined;
    input.placeholder = wanted ?? '';
    input.ariaLabel = `The ${wanted ?? 'text'} to search for`;
  };
  const search = (direction: Direction): void => {
    tell({ type: 'search', kind: kind.value as SearchKind, text: input.value, direction });
  };
  const button = (sign: string, direction: Direction): HTMLElement => {
    const label = `Search ${direction}`;
    const made = element('button', { type: 'button', title: label, ariaLabel: label }, sign);
    made.addEventListener('click', () => {
      search(direction);
    });
    return made;
  };
  input.addEventListener('keydown', (event) => {
    if (event.key === 'Enter') search(event.shiftKey ? 'forward' : 'backward');
  });
  kind.addEventListener('change', adapt);
  adapt();
  const buttons = [button('◀', 'backward'), button('▶', 'forward')];
  return element('span', { role: 'search', className: 'search' }, kind, input, ...buttons);
}

function zoomButtons(): HTMLElement {
  const button = (sign: string, label: string, way: -1 | 0 | 1): HTMLElement => {
    const made = element('button', { type: 'button', title: label, ariaLabel: label }, sign);
    made.addEventListener('click', () => {
      magnify(zoomed(zoom, way));
    });
    return made;
  };
  const buttons = [button('−', 'Zoom out (-)', -1), button('1:1', 'Usual size (0)', 0), button('+', 'Zoom in (+)', 1)];
  return element('span', { role: 'group', ariaLabel: 'Zoom', className: 'zoom' }, ...buttons);
}

function magnify(to: number): void {
  zoom = to;
  vscode.setState({ zoom });
  main.style.setProperty('--zoom', String(zoom));
  main.classList.toggle('overview', zoom < 0.6);
}

function showTools({ branches: known, searchable }: ShowMessage): void {
  tools.hidden = false;
  search.hidden = !searchable;
  branches.hidden = known.length < 2;
  branches.replaceChildren(
    ...known.map((branch: Branch) =>
      element('option', { value: String(branch.id), selected: branch.isCurrent }, branchLabel(branch)),
    ),
  );
}

function empty(): HTMLElement {
  return element('p', { className: 'empty' }, 'Steps appear here when a Foreframe session stops.');
}

function grid({ title, stops, cursor, threshold }: ShowMessage): HTMLElement {
  const table = element('table', { role: 'grid', ariaLabel: `Timeline of ${title}` });
  const head = element('tr', {}, element('th', { scope: 'col', className: 'corner' }, 'step'));
  head.append(...stops.map((stop, index) => headCell(stop, index, cursor)));
  table.append(element('thead', {}, head));
  const body = element('tbody', {});
  let scope: string | undefined;
  for (const row of rowsOf(stops)) {
    if (row.scope !== scope) body.append(scopeRow(row.scope, stops.length));
    scope = row.scope;
    const cells = stops.map((stop, index) => valueCell(stops, stop, index, row, cursor, threshold));
    body.append(element('tr', {}, element('th', { scope: 'row' }, row.name), ...cells));
  }
  table.append(body);
  return table;
}

function headCell(stop: TimelineStop, index: number, cursor: number): HTMLElement {
  const forks = stop.change === undefined ? '' : `, a branch begins: ${stop.change}`;
  const verdict = stop.right === undefined ? '' : stop.right ? ', predicted right' : ', predicted wrong';
  const cell = element('th', {
    scope: 'col',
    className: classes(index, cursor),
    title: `${stop.scope}, line ${stop.line}: ${stop.source}${forks}${verdict}`,
    ariaLabel: `Step ${index + 1}, line ${stop.line}, ${stop.scope}: ${stop.source}${forks}${verdict}${index === cursor ? ', the session stands here' : ''}`,
    ariaSelected: String(index === selected),
    tabIndex: index === selected ? 0 : -1,
  });
  const line = element('span', { className: 'line' }, `:${stop.line}`);
  const fork = stop.change === undefined ? '' : '⎇ ';
  cell.append(element('span', { className: 'number' }, `${index === cursor ? '▶ ' : ''}${fork}${index + 1}`), line);
  if (stop.right !== undefined) {
    cell.append(element('span', { className: stop.right ? 'right' : 'wrong', ariaHidden: 'true' }, stop.right ? ' ✓' : ' ✗'));
  }
  cell.addEventListener('click', () => {
    select(index);
  });
  return cell;
}

function scopeRow(scope: string, columns: number): HTMLElement {
  const cell = element('th', { scope: 'rowgroup', className: 'scope' }, scope);
  return element('tr', { className: 'scope' }, cell, element('td', { colSpan: columns }));
}

function valueCell(
  stops: readonly TimelineStop[],
  stop: TimelineStop,
  index: number,
  { scope, name }: Row,
  cursor: number,
  threshold: number,
): HTMLElement {
  const value = stop.scope === scope ? stop.values[name] : undefined;
  const cell = element('td', { className: classes(index, cursor) });
  cell.addEventListener('click', () => {
    select(index);
  });
  if (value === undefined) {
    cell.classList.add('absent');
    return cell;
  }
  const changed = isChanged(stops, index, name);
  if (value.check !== undefined) return checkedCell(cell, name, value, changed);
  const uncertain = value.confidence !== undefined && value.confidence < threshold;
  cell.classList.toggle('changed', changed);
  cell.classList.toggle('uncertain', uncertain);
  const sure = value.confidence === undefined ? '' : `, ${Math.min(99, Math.round(value.confidence * 100))} % sure`;
  cell.title = `${name} = ${value.text}\n${value.provenance}${sure}${changed ? ', changed' : ''}`;
  cell.ariaLabel = `${name}: ${value.text}, ${value.provenance}${sure}${changed ? ', changed' : ''}`;
  if (changed) cell.append(element('span', { className: 'mark', ariaHidden: 'true' }, '◆'));
  cell.append(`${value.text}${uncertain ? ' ?' : ''}`);
  return cell;
}

/** A value beside the real one: agreement by sign and colour. */
function checkedCell(cell: HTMLElement, name: string, { text, check }: TimelineValue, changed: boolean): HTMLElement {
  if (check === undefined) return cell;
  const { verdict, predicted, real } = check;
  const said = [`${name}: ${real ?? 'not there'}`, predicted === null ? 'not predicted' : `predicted ${predicted}`, SPOKEN[verdict]];
  cell.ariaLabel = `${said.join(', ')}${changed ? ', changed' : ''}`;
  cell.title = said.join('\n');
  cell.classList.toggle('changed', changed);
  if (changed) cell.append(element('span', { className: 'mark', ariaHidden: 'true' }, '◆'));
  if (verdict === 'match' || verdict === 'not comparable') {
    const sign = element('span', { className: verdict === 'match' ? 'right' : '', ariaHidden: 'true' }, verdict === 'match' ? ' ✓' : ' ~');
    cell.append(text, sign);
    return cell;
  }
  cell.append(element('span', { className: 'wrong' }, `${predicted === null ? '' : `≈ ${predicted} `}✗`));
  if (real !== null) cell.append(element('span', { className: 'right' }, ` = ${real}`));
  return cell;
}

function classes(index: number, cursor: number): string {
  return [index === cursor ? 'cursor' : '', index === selected ? 'selected' : ''].filter(Boolean).join(' ');
}

/** Looks at another column, and has the session go there. */
function select(index: number): void {
  selected = index;
  render();
  focusSelected();
  tell({ type: 'select', index });
}

function focusSelected(): void {
  main.querySelector<HTMLElement>('th[aria-selected="true"]')?.focus();
}

const ZOOM_KEYS: Readonly<Record<string, -1 | 0 | 1>> = { '+': 1, '=': 1, '-': -1, '0': 0 };

function onKey(event: KeyboardEvent): void {
  const way = ZOOM_KEYS[event.key];
  if (way !== undefined && !event.ctrlKey && !event.metaKey) {
    magnify(zoomed(zoom, way));
    return;
  }
  const last = (shown?.stops.length ?? 0) - 1;
  const places: Record<string, number> = {
    ArrowLeft: selected - 1,
    ArrowRight: selected + 1,
    Home: 0,
    End: last,
    Enter: selected,
  };
  const place = places[event.key];
  if (place === undefined || last < 0) return;
  event.preventDefault();
  select(Math.min(Math.max(place, 0), last));
}

function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]>,
  ...content: (Node | string)[]
): HTMLElementTagNameMap[K] {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...content);
  return made;
}
