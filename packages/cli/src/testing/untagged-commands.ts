import { parseAst } from 'rolldown/parseAst';

interface Node {
  readonly type: string;
  readonly [key: string]: unknown;
}

const HOLE = '\u0000';

/**
 * Find the places of a source that put a value into a command without the tag `shell`, or between
 * quotes within it.
 *
 * @param names the commands of `authsvc`.
 */
export function untaggedCommands(source: string, names: readonly string[]): string[] {
  const others = 'chmod|chown|sudo|systemctl|journalctl|loginctl|kill -|rm -|mv -|cp -|psql|pg_restore|printf [%"\']';
  const looksLikeCommand = new RegExp(`(^|[^\\w-])(authsvc (${names.join('|')})\\b|(${others}))[^\\n]*${HOLE}`);
  const found: string[] = [];
  const walk = (node: Node, isTagged = false): void => {
    const text = textOf(node);
    if (text !== undefined) {
      const isWrong = isTagged ? holdsHoleInQuotes(text) : looksLikeCommand.test(text);
      if (isWrong) found.push(text.replaceAll(HOLE, '<value>'));
    }
    for (const [key, child] of Object.entries(node)) {
      const isTag = node.type === 'TaggedTemplateExpression' && (node.tag as Node).name === 'shell' && key === 'quasi';
      // The parts of a sum are one text.
      if (node.type === 'BinaryExpression' && text !== undefined && isNode(child) && textOf(child) !== undefined)
        continue;
      for (const inner of [child].flat()) if (isNode(inner)) walk(inner, isTag);
    }
  };
  walk(parseAst(source, { lang: 'ts' }) as unknown as Node);
  return found;
}

/**
 * The text of a template, of a sum, or of joined pieces, with a hole for each value that is put in.
 */
function textOf(node: Node): string | undefined {
  if (node.type === 'TemplateLiteral') {
    return (node.quasis as { value: { cooked: string } }[]).map(({ value }) => value.cooked).join(HOLE);
  }
  if (node.type === 'BinaryExpression' && node.operator === '+') {
    return [node.left, node.right].map((part) => partOf(part as Node)).join('');
  }
  const { callee, arguments: given } = node as { callee?: Node; arguments?: Node[] };
  const isJoin = node.type === 'CallExpression' && (callee?.property as Node | undefined)?.name === 'join';
  const list = isJoin ? (callee?.object as Node) : undefined;
  if (list?.type !== 'ArrayExpression') return undefined;
  return (list.elements as Node[]).map(partOf).join(given?.[0] ? partOf(given[0]) : ',');
}

function partOf(node: Node): string {
  if (node.type === 'Literal' && typeof node.value === 'string') return node.value;
  return textOf(node) ?? HOLE;
}

function holdsHoleInQuotes(text: string): boolean {
  return text
    .split(HOLE)
    .slice(0, -1)
    .some((_, index, parts) => /^([^"']|"[^"]*"|'[^']*')*$/.test(parts.slice(0, index + 1).join('')) === false);
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value;
}
