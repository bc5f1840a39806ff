import { symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { openPseudoTerminal } from '../../test/pseudo-terminal.ts';
import { cleanEnvironment, root } from '../support/program.ts';

/** A command that a page shows as typed, and the lines below it. */
export interface Step {
  readonly command: string;
  readonly lines: readonly string[];
}

const READY = 'ready> ';

/** The commands in the console blocks of a page, in order. */
export function readSteps(page: string): Step[] {
  const blocks = [...page.matchAll(/^```console\n(.*?)^```/gms)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ /m)
      .slice(1)
      .map((step) => {
        const [command = '', ...lines] = step.trimEnd().split('\n');
        return { command, lines };
      }),
  );
}

/**
 * Opens a shell in which a reader of a page types its commands.
 *
 * @param port of the service, where pages say 4100
 */
export async function openShell(home: string, port: number) {
  await symlink(join(root, 'node_modules'), join(home, 'node_modules'));
  const shell = openPseudoTerminal('bash', ['--norc', '--noprofile', '--noediting', '-i'], {
    ...cleanEnvironment(home, {
      AUTHSVC_BCRYPT_COST: '10',
      AUTHSVC_LISTEN_PORT: `${port}`,
      AUTHSVC_URL: `http://127.0.0.1:${port}`,
      PATH: [join(root, 'node_modules', '.bin'), process.env.PATH].join(delimiter),
      PS1: READY,
      TZ: 'UTC',
    }),
  });
  shell.type(`cd '${home}'\r`);
  await shell.shows(READY);
  await shell.shows(READY);

  return {
    /** Types a command, answers its prompts as the page does, and returns what it shows. */
    type: async ({ command, lines }: Step, password: string): Promise<string[]> => {
      const from = shell.screen().length;
      shell.answer(command.replaceAll('4100', `${port}`));
      for (const line of lines) {
        const [, label = '', answer = ''] = /^\? ([^:]+:) (.*)$/.exec(line) ?? [];
        if (label === '') continue;
        await shell.shows(`? ${label}`);
        shell.answer(/^\*+$/.test(answer) ? password : answer);
      }
      await shell.shows(READY);
      // What curl prints does not end in a line break.
      const [, ...shown] = shell
        .screen()
        .slice(from)
        .trimEnd()
        .replace(/(\r\n)?ready>$/, '')
        .split('\r\n');
      return shown.map((line) => lastFrame(line).replaceAll(`${port}`, '4100'));
    },
  };
}

/** A prompt is drawn over itself with every key. */
function lastFrame(line: string): string {
  return line.startsWith('? ') ? line.slice(line.lastIndexOf('? ')) : line;
}

/** Replaces what differs from run to run. */
export function withoutChance(lines: readonly string[]): string {
  return lines
    .join('\n')
    .replaceAll(/,\n +(?=")/g, ',')
    .replaceAll(/\b[\da-f]{8}((-[\da-f]{4}){3}-[\da-f]{12}\b|-…)/g, '<id>')
    .replaceAll(/^([●○] {2})[\da-f]{8}\b/gm, '$1<id>')
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d\.\d{3}Z)?/g, '<time>')
    .replaceAll(/("pid":|pid )\d+/g, '$1<pid>');
}

/** What was shown, but the page's own text where that leaves something out with `…`. */
export function asOnPage(shown: string, page: string): string {
  const parts = page.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(shown) ? page : shown;
}
