import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect } from 'vitest';
import { freePort } from '../../test/free-port.mjs';
import { mustSend } from '../support/http-client.mjs';
import { it } from '../support/journey.ts';
import { root } from '../support/program.ts';
import { runAuthsvc } from '../support/run-authsvc.ts';
import { asOnPage, openShell, readSteps, withoutChance } from './transcript.ts';

const password = 'correct horse battery';
const logIn = `curl -s http://127.0.0.1:4100/sessions -d email=ada@example.com -d 'password=${password}' -c cookies.txt`;

const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => `docs/${name}`)]
  .filter((page) => page.endsWith('.md'))
  .map((page) => [page, readSteps(readFileSync(join(root, page), 'utf8'))] as const)
  .filter(([, steps]) => steps.length > 0);

describe('what a page shows as typed at a terminal', () => {
  it.for(pages)(
    'of %s, is what the service and the command answer',
    async ([page, steps], { home, onTestFinished }) => {
      const port = await freePort();
      const env = { AUTHSVC_BCRYPT_COST: '10', AUTHSVC_LISTEN_PORT: `${port}` };
      onTestFinished(async () => {
        await runAuthsvc(['daemon', 'stop'], { home });
      });
      if (steps[0]?.command !== 'authsvc daemon start') await runAuthsvc(['daemon', 'start'], { home, env });
      const shell = await openShell(home, port);
      if (page === 'docs/applications.md') {
        await mustSend(`http://127.0.0.1:${port}`, 'POST /users', { json: { email: 'ada@example.com', password } });
        await shell.type({ command: logIn, lines: [] }, password);
      }
      for (const step of steps) {
        const expected = withoutChance(step.lines);
        const shown = withoutChance(await shell.type(step, password));
        expect([step.command, asOnPage(shown, expected)]).toEqual([step.command, expected]);
      }
    },
  );

  it('is found on the pages that have it', () => {
    expect(pages.map(([page]) => page)).toEqual(
      expect.arrayContaining(['README.md', 'docs/applications.md', 'docs/daemon.md', 'docs/endpoints.md']),
    );
  });
});
