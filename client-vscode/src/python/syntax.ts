/** The syntax tree of a Python file: its functions, and where names are read or bound. */
import type { SyntaxNode } from '@lezer/common';
import type * as Lezer from '@lezer/python';

/** Loaded with the first file that is parsed: it takes longer than the rest of the extension. */
function parse(source: string): SyntaxNode {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- an import would be loaded at once
  const { parser } = require('@lezer/python') as typeof Lezer;
  return parser.parse(source).topNode;
}

/** How an argument can reach a parameter. */
export type ParameterKind = 'positional only' | 'positional' | 'rest' | 'keyword only' | 'keywords';

export interface Parameter {
  readonly name: string;
  readonly kind: ParameterKind;
  /** Source text of the annotation, or undefined. */
  readonly annotation: string | undefined;
  /** Source text of the default, or undefined. */
  readonly defaultText: string | undefined;
}

/** A `def` with its place; offsets are UTF-16 code units, `to` exclusive. */
export interface PythonFunction {
  readonly name: string;
  /** Dotted name as a launch configuration gives it: `f`, `Class.method`. */
  readonly path: string;
  /** Whether the function stands in the module or a class, so that it can be started from outside. */
  readonly reachable: boolean;
  /** Whether the function is a method, so that a call binds its first parameter. */
  readonly method: boolean;
  /** Start of the first decorator, or of the `def`. */
  readonly from: number;
  readonly nameFrom: number;
  readonly to: number;
  readonly parameters: readonly Parameter[];
  readonly docstring: string;
}

/** A variable's name in the text. */
export interface Name {
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A parsed file. Parsing never fails: what is broken becomes error nodes. */
export class PythonSyntax {
  readonly root: SyntaxNode;

  constructor(readonly source: string) {
    this.root = parse(source);
  }

  text(node: SyntaxNode): string {
    return this.source.slice(node.from, node.to);
  }

  /** All functions, in order of their text. */
  functions(): PythonFunction[] {
    const found: PythonFunction[] = [];
    const visit = (node: SyntaxNode, path: readonly string[], inFunction: boolean, inClass: boolean): void => {
      for (const child of children(node)) {
        const nameNode = child.getChild('VariableName');
        if (child.name === 'FunctionDefinition' && nameNode !== null) {
          const name = this.text(nameNode);
          const outer = child.parent?.name === 'DecoratedStatement' ? child.parent : child;
          found.push({
            name,
            path: [...path, name].join('.'),
            reachable: !inFunction,
            method: inClass && !this.decorators(outer).includes('staticmethod'),
            from: outer.from,
            nameFrom: nameNode.from,
            to: this.endOfText(child),
            parameters: this.parameters(child),
            docstring: this.docstring(child),
          });
          visit(child, [...path, name], true, false);
        } else if (child.name === 'ClassDefinition' && nameNode !== null) {
          visit(child, [...path, this.text(nameNode)], inFunction, true);
        } else {
          visit(child, path, inFunction, inClass && child.name !== 'FunctionDefinition');
        }
      }
    };
    visit(this.root, [], false, false);
    return found;
  }

  /** The innermost function around `offset`, decorators included. */
  functionAt(offset: number): PythonFunction | undefined {
    return this.functions().findLast((f) => f.from <= offset && offset <= f.to);
  }

  /**
   * The names that belong to one scope: the module's own (`scope` undefined) or a function's.
   * Left out are attributes, keywords of calls, imports, and names of scopes inside it
   * (comprehensions and lambdas bind names that only look the same).
   */
  names(scope: PythonFunction | undefined): Name[] {
    const names: Name[] = [];
    const visit = (node: SyntaxNode, hidden: ReadonlySet<string>): void => {
      if (OPAQUE.has(node.name)) return;
      if (node.name === 'VariableName') {
        const name = this.text(node);
        if (!hidden.has(name) && !isKeyword(node)) names.push({ name, from: node.from, to: node.to });
        return;
      }
      if (node.name === 'Body' && isScope(node.parent)) return;
      if (node.name === 'ParamList' && isScope(node.parent)) {
        // Defaults and annotations belong to the scope outside; the names do not.
        for (const child of children(node)) if (!isParameterName(child)) visit(child, hidden);
        return;
      }
      let inner = hidden;
      if (node.name.endsWith('ComprehensionExpression') || isGenerator(node)) {
        inner = new Set([...hidden, ...this.comprehensionTargets(node)]);
      } else if (node.name === 'LambdaExpression') {
        inner = new Set([...hidden, ...this.parameters(node).map((p) => p.name)]);
      }
      for (const child of children(node)) visit(child, inner);
    };
    if (scope === undefined) {
      visit(this.root, new Set());
      return names;
    }
    const definition = this.definition(scope);
    const parameters = definition?.getChild('ParamList');
    const body = definition?.getChild('Body');
    for (const child of parameters ? children(parameters) : []) {
      if (isParameterName(child)) names.push({ name: this.text(child), from: child.from, to: child.to });
    }
    for (const child of body ? children(body) : []) visit(child, new Set());
    return names;
  }

