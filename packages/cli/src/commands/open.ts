import { spawn } from 'node:child_process';
import { Command } from 'commander';
import { prepareCommand } from '../connection/prepare-command.ts';
import { assertSafeForSecrets } from '../connection/server-url.ts';
import type { Context } from '../context.ts';
import { noPages } from '../errors.ts';
import type { GlobalOptions } from '../global-options.ts';
import { formatHelp } from '../terminal/help-text.ts';

/** A browser that still runs by then was opened: some stay in the foreground until they end. */
const OPENED_AFTER_MS = 3000;

const help = formatHelp({
  examples: [
    ['authsvc open', 'opens your account page in the default browser'],
    ['authsvc open --json', 'prints its address; so does a pipe, and a machine without a display'],
  ],
  json: ['{"url":"http://127.0.0.1:4100/account"}'],
});

/** `authsvc open` */
export function createCommand(context: Context): Command {
  return new Command('open')
    .description('Open your account page in the browser, or print its address')
    .addHelpText('after', help)
    .action((_, command: Command) => openAccountPage(context, command.optsWithGlobals<GlobalOptions>()));
}

async function openAccountPage(context: Context, options: GlobalOptions): Promise<void> {
  const { terminal, client } = await prepareCommand(context, options);
  const pages = await client.findPages();
  if (pages === undefined) {
    throw noPages();
  }
  // Passwords are typed there.
  assertSafeForSecrets(pages, options.insecureHttp === true);
  const url = `${pages}/account`;
  terminal.printJson({ url });
  if (terminal.isJson) return;
  const opener = context.stdout.isTTY === true ? findOpener(context) : undefined;
  if (!opener) return terminal.printLines(url);
  const failure = await runOpener(context, opener, url);
  if (failure === undefined) return terminal.succeed(`Opened ${terminal.notePaint.bold(url)} in the browser`);
  if (failure !== NOT_INSTALLED) terminal.warn(`${opener[0]} could not open the browser: ${failure}`);
  terminal.printLines(url);
}

type Opener = readonly [program: string, ...args: string[]];

const NOT_INSTALLED = 'it is not installed';

/** The program that opens an address in the default browser; none where nothing can be shown. */
function findOpener({ platform, env }: Context): Opener | undefined {
  if (platform === 'darwin') return ['open'];
  // What `start` of the shell does, without the shell.
  if (platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env.DISPLAY || env.WAYLAND_DISPLAY ? ['xdg-open'] : undefined;
}

/** @returns why the browser could not be opened, if it could not. */
function runOpener({ env }: Context, [program, ...args]: Opener, url: string): Promise<string | undefined> {
  const { AUTHSVC_SESSION: _, ...rest } = env;
  // In a process group of its own, so that Ctrl-C here does not close the browser later.
  const child = spawn(program, [...args, url], { env: rest, stdio: 'ignore', detached: true });
  child.unref();
  return new Promise((resolve) => {
    const opened = setTimeout(resolve, OPENED_AFTER_MS, undefined);
    const end = (failure?: string) => {
      clearTimeout(opened);
      resolve(failure);
    };
    child.once('error', ({ code }: NodeJS.ErrnoException) =>
      end(code === 'ENOENT' ? NOT_INSTALLED : `it cannot be run (${code})`),
    );
    child.once('exit', (status, signal) =>
      end(status === 0 ? undefined : `it ended with ${signal ?? `status ${status}`}`),
    );
  });
}
