/** Suggests arguments for a function from what its file already says. Nothing is evaluated. */
import type { SyntaxNode } from '@lezer/common';
import { PythonSyntax, type Parameter, type PythonFunction } from './syntax';

export interface ArgumentSuggestion {
  /** What stands between the parentheses of a call. */
  readonly args: string;
  /** Where it comes from, for a person. */
  readonly origin: string;
}

/** Suggestions for calling `target`, the most telling first: doctests, comments, calls, types. */
export function suggestArguments(syntax: PythonSyntax, target: PythonFunction): ArgumentSuggestion[] {
  const parameters = callParameters(target);
  const found = new Map<string, ArgumentSuggestion>();
  const add = (args: string, origin: string): void => {
    const oneLine = args.replace(/\s*\n\s*/g, ' ');
    if (fits(oneLine, parameters) && !found.has(oneLine)) found.set(oneLine, { args: oneLine, origin });
  };
  for (const line of target.docstring.matchAll(/^\s*(?:>>>|\.\.\.)\s*(.+)$/gm)) {
    for (const call of literalCalls(line[1] ?? '', target.name)) add(call, 'from its doctest');
  }
  for (const comment of syntax.source.matchAll(/#\s*(.+)$/gm)) {
    if (!isComment(syntax, comment.index)) continue;
    for (const call of literalCalls(comment[1] ?? '', target.name)) {
      add(call, `from the comment on line ${lineOf(syntax.source, comment.index)}`);
    }
  }
  for (const call of callsTo(syntax, target.name)) {
    const args = literalArguments(syntax, call);
    if (args !== undefined) add(args, `from the call on line ${lineOf(syntax.source, call.from)}`);
  }
  const defaults = example(parameters);
  if (defaults !== undefined) add(defaults, parameters.length === 0 ? 'takes none' : 'from its parameters');
  return [...found.values()];
}

/** The parameters that a caller fills: without the `self` or `cls` of a method. */
export function callParameters(target: PythonFunction): readonly Parameter[] {
  return target.method ? target.parameters.slice(1) : target.parameters;
}

/** Whether the function can be called with nothing between the parentheses. */
export function needsArguments(target: PythonFunction): boolean {
  return callParameters(target).some(isRequired);
}

/** Says what is wrong with `args` as a call's literal arguments, or undefined. */
export function argumentsProblem(args: string, target: PythonFunction): string | undefined {
  const syntax = new PythonSyntax(`f(${args})`);
  const list = soleCall(syntax)?.getChild('ArgList');
  if (!list || hasError(list)) return 'These are no arguments of a call: write them as between its parentheses.';
  if (!isLiteralList(syntax, list)) {
    return "Only literals can be given, such as 1, 'text', [1, 2] or {'key': None}.";
  }
  const parameters = callParameters(target);
  return fits(args, parameters) ? undefined : `${target.name}(${signature(parameters)}) cannot be called so.`;
}

/** The parameters as one line of text. */
export function signature(parameters: readonly Parameter[]): string {
  const parts: string[] = [];
  parameters.forEach((p, i) => {
    const previous = parameters[i - 1]?.kind;
    if (p.kind === 'keyword only' && previous !== 'keyword only' && previous !== 'rest') parts.push('*');
    const stars = p.kind === 'rest' ? '*' : p.kind === 'keywords' ? '**' : '';
    const type = p.annotation === undefined ? '' : `: ${p.annotation}`;
    const value = p.defaultText === undefined ? '' : type ? ` = ${p.defaultText}` : `=${p.defaultText}`;
    parts.push(stars + p.name + type + value);
    if (p.kind === 'positional only' && parameters[i + 1]?.kind !== 'positional only') parts.push('/');
  });
  return parts.join(', ');
}

function isRequired(p: Parameter): boolean {
  return p.defaultText === undefined && p.kind !== 'rest' && p.kind !== 'keywords';
}

/** Literal calls of `name` in one line of free text such as a comment. */
function literalCalls(text: string, name: string): string[] {
  const calls: string[] = [];
  for (const match of text.matchAll(new RegExp(`(?<![\\w])${name}\\(`, 'g'))) {
    const syntax = new PythonSyntax(text.slice(match.index));
    const call = soleCall(syntax);
    const args = call ? literalArguments(syntax, call) : undefined;
    if (args !== undefined) calls.push(args);
  }
  return calls;
}

/** The call that a text begins with: free text may follow it. */
function soleCall(syntax: PythonSyntax): SyntaxNode | undefined {
  for (let node: SyntaxNode | null = syntax.root.resolveInner(0, 1); node; node = node.parent) {
    if (node.name === 'CallExpression') return node;
  }
  return undefined;
}

function callsTo(syntax: PythonSyntax, name: string): SyntaxNode[] {
  const calls: SyntaxNode[] = [];
  syntax.root.cursor().iterate((node) => {
    if (node.name !== 'CallExpression') return;
    const callee = node.node.firstChild;
    const last = callee?.name === 'MemberExpression' ? callee.getChild('PropertyName') : callee;
    if (last && syntax.text(last) === name) calls.push(node.node);
  });
  return calls;
}

function literalArguments(syntax: PythonSyntax, call: SyntaxNode): string | undefined {
  const list = call.getChild('ArgList');
  if (list === null || !isLiteralList(syntax, list)) return undefined;
  return syntax.source.slice(list.from + 1, list.to - 1).trim();
}

const ATOMS = new Set(['Number', 'String', 'ContinuedString', 'Boolean', 'None', 'Ellipsis', ',', ':', '(', ')', '[', ']', '{', '}']);
const CONTAINERS = new Set(['ArrayExpression', 'TupleExpression', 'SetExpression', 'DictionaryExpression', 'ParenthesizedExpression', 'ContinuedString']);

function isLiteral(syntax: PythonSyntax, node: SyntaxNode): boolean {
  if (node.name === 'UnaryExpression') {
    const [sign, operand] = [node.firstChild, node.lastChild];
    return sign !== null && operand?.name === 'Number' && '+-'.includes(syntax.text(sign));
  }
  if (CONTAINERS.has(node.name)) return childNodes(node).every((child) => isLiteral(syntax, child));
  return ATOMS.has(node.name);
}

function isLiteralList(syntax: PythonSyntax, list: SyntaxNode): boolean {
  return childNodes(list).every((child) => {
    if (child.name === 'VariableName') return child.nextSibling?.name === 'AssignOp';
    return child.name === 'AssignOp' || isLiteral(syntax, child);
  });
}

/** Whether literal arguments reach the parameters as Python binds them. */
function fits(args: string, parameters: readonly Parameter[]): boolean {
  const syntax = new PythonSyntax(`f(${args})`);
  const list = soleCall(syntax)?.getChild('ArgList');
  if (list?.to !== syntax.source.length || hasError(list)) return false;
  const keywords = childNodes(list).filter((n) => n.name === 'VariableName').map((n) => syntax.text(n));
  const values = childNodes(list).filter((n) => !['(', ')', ',', 'AssignOp', 'VariableName'].includes(n.name));
  const positional = values.length - keywords.length;
  const places = parameters.filter((p) => p.kind === 'positional' || p.kind === 'positional only');
  if (positional > places.length && !parameters.some((p) => p.kind === 'rest')) return false;
  const filled = new Set(places.slice(0, positional).map((p) => p.name));
  for (const keyword of keywords) {
    const named = parameters.some((p) => p.name === keyword && (p.kind === 'positional' || p.kind === 'keyword only'));
    if (filled.has(keyword) || (!named && !parameters.some((p) => p.kind === 'keywords'))) return false;
    filled.add(keyword);
  }
  return parameters.every((p) => !isRequired(p) || filled.has(p.name));
}

/** Arguments made up from types: every required parameter gets a small value of its type. */
function example(parameters: readonly Parameter[]): string | undefined {
  const parts: string[] = [];
  for (const p of parameters) {
    if (!isRequired(p)) continue;
    const value = exampleOf(p.annotation);
    if (value === undefined) return undefined;
    parts.push(p.kind === 'keyword only' ? `${p.name}=${value}` : value);
  }
  return parts.join(', ');
}

function exampleOf(annotation: string | undefined): string | undefined {
  const type = (annotation ?? '').replace(/^['"]|['"]$/g, '').replace(/^(?:typing|t)\./, '').trim();
  const optional = /^Optional\[(.*)\]$/s.exec(type)?.[1] ?? /^([^[|]+(?:\[.*\])?)\s*\|/s.exec(type)?.[1];
  if (optional !== undefined) return exampleOf(optional.trim());
  const [, outer = '', inner = ''] = /^(\w+)(?:\[(.*)\])?$/s.exec(type) ?? [];
  const first = splitTypes(inner);
  switch (outer.toLowerCase()) {
    case 'int':
      return '3';
    case 'float':
      return '1.5';
    case 'bool':
      return 'True';
    case 'str':
      return "'abc'";
    case 'bytes':
      return "b'abc'";
    case 'list':
    case 'sequence':
    case 'iterable':
    case 'collection': {
      const item = exampleOf(first[0]);
      return item === undefined ? '[3, 1, 2]' : item === '3' ? '[3, 1, 2]' : `[${item}]`;
    }
    case 'set':
      return `{${exampleOf(first[0]) ?? '3'}}`;
    case 'tuple': {
      const items = first.filter((t) => t !== '...').map((t) => exampleOf(t) ?? '3');
      return items.length === 0 ? '(3, 1)' : items.length === 1 ? `(${items.join('')},)` : `(${items.join(', ')})`;
    }
    case 'dict':
    case 'mapping':
      return `{${exampleOf(first[0]) ?? "'a'"}: ${exampleOf(first[1]) ?? '3'}}`;
    default:
      return undefined;
  }
}

/** Splits `str, list[int]` at its outermost commas. */
function splitTypes(text: string): string[] {
  const parts: string[] = [];
  let depth = 0;
  let part = '';
  for (const c of text) {
    if (c === '[') depth++;
    if (c === ']') depth--;
    if (c === ',' && depth === 0) {
      parts.push(part.trim());
      part = '';
    } else {
      part += c;
    }
  }
  return part.trim() ? [...parts, part.trim()] : parts;
}

function childNodes(node: SyntaxNode): SyntaxNode[] {
  const nodes: SyntaxNode[] = [];
  for (let child = node.firstChild; child !== null; child = child.nextSibling) nodes.push(child);
  return nodes;
}

function hasError(node: SyntaxNode): boolean {
  let broken = false;
  node.cursor().iterate((n) => {
    if (n.type.isError) broken = true;
  });
  return broken;
}

function isComment(syntax: PythonSyntax, offset: number): boolean {
  return syntax.root.resolveInner(offset, 1).name === 'Comment';
}

function lineOf(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}