  private definition(scope: PythonFunction): SyntaxNode | null {
    const name = this.root.resolveInner(scope.nameFrom, 1);
    return name.parent?.name === 'FunctionDefinition' ? name.parent : null;
  }

  /** Body nodes reach over the blank lines after them; their text does not. */
  private endOfText(node: SyntaxNode): number {
    return node.from + this.text(node).trimEnd().length;
  }

  private decorators(decorated: SyntaxNode): string[] {
    return decorated.getChildren('Decorator').map((d) => this.text(d).replace(/^@/, '').trim());
  }

  private docstring(definition: SyntaxNode): string {
    const first = definition.getChild('Body')?.getChild('ExpressionStatement');
    const statement = first?.prevSibling?.name === ':' ? first.firstChild : null;
    return statement?.name === 'String' ? this.text(statement) : '';
  }

  private parameters(owner: SyntaxNode): Parameter[] {
    const list = owner.getChild('ParamList');
    if (list === null) return [];
    const parameters: Parameter[] = [];
    let star = '';
    let keywordOnly = false;
    for (const child of children(list)) {
      const text = this.text(child);
      // The grammar keeps no node for a lone `/`: it is what stands between two commas.
      if (/^\s*\/\s*$/.test(this.source.slice(child.prevSibling?.to ?? child.from, child.from))) {
        parameters.forEach((p, i) => (parameters[i] = { ...p, kind: 'positional only' }));
      }
      if (text === '*' || text === '**') {
        star = text;
        keywordOnly = true;
      } else if (isParameterName(child)) {
        const annotation = child.nextSibling?.name === 'TypeDef' ? child.nextSibling : null;
        const assign = (annotation ?? child).nextSibling;
        const value = assign?.name === 'AssignOp' ? assign.nextSibling : null;
        parameters.push({
          name: text,
          kind: star === '**' ? 'keywords' : star === '*' ? 'rest' : keywordOnly ? 'keyword only' : 'positional',
          annotation: annotation ? this.text(annotation).replace(/^:\s*/, '') : undefined,
          defaultText: value ? this.text(value) : undefined,
        });
        star = '';
      } else if (child.name === ',') {
        star = '';
      }
    }
    return parameters;
  }

  private comprehensionTargets(node: SyntaxNode): string[] {
    const targets: string[] = [];
    const collect = (target: SyntaxNode): void => {
      if (target.name === 'VariableName') targets.push(this.text(target));
      for (const child of children(target)) collect(child);
    };
    let binding = false;
    for (const child of children(node)) {
      if (child.name === 'for') binding = true;
      else if (child.name === 'in') binding = false;
      else if (binding) collect(child);
    }
    return targets;
  }
}

/** Nodes in which no variable of the surrounding scope is read. */
const OPAQUE = new Set(['ImportStatement', 'ScopeStatement', 'String', 'Comment', 'PropertyName']);

function* children(node: SyntaxNode): Generator<SyntaxNode> {
  for (let child = node.firstChild; child !== null; child = child.nextSibling) yield child;
}

function isScope(node: SyntaxNode | null): boolean {
  return node?.name === 'FunctionDefinition' || node?.name === 'ClassDefinition';
}

/** `(x for x in xs)` and `f(x for x in xs)`: their bracket node holds the `for` itself. */
function isGenerator(node: SyntaxNode): boolean {
  return (node.name === 'ParenthesizedExpression' || node.name === 'ArgList') && node.getChild('for') !== null;
}

/** The `k` of `f(k=1)` and of `case P(k=1)`. */
function isKeyword(node: SyntaxNode): boolean {
  const parent = node.parent?.name;
  if (parent === 'KeywordPattern') return true;
  return parent === 'ArgList' && node.nextSibling?.name === 'AssignOp';
}

/** A name in a ParamList that is bound, not one that is a default. */
function isParameterName(node: SyntaxNode): boolean {
  return (
    node.name === 'VariableName' &&
    node.parent?.name === 'ParamList' &&
    node.prevSibling?.name !== 'AssignOp'
  );
}
