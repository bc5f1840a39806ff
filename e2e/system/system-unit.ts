import { execFileSync } from 'node:child_process';

/** The lines of a unit, as far as a test starts a service by them. */
export function readUnit(text: string) {
  const lines = text.split('\n');
  const all = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}=`)).map((line) => line.slice(name.length + 1));
  return {
    all,
    command: all('ExecStart').flatMap((line) => words(line)),
    environment: (credentials: string) =>
      Object.fromEntries(
        all('Environment')
          .flatMap((line) => words(line))
          .map((assignment) => {
            const [name = '', ...value] = assignment.split('=');
            return [name, value.join('=').replace('%d', credentials)];
          }),
      ),
    credentials: all('LoadCredential').map((line) => {
      const [id = '', ...path] = line.split(':');
      return { id, path: path.join(':') };
    }),
  };
}

/** Words in double quotes. */
function words(line: string): string[] {
  return [...line.matchAll(/"((?:\\.|[^"\\])*)"/g)].map(([, word = '']) =>
    word.replace(/\\(.)/g, '$1').replaceAll('%%', '%'),
  );
}

/** What `systemd-analyze security` says of a unit's file: 0 is the best, 10 the worst. */
export function exposureOf(path: string): number {
  const output = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', path], {
    encoding: 'utf8',
    stdio: 'pipe',
  });
  return Number(/Overall exposure level for .*: (\d+\.\d)/.exec(output)?.[1]);
}
