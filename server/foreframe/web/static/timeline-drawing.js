/** The timeline's drawing: pure functions from what is seen to SVG. */
import { s } from './dom.js';
import { standing, strideOf } from './layout.js';
import { doubt, shortened } from './values.js';

const MARKS_FROM = 9; // pixels of a column, below which cells are bars

/** Lengths in pixels, for the font's size and the room there is. */
export function sizes(width, branches) {
  const em = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || 16;
  const lane = em * 0.85;
  return {
    em,
    column: em * 3.6,
    row: Math.round(em * 1.35),
    head: Math.round(em * 2.3),
    lane,
    lanes: branches < 2 ? 0 : Math.min(branches, 6) * lane + em * 0.3,
    labels: Math.round(Math.min(em * 9, width * 0.3)),
    text: em * 0.8,
    character: em * 0.8 * 0.602,
  };
}

/** agrees: a disc; differs: a lozenge; unknown: a ring. */
function shape(state, x, y, radius) {
  if (state === 'differs') {
    const r = radius * 1.35;
    return s('path', { class: 'mark differs', d: `M${x} ${y - r}L${x + r} ${y}L${x} ${y + r}L${x - r} ${y}z` });
  }
  return s('circle', { class: `mark ${state}`, cx: x, cy: y, r: state === 'unknown' ? radius * 0.8 : radius });
}

function bar(x, y, width, height) {
  return `M${x.toFixed(1)} ${y.toFixed(1)}h${width.toFixed(1)}v${height.toFixed(1)}h${(-width).toFixed(1)}z`;
}

export function drawCells(shown) {
  const { size, rows, top, height, columnWidth, left, column, home, hover } = shown;
  const begin = size.head + size.lanes;
  const xOf = (index) => size.labels + index * columnWidth - left;
  const group = s('g', { class: 'cells' });
  const band = (index, name) =>
    index >= shown.first && index <= shown.last
      ? group.append(s('rect', { class: name, x: xOf(index), y: 0, width: columnWidth, height }))
      : undefined;
  if (hover !== column) band(hover, 'hover-column');
  band(column, column === home ? 'here-column' : 'peek-column');
  if (column !== home) band(home, 'home-column');
  const firstRow = Math.max(0, Math.floor(top / size.row));
  const lastRow = Math.min(rows.length - 1, Math.ceil((top + height - begin) / size.row));
  for (let index = firstRow; index <= lastRow; index++) {
    const y = begin + index * size.row - top;
    group.append(s('line', { class: 'rule', x1: 0, x2: shown.width, y1: y + size.row, y2: y + size.row }));
    drawRuns(group, rows[index], y, shown, xOf);
  }
  return group;
}

function drawRuns(group, row, y, shown, xOf) {
  const { size, columnWidth } = shown;
  const inset = Math.max(1.5, size.row * 0.12);
  const inner = size.row - 2 * inset;
  const bars = {};
  for (const run of shown.runsWithin(row.runs, shown.first, shown.last)) {
    const x = xOf(run.start);
    const width = (run.end - run.start + 1) * columnWidth;
    if (columnWidth < MARKS_FROM && width < size.em * 3) {
      bars[run.state] = (bars[run.state] ?? '') + bar(x, y + inset, Math.max(1, width - 0.8), inner);
      continue;
    }
    const unsure = run.provenance === 'predicted' ? doubt(run.confidence) : null;
    const from = Math.max(x, size.labels);
    const kind = `${run.provenance}${unsure ? ` doubt${unsure}` : ''} ${run.state}`;
    group.append(s('path', { class: `run ${kind}`, d: bar(x + 0.5, y + inset, width - 1.5, inner) }));
    group.append(s('path', { class: `edge ${kind}`, d: bar(x + 0.5, y + inset, 2, inner) }));
    const markAt = from + size.em * 0.6;
    const hasMark = width > size.em;
    if (hasMark) group.append(shape(run.state, markAt, y + size.row / 2, size.em * 0.22));
    const room = Math.floor((x + width - markAt - size.em * 0.55) / size.character);
    if (room < 1) continue;
    const sign = unsure ? ` ${'?'.repeat(unsure)}` : '';
    const text = shortened(run.text + sign, room);
    if (text === '…') continue;
    group.append(
      s('text', { class: `run-text ${kind}`, x: markAt + size.em * 0.42, y: y + size.row * 0.69, 'font-size': size.text }, text),
    );
  }
  for (const [state, d] of Object.entries(bars)) group.append(s('path', { class: `bars ${state}`, d }));
}

