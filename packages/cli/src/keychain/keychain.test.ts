import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECRET_SERVICE } from '../../../../test/secret-service.mjs';
import { builtHelper, makeHelper } from '../testing/keychain-helpers.ts';
import { isKeychainMissing, makeLockedHome, PROMPTER, startBus } from '../testing/secret-service.ts';
import { createKeychain, type Keychain, type KeychainEntry, type KeychainLibrary } from './keychain.ts';

const libraries = ['keytar', '@napi-rs/keyring'] as const;
const name = { service: 'authsvc:http://127.0.0.1:4100', account: 'ada@example.com' };

/** Open the keychain where only one of the libraries can be loaded, or with another helper. */
function open(env: Readonly<Record<string, string>>, installed: KeychainLibrary | { helperPath: string }): Keychain {
  const helperPath = typeof installed === 'string' ? makeHelper([installed]) : installed.helperPath;
  const keychain = createKeychain({ env, helperPath });
  onTestFinished(keychain.close);
  return keychain;
}

/** The helper processes that this process has started and that are still there. */
function findHelpers(): string[] {
  const tasks = readdirSync(`/proc/${process.pid}/task`);
  const children = tasks.flatMap((task) =>
    readFileSync(`/proc/${process.pid}/task/${task}/children`, 'utf8').split(' '),
  );
  return children.filter((pid) => pid && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('keychain-helper'));
}

describe.skipIf(isKeychainMissing).each(libraries)('createKeychain through %s', (library) => {
  const entry: KeychainEntry = { ...name, library };
  const done = { state: 'ok', library };

  it('saves, finds and deletes a secret', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env, library);
    expect(await keychain.get(entry)).toEqual(done);
    expect(await keychain.set(entry, 'a session token')).toEqual(done);
    expect(await keychain.get(entry)).toEqual({ ...done, secret: 'a session token' });
    expect(await keychain.set(entry, 'another')).toEqual(done);
    expect(await keychain.get(entry)).toEqual({ ...done, secret: 'another' });
    expect(await keychain.delete(entry)).toEqual(done);
    expect(await keychain.delete(entry)).toEqual(done);
    expect(await keychain.get(entry)).toEqual(done);
  });

  it('tries it by writing, and leaves nothing behind', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env, library);
    expect(await keychain.probe()).toEqual(done);
    expect(await keychain.get({ service: 'authsvc', account: 'probe', library })).toEqual(done);
  });

  it('answers calls made at once, each with its own answer', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env, library);
    const other = { ...entry, account: 'grace@example.com' };
    await Promise.all([keychain.set(entry, 'one'), keychain.set(other, 'two')]);
    expect(await Promise.all([keychain.get(entry), keychain.get(other)])).toEqual([
      { ...done, secret: 'one' },
      { ...done, secret: 'two' },
    ]);
  });

  it('knows that nothing can be saved where no prompt can ask for the password of a locked keyring', async () => {
    const bus = await startBus({ home: await makeLockedHome() });
    await bus.startKeyring('locked');
    const keychain = open(bus.env, library);
    expect(await keychain.probe()).toEqual({ state: 'locked', reason: 'it asked to be unlocked' });
    expect(await keychain.get(entry)).toEqual(done);
  });

  it('gives up on a prompt without an answer, and its process is gone', async () => {
    const bus = await startBus({ home: await makeLockedHome(), silentServices: [PROMPTER] });
    await bus.startKeyring('locked');
    const keychain = open(bus.env, library);
    expect(await keychain.probe()).toEqual({ state: 'locked', reason: 'no answer within 3 s' });
    expect(findHelpers()).toEqual([]);
  });

  it('gives up on a Secret Service that never answers', async () => {
    const bus = await startBus({ silentServices: [SECRET_SERVICE] });
    const noAnswer = { state: 'locked', reason: expect.stringMatching(/^no answer/) };
    expect(await open(bus.env, library).get(entry)).toEqual(noAnswer);
  });

  it('does not take a keyring that was never made for a missing keychain', async () => {
    const bus = await startBus();
    await bus.startKeyring('locked');
    const reason = 'it has no keyring to keep anything in';
    expect(await open(bus.env, library).probe()).toEqual({ state: 'failed', reason });
  });

  it('finds no Secret Service on the bus, and none without a bus', async () => {
    const absent = { state: 'absent', reason: 'no Secret Service on D-Bus' };
    const bus = await startBus();
    expect(await open(bus.env, library).probe()).toEqual(absent);
    expect(await open({ HOME: bus.home }, library).probe()).toEqual(absent);
    for (const DBUS_SESSION_BUS_ADDRESS of [`unix:path=${bus.home}/bus`, 'nowhere', 'no:where=here']) {
      const gone = { HOME: bus.home, DBUS_SESSION_BUS_ADDRESS };
      expect(await open(gone, library).probe()).toEqual(absent);
    }
  });
});

