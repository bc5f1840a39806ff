import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../support/program.ts';
import { makeTemporaryFolder, type TemporaryFolder } from '../support/temporary-folder.ts';

const wall = 'lint/style/noRestrictedImports';
const laziness = 'plugin';

/** Each line of code with the file it would stand in, and what must refuse it. */
const refused: readonly (readonly [file: string, code: string, rule: string])[] = [
  ['packages/core/src/rule.ts', "import knex from 'knex';", wall],
  ['packages/core/src/rule.ts', "import type { Knex } from 'knex';", wall],
  ['packages/core/src/rule.ts', "import bcrypt from 'bcrypt';", wall],
  ['packages/core/src/rule.ts', "const { Piscina } = await import('piscina');", wall],
  ['packages/core/src/rule.ts', "import fp from '@fastify/cookie';", wall],
  ['packages/core/src/rule.ts', "import { request } from 'node:http';", wall],
  ['packages/core/src/rule.ts', "import { shell } from '@authsvc/client/shell-command';", wall],
  ['packages/core/src/rule.ts', "import { connect } from 'node:net';", wall],
  ['packages/core/src/rule.ts', "import { randomUUID } from 'node:crypto';", wall],
  ['packages/core/src/rule.ts', "import { createKnexStore } from './database/store.ts';", wall],
  ['packages/core/src/rule.ts', "import { logIn } from './index.ts';", wall],
  ['packages/core/src/rule.ts', "import { systemClock } from './system.ts';", wall],
  ['packages/core/src/external/thing.ts', "import { shell } from '@authsvc/client/shell-command';", wall],
  ['packages/core/src/database/thing.ts', "import Fastify from 'fastify';", wall],
  ['packages/core/src/database/thing.ts', "import { createServer } from 'node:http';", wall],
  ['packages/core/src/database/thing.ts', "import { runServe } from '@authsvc/server';", wall],
  ['packages/server/src/thing.ts', "import knex from 'knex';", wall],
  ['packages/server/src/thing.ts', "import sqlite3 from 'sqlite3';", wall],
  ['packages/server/src/routes/thing.ts', "import bcrypt from 'bcrypt';", wall],
  ['packages/server/src/thing.ts', "import { Command } from 'commander';", wall],
  ['packages/server/src/thing.ts', "import { run } from 'authsvc';", wall],
  ['packages/server/src/thing.ts', "import { logIn } from '../../core/src/sessions/log-in.ts';", wall],
  ['packages/cli/src/thing.ts', "import { runServe } from '@authsvc/server';", laziness],
  ['packages/cli/src/thing.ts', "import { logIn } from '@authsvc/core';", laziness],
  ['packages/cli/src/thing.ts', "export { logIn } from '@authsvc/core';", laziness],
  ['packages/cli/src/thing.ts', "import { statusOf } from '@authsvc/client/contract';", laziness],
  ['packages/cli/src/thing.ts', "import { type ErrorBody } from '@authsvc/client/contract';", laziness],
  ['packages/cli/src/thing.ts', "import knex from 'knex';", wall],
  ['packages/cli/src/thing.ts', "const keytar = await import('keytar');", wall],
  ['packages/cli/src/thing.ts', "import { Entry } from '@napi-rs/keyring';", wall],
  ['packages/cli/src/keychain/thing.ts', "import sqlite3 from 'sqlite3';", wall],
  ['packages/client/src/thing.ts', "import { request } from 'node:http';", wall],
  ['packages/client/src/thing.ts', "import { exchange } from './node/request.ts';", wall],
  ['packages/client/src/thing.ts', "import { homedir } from 'node:os';", wall],
  ['packages/client/src/contract/thing.ts', "import { AuthError } from '@authsvc/core';", wall],
  ['packages/client/src/node/thing.ts', "import knex from 'knex';", wall],
  ['packages/client/src/node/thing.ts', "import { logIn } from '@authsvc/core';", wall],
  ['e2e/thing.test.ts', "import { logIn } from '@authsvc/core';", wall],
  ['e2e/thing.test.ts', "import { run } from '../packages/cli/src/cli.ts';", wall],
  ['e2e/support/thing.ts', "import { buildServer } from '@authsvc/server';", wall],
  ['e2e/thing.test.ts', "import { exchange } from '@authsvc/client/node';", wall],
  [
    'packages/core/src/ring.ts',
    "import { ring } from './other-ring.ts';\nexport const a = ring;",
    'lint/suspicious/noImportCycles',
  ],
  [
    'packages/core/src/ring.ts',
    "import type { ring } from './other-ring.ts';\nexport const a: typeof ring | 1 = 1;",
    'lint/suspicious/noImportCycles',
  ],
];

