import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { startContractServer } from '../testing/contract-server.ts';
import { authsvcFile } from '../testing/pseudo-terminal.ts';
import { createTestMachine } from '../testing/test-machine.ts';

let env: Readonly<Record<string, string>>;
let url: string;

beforeEach(async () => {
  const server = await startContractServer();
  url = server.url;
  const machine = createTestMachine({ AUTHSVC_URL: url, AUTHSVC_STORAGE: 'file' });
  server.users.set('ada@example.com', 'correct horse');
  await machine.authsvc(['login', '--email', 'ada@example.com', '--password-stdin'], { input: 'correct horse' });
  env = { HOME: machine.home, AUTHSVC_URL: url, AUTHSVC_STORAGE: 'file', PATH: process.env.PATH ?? '' };
});

function start(...line: string[]) {
  const child = spawn(process.execPath, [authsvcFile, 'exec', ...line], { env });
  onTestFinished(() => {
    child.kill('SIGKILL');
  });
  return child;
}

async function end(child: ReturnType<typeof start>) {
  child.stdin.end('from standard input');
  const [stdout, stderr, [status]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { status, stdout, stderr };
}

const node = (script: string) => ['--', process.execPath, '-e', script];

describe('authsvc exec', () => {
  it('gives the command the session, the server and all three streams', async () => {
    const script = `
      const { AUTHSVC_SESSION, AUTHSVC_URL } = process.env;
      process.stdin.on('data', (data) => console.log(AUTHSVC_SESSION, AUTHSVC_URL, String(data), process.argv.slice(1).join()));
      console.error('to standard error');`;
    expect(await end(start(...node(script), '--', '--json', '-x'))).toEqual({
      status: 0,
      stdout: `session-1-of-ada-example.com ${url} from standard input --json,-x\n`,
      stderr: 'to standard error\n',
    });
  });

  it('ends as the command ends', async () => {
    for (const status of [0, 1, 9, 255]) {
      expect(await end(start(...node(`process.exit(${status})`)))).toEqual({ status, stdout: '', stderr: '' });
    }
    expect((await end(start(...node("process.kill(process.pid, 'SIGKILL')")))).status).toBe(137);
  });

  it('says as a shell does that there is no such command, or that it cannot be run', async () => {
    expect(await end(start('--', 'no-such-program'))).toEqual({
      status: 127,
      stdout: '',
      stderr: '✗ There is no program no-such-program\n',
    });
    expect(await end(start('--', env.HOME ?? ''))).toMatchObject({ status: 126, stdout: '' });
    expect((await end(start())).status).toBe(2);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('passes %s on, and lets the command decide', async (signal, status) => {
    const script = (handler: string) => node(`${handler}; setInterval(() => {}, 1000); console.log('ready')`);
    const plain = start(...script(''));
    await once(plain.stdout, 'data');
    plain.kill(signal);
    expect(await once(plain, 'exit')).toEqual([status, null]);

    const decides = start(...script(`process.on('${signal}', () => process.exit(7))`));
    await once(decides.stdout, 'data');
    decides.kill(signal);
    expect(await once(decides, 'exit')).toEqual([7, null]);
  });

  it('leaves Ctrl-C to the command, which the terminal tells as well', async () => {
    const child = start(
      ...node(`process.on('SIGTERM', () => process.exit(5)); setInterval(() => {}, 1000); console.log('ready')`),
    );
    await once(child.stdout, 'data');
    child.kill('SIGINT');
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([5, null]);
  });
});