export function drawHead(shown) {
  const { path, size, first, last, columnWidth, left, column, home, width } = shown;
  const group = s('g', { class: 'head' });
  group.append(s('rect', { class: 'head-back', x: 0, y: 0, width, height: size.head }));
  group.append(s('line', { class: 'edge-line', x1: 0, x2: width, y1: size.head, y2: size.head }));
  const stride = strideOf(columnWidth, size.em * 3.3);
  const isWide = columnWidth >= MARKS_FROM;
  const bars = {};
  for (let index = first; index <= last; index++) {
    const step = path[index];
    const x = size.labels + index * columnWidth - left;
    const state = standing(step.right);
    const isEdit = step.reason === 'edit' || step.reason === 'goto' || step.reason === 'past';
    if (isWide) group.append(shape(state, x + size.em * 0.6, size.head - size.em * 0.6, size.em * 0.26));
    else if (state !== 'unknown') {
      bars[state] = (bars[state] ?? '') + bar(x, size.head - size.em * 0.8, Math.max(1, columnWidth - 0.5), size.em * 0.5);
    }
    if (isEdit) {
      const [cx, cy] = [x + size.em * 0.6, size.em * 0.7];
      group.append(s('path', { class: 'fork', d: `M${cx} ${cy + 5}v-3l-3-4m3 4l3-4` }));
    }
    if (index % stride !== 0 && index !== column) continue;
    const isHere = index === column;
    const isNear = !isHere && Math.abs(index - column) * columnWidth < size.em * 3.3;
    if (isNear && stride > 1) continue;
    const at = x + (isEdit ? size.em * 1.2 : size.em * 0.35);
    group.append(
      s('text', { class: isHere ? 'number here' : 'number', x: at, y: size.em * 1, 'font-size': size.text }, String(index + 1)),
    );
    if (columnWidth >= size.em * 2.4) {
      group.append(
        s('text', { class: 'line-number', x: x + size.em * 1.15, y: size.head - size.em * 0.34, 'font-size': size.text * 0.92 }, `:${step.line}`),
      );
    }
  }
  for (const [state, d] of Object.entries(bars)) group.append(s('path', { class: `bars ${state}`, d }));
  if (home >= first && home <= last && (columnWidth < size.em * 2.4 || home !== column)) {
    const x = size.labels + home * columnWidth - left + columnWidth / 2;
    const y = size.head;
    group.append(s('path', { class: 'home-mark', d: `M${x - 5} ${y - 6}h10l-5 6z` }));
  }
  return group;
}

export function drawLanes({ lanes, size, columnWidth, left, width, home, branch }) {
  if (lanes.length < 2) return [];
  const group = s('g', { class: 'lanes' });
  group.append(s('rect', { class: 'lanes-back', x: 0, y: size.head, width, height: size.lanes }));
  group.append(s('line', { class: 'edge-line', x1: 0, x2: width, y1: size.head + size.lanes, y2: size.head + size.lanes }));
  const xOf = (index) => size.labels + (index + 0.5) * columnWidth - left;
  const yOf = (index) => size.head + (index + 0.65) * size.lane;
  const places = new Map(lanes.map(({ branch: number }, index) => [number, index]));
  lanes.slice(0, 6).forEach((lane, index) => {
    const kind = lane.branch === branch ? 'lane current' : 'lane';
    const from = places.get(lane.from);
    const [x, y] = [xOf(lane.start), yOf(index)];
    if (from !== undefined && from < 6) {
      const start = xOf(Math.max(0, lane.start - 1));
      group.append(s('path', { class: `${kind} link`, d: `M${start} ${yOf(from)}L${x} ${y}` }));
    }
    group.append(s('path', { class: kind, d: `M${x} ${y}H${xOf(lane.end)}` }));
    group.append(s('circle', { class: `${kind} node`, cx: x, cy: y, r: size.em * 0.17 }));
    group.append(s('circle', { class: `${kind} node`, cx: xOf(lane.end), cy: y, r: size.em * 0.17 }));
    if (lane.branch === branch) group.append(s('circle', { class: 'lane here', cx: xOf(home), cy: y, r: size.em * 0.27 }));
  });
  return [group];
}

export function drawLabels({ rows, lanes, size, top, height, branch, path, column }) {
  const begin = size.head + size.lanes;
  const group = s('g', { class: 'labels' });
  group.append(s('rect', { class: 'labels-back', x: 0, y: begin, width: size.labels, height: Math.max(0, height - begin) }));
  const room = Math.floor((size.labels - size.em * 1.6) / size.character);
  rows.forEach(({ scope, name }, index) => {
    const y = begin + index * size.row - top;
    if (y < begin - size.row || y > height) return;
    const isScope = name === null;
    const isHere = isScope && path[column]?.function === scope;
    group.append(
      s(
        'text',
        {
          class: isScope ? (isHere ? 'scope here' : 'scope') : 'name',
          x: size.em * (isScope ? 0.6 : 1.2),
          y: y + size.row * 0.69,
          'font-size': size.text,
        },
        shortened(isScope ? scope : name, room),
      ),
    );
  });
  // What has scrolled under the head is covered by it.
  group.append(s('rect', { class: 'head-back', x: 0, y: 0, width: size.labels, height: size.head }));
  group.append(s('text', { class: 'corner', x: size.em * 0.6, y: size.em * 1, 'font-size': size.text }, 'step'));
  group.append(
    s('text', { class: 'corner', x: size.em * 0.6, y: size.head - size.em * 0.34, 'font-size': size.text * 0.92 }, 'line'),
  );
  if (lanes.length >= 2) {
    group.append(s('rect', { class: 'lanes-back', x: 0, y: size.head, width: size.labels, height: size.lanes }));
    lanes.slice(0, 6).forEach((lane, index) => {
      const kind = lane.branch === branch ? 'lane-name current' : 'lane-name';
      const label = lane.change ?? (lane.from === null ? 'from the start' : `branch ${lane.branch + 1}`);
      group.append(
        s('text', { class: kind, x: size.em * 0.6, y: size.head + (index + 0.9) * size.lane, 'font-size': size.text * 0.88 }, shortened(label, room)),
      );
    });
  }
  group.append(s('line', { class: 'edge-line', x1: size.labels, x2: size.labels, y1: 0, y2: height }));
  return group;
}