const allowed: readonly (readonly [file: string, code: string])[] = [
  ['packages/core/src/rule.ts', "import { createHash } from 'node:crypto';\nexport const a = createHash;"],
  ['packages/core/src/rule.ts', "import { isIP } from 'node:net';\nexport const a = isIP;"],
  ['packages/core/src/rule.ts', "import type { Clock } from './system.ts';\nexport type A = Clock;"],
  ['packages/core/src/database/thing.ts', "import knex from 'knex';\nexport const a = knex;"],
  ['packages/server/src/thing.ts', "import { logIn } from '@authsvc/core';\nexport const a = logIn;"],
  [
    'packages/cli/src/thing.ts',
    "import type { ErrorBody } from '@authsvc/client/contract';\nexport type A = ErrorBody;",
  ],
  [
    'packages/cli/src/thing.ts',
    "import { resolveDataFolder } from '@authsvc/client/folders';\nexport const a = resolveDataFolder;",
  ],
  ['packages/client/src/node/thing.ts', "import { request } from 'node:http';\nexport const a = request;"],
  ['packages/client/src/folders.ts', "import { homedir } from 'node:os';\nexport const a = homedir;"],
  ['packages/cli/src/thing.ts', "export const a = await import('@authsvc/server');"],
  ['packages/cli/src/keychain/thing.ts', "export const a = await import('keytar');"],
  ['e2e/thing.test.ts', "import { createAuthsvc } from '@authsvc/client';\nexport const a = createAuthsvc;"],
  ['e2e/thing.test.ts', "import { createTestUser } from '@authsvc/client/testing';\nexport const a = createTestUser;"],
];

interface Diagnostic {
  readonly category: string;
  readonly location?: { readonly path?: string };
}

let folder: TemporaryFolder;

beforeAll(async () => {
  folder = await makeTemporaryFolder();
});

afterAll(() => folder.remove());

/** Every folder of the packages and of e2e that holds source, but for test helpers. */
async function readFolders(): Promise<string[]> {
  const { stdout } = await execa('git', ['ls-files', 'packages/*/src/**', 'e2e/**'], { cwd: root });
  const folders = new Set(stdout.split('\n').map((file) => dirname(file)));
  return [...folders].filter((folder) => !/\/(testing|model)$/.test(folder));
}

/** Imports that no file of a folder may have. Every folder of core has rules, except two. */
function foreignImports(folder: string): string[] {
  if (folder.startsWith('e2e')) return ["import { logIn } from '@authsvc/core';"];
  if (!folder.startsWith('packages/core')) return ["import knex from 'knex';"];
  const isRule = !/\/(database|external)\b/.test(folder);
  return ["import Fastify from 'fastify';", ...(isRule ? ["import knex from 'knex';"] : [])];
}

/**
 * Lints the snippets in a clone that holds the configuration and nothing else, and lists the rules
 * that refused each.
 */
async function lint(snippets: readonly (readonly [file: string, code: string, ...rest: string[]])[]) {
  const clone = join(folder.path, String(snippets.length));
  const files = snippets.map(([file], index) =>
    file.replace(/(thing|rule)(?=\.)/, `$1-${index}`).replace(/ring\.ts$/, `ring-${index}/ring.ts`),
  );
  await mkdir(join(clone, 'scripts'), { recursive: true });
  await cp(join(root, 'biome.json'), join(clone, 'biome.json'));
  await cp(join(root, 'scripts', 'lint'), join(clone, 'scripts', 'lint'), { recursive: true });
  await symlink(join(root, 'node_modules'), join(clone, 'node_modules'));
  for (const [index, [, code]] of snippets.entries()) {
    const file = join(clone, files[index] ?? '');
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, `${code}\n`);
    if (file.endsWith('/ring.ts')) {
      await writeFile(join(dirname(file), 'other-ring.ts'), "export { a as ring } from './ring.ts';\n");
    }
  }
  const biome = join(root, 'node_modules', '.bin', 'biome');
  const options = ['--vcs-enabled=false', '--reporter=json', '--max-diagnostics=none'];
  const { stdout } = await execa(biome, ['lint', ...options, '.'], { cwd: clone, reject: false });
  const { diagnostics } = JSON.parse(stdout) as { diagnostics: Diagnostic[] };
  return files.map((file) =>
    diagnostics.filter(({ location }) => location?.path?.endsWith(file)).map(({ category }) => category),
  );
}

describe('the linter', () => {
  it('refuses every import through a wall', async () => {
    const onDisk = (await readFolders()).flatMap((path) =>
      foreignImports(path).map((code) => [`${path}/thing.ts`, code, wall] as const),
    );
    expect(onDisk.length).toBeGreaterThan(20);
    const walls = [...refused, ...onDisk];
    const found = await lint(walls);
    const missed = walls.filter(([, , rule], index) => !found[index]?.includes(rule));
    expect(missed).toEqual([]);
  });

  it('lets through what the walls have doors for', async () => {
    const found = await lint(allowed);
    const stopped = allowed.filter((_, index) => found[index]?.some((rule) => [wall, laziness].includes(rule)));
    expect(stopped).toEqual([]);
  });
});