describe.skipIf(isKeychainMissing)('createKeychain with both libraries', () => {
  it('saves with keytar, and does not see with one what the other saved', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env, { helperPath: makeHelper(libraries) });
    expect(await keychain.probe()).toEqual({ state: 'ok', library: 'keytar' });
    for (const library of libraries) await keychain.set({ ...name, library }, `saved with ${library}`);
    for (const library of libraries) {
      expect(await keychain.get({ ...name, library })).toEqual({
        state: 'ok',
        library,
        secret: `saved with ${library}`,
      });
    }
    await keychain.delete({ ...name, library: 'keytar' });
    expect(await keychain.get({ ...name, library: '@napi-rs/keyring' })).toMatchObject({
      secret: 'saved with @napi-rs/keyring',
    });
  });

  it('uses no other for an entry whose library cannot be loaded', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const absent = { state: 'absent', reason: 'keytar cannot be loaded' };
    expect(await open(bus.env, '@napi-rs/keyring').get({ ...name, library: 'keytar' })).toEqual(absent);
  });
});

describe('createKeychain', () => {
  it('finds no keychain where neither library can be loaded', async () => {
    const keychain = open({}, { helperPath: makeHelper([]) });
    const reason = 'neither keytar nor @napi-rs/keyring can be loaded';
    expect(await keychain.probe()).toEqual({ state: 'absent', reason });
  });

  it.skipIf(process.platform !== 'linux')("never falls back to the kernel's keyring", async () => {
    const keychain = open({}, '@napi-rs/keyring');
    const entry: KeychainEntry = { ...name, service: `authsvc:${crypto.randomUUID()}`, library: '@napi-rs/keyring' };
    expect(await keychain.set(entry, 'a session token')).toMatchObject({ state: 'absent' });
    const require = createRequire(builtHelper);
    const { Entry }: typeof import('@napi-rs/keyring') = require('@napi-rs/keyring');
    const inKernel = new Entry(`${entry.service} (keyring)`, entry.account, { linux: { store: 'keyutils' } });
    expect(inKernel.getPassword()).toBeNull();
  });

  const entry: KeychainEntry = { ...name, library: 'keytar' };

  it('survives a helper that ends early, and starts another for the next call', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authsvc-helper-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const helper = join(folder, 'helper.cjs');
    writeFileSync(helper, 'process.on("message", () => process.abort());');
    const keychain = open({}, { helperPath: helper });
    const ended = { state: 'failed', reason: 'the process that asked it ended early' };
    expect([await keychain.get(entry), await keychain.get(entry)]).toEqual([ended, ended]);
  });

  it('keeps AUTHSVC_SESSION and every secret out of the environment and the arguments of the helper', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authsvc-helper-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const helper = join(folder, 'helper.cjs');
    const answer = '{ id, library: "keytar", secret: JSON.stringify([process.argv.slice(2), process.env]) }';
    writeFileSync(helper, `process.on("message", ({ id }) => process.send(${answer}));`);
    const env = { AUTHSVC_SESSION: 'a session token', LANG: 'de_DE.UTF-8' };
    const reply = await open(env, { helperPath: helper }).set(entry, 'secret');
    expect(reply).toEqual({
      state: 'ok',
      library: 'keytar',
      secret: expect.stringMatching(/^\[\[\],\{.*"LC_ALL":"C\.UTF-8"/),
    });
    expect(JSON.stringify(reply)).not.toMatch(/a session token|"secret"\]/);
  });
});
