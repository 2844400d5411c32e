/** Which variables stand on which lines of the shown function. Pure: a syntax tree and its text in. */

export const PER_LINE = 6;

/**
 * The names to show beside lines, as a map from line (1-based) to names, for the function of this
 * name that `line` lies in: those that are `known`, on the lines from its first to `line`.
 */
export function namesByLine(tree, text, functionName, line, known) {
  const starts = lineStarts(text);
  const scope = scopeOf(tree, text, starts, functionName, line);
  const found = new Map();
  if (scope === null) return found;
  tree.iterate({
    from: scope.from,
    to: Math.min(scope.to, starts[line] ?? text.length),
    enter: (node) => {
      const isOther = /^(FunctionDefinition|LambdaExpression|ClassDefinition)$/.test(node.name);
      // Names of another scope; what lies around this one is entered.
      if (isOther && (scope.isWhole || node.from > scope.from)) return false;
      if (node.name !== 'VariableName') return true;
      const name = text.slice(node.from, node.to);
      if (!known.has(name)) return true;
      const at = lineAt(starts, node.from);
      if (at > line) return true;
      const names = found.get(at) ?? [];
      if (!names.includes(name) && names.length < PER_LINE) names.push(name);
      found.set(at, names);
      return true;
    },
  });
  return found;
}

/** Functions that a session can begin with: `{name, parameters, line}`, methods without. */
export function functionsOf(tree, text) {
  const starts = lineStarts(text);
  const found = [];
  for (let node = tree.topNode.firstChild; node !== null; node = node.nextSibling) {
    const definition = node.name === 'DecoratedStatement' ? node.getChild('FunctionDefinition') : node;
    if (definition?.name !== 'FunctionDefinition') continue;
    const name = definition.getChild('VariableName');
    const list = definition.getChild('ParamList');
    if (name === null) continue;
    const parameters = list === null ? '' : text.slice(list.from + 1, list.to - 1).replace(/\s+/g, ' ').trim();
    found.push({ name: text.slice(name.from, name.to), parameters, line: lineAt(starts, definition.from) });
  }
  return found;
}

function scopeOf(tree, text, starts, functionName, line) {
  const last = functionName.replace(/\(.*$/s, '').split('.').at(-1);
  if (last === '<module>') return { from: 0, to: text.length, isWhole: true };
  if (last.startsWith('<')) return null;
  const end = (starts[line] ?? text.length + 1) - 1;
  let node = tree.resolveInner(Math.max(0, end - trailing(text, end)), -1);
  for (; node !== null; node = node.parent) {
    if (node.name !== 'FunctionDefinition') continue;
    const name = node.getChild('VariableName');
    if (name !== null && text.slice(name.from, name.to) === last) return { from: node.from, to: node.to, isWhole: false };
  }
  return null;
}

/** How many blanks stand before an offset. */
function trailing(text, offset) {
  return /\s*$/.exec(text.slice(Math.max(0, offset - 1000), offset))[0].length;
}

/** Where each line begins; the entry for a line that does not exist is undefined. */
export function lineStarts(text) {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

/** The line (1-based) of an offset. */
export function lineAt(starts, offset) {
  let [low, high] = [0, starts.length];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle] <= offset) low = middle;
    else high = middle;
  }
  return low + 1;
}
