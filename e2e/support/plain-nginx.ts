import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { execa } from 'execa';

export interface Nginx {
  readonly url: string;
  stop(): Promise<void>;
}

/** Where Debian puts it; not every user has it in the path. */
export const nginxProgram = '/usr/sbin/nginx';

/** Why nginx cannot be run on this machine; nothing when it can. */
export const nginxObstacle =
  spawnSync(nginxProgram, ['-v'], { stdio: 'ignore' }).status === 0 ? undefined : 'nginx is not installed';

/** Starts an nginx that passes everything on to `upstream` and says nothing about it but `directives`. */
export async function startPlainNginx(
  folder: string,
  upstream: string,
  directives: readonly string[] = [],
): Promise<Nginx> {
  await mkdir(folder, { recursive: true });
  const port = await freePort();
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(folder, name)};`,
  );
  const configuration = `
daemon off;
pid ${join(folder, 'nginx.pid')};
error_log stderr;
${process.getuid?.() === 0 ? 'user root;' : ''}
events {}
http {
  access_log off;
  ${temporary.join('\n  ')}
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass ${upstream};
      ${directives.join('\n      ')}
    }
  }
}
`;
  const file = join(folder, 'nginx.conf');
  await writeFile(file, configuration);
  const child = execa(nginxProgram, ['-e', 'stderr', '-p', folder, '-c', file], { reject: false, stdin: 'ignore' });
  const ended = child.then(({ stderr }) => stderr);
  let hasEnded = false;
  ended.then(
    () => {
      hasEnded = true;
    },
    () => undefined,
  );
  while (!(await accepts(port))) if (hasEnded) throw new Error(`nginx ended before it listened:\n${await ended}`);
  return {
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address ? address.port : 0;
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.destroy();
      resolve(true);
    });
    socket.on('error', () => resolve(false));
  });
}
