import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SECRET_SERVICE } from '../../../../test/secret-service.mjs';
import { builtHelper, isKeychainMissing, makeLockedHome, PROMPTER, startBus } from '../testing/secret-service.ts';
import { createKeychain, type Keychain } from './keychain.ts';

const entry = { service: 'authsvc:http://127.0.0.1:4100', account: 'ada@example.com' };

function open(env: Readonly<Record<string, string>>, helperPath = builtHelper): Keychain {
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

describe.skipIf(isKeychainMissing)('createKeychain with an unlocked keyring', () => {
  it('saves, finds and deletes a secret', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env);
    expect(await keychain.get(entry)).toEqual({ state: 'ok' });
    expect(await keychain.set(entry, 'a session token')).toEqual({ state: 'ok' });
    expect(await keychain.get(entry)).toEqual({ state: 'ok', secret: 'a session token' });
    expect(await keychain.delete(entry)).toEqual({ state: 'ok' });
    expect(await keychain.get(entry)).toEqual({ state: 'ok' });
  });

  it('tries it by writing, and leaves nothing behind', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env);
    expect(await keychain.probe()).toEqual({ state: 'ok' });
    expect(await keychain.get({ service: 'authsvc', account: 'probe' })).toEqual({ state: 'ok' });
  });

  it('answers calls made at once, each with its own answer', async () => {
    const bus = await startBus();
    await bus.startKeyring('unlocked');
    const keychain = open(bus.env);
    const other = { ...entry, account: 'grace@example.com' };
    await Promise.all([keychain.set(entry, 'one'), keychain.set(other, 'two')]);
    expect(await Promise.all([keychain.get(entry), keychain.get(other)])).toEqual([
      { state: 'ok', secret: 'one' },
      { state: 'ok', secret: 'two' },
    ]);
  });
});

describe.skipIf(isKeychainMissing)('createKeychain with a locked keyring', () => {
  it('knows that nothing can be saved where no prompt can ask for the password', async () => {
    const bus = await startBus({ home: await makeLockedHome() });
    await bus.startKeyring('locked');
    const keychain = open(bus.env);
    expect(await keychain.probe()).toEqual({ state: 'locked', reason: 'it asked to be unlocked' });
    expect(await keychain.get(entry)).toEqual({ state: 'ok' });
  });

  it('gives up on a prompt without an answer, and its process is gone', async () => {
    const bus = await startBus({ home: await makeLockedHome(), silentServices: [PROMPTER] });
    await bus.startKeyring('locked');
    const keychain = open(bus.env);
    expect(await keychain.probe()).toEqual({ state: 'locked', reason: 'no answer within 3 s' });
    expect(findHelpers()).toEqual([]);
  });

  it('gives up on a Secret Service that never answers', async () => {
    const bus = await startBus({ silentServices: [SECRET_SERVICE] });
    expect(await open(bus.env).get(entry)).toEqual({ state: 'locked', reason: 'no answer within 3 s' });
  });

  it('does not take a keyring that was never made for a missing keychain', async () => {
    const bus = await startBus();
    await bus.startKeyring('locked');
    expect(await open(bus.env).probe()).toEqual({ state: 'failed', reason: 'it has no keyring to keep anything in' });
  });
});

describe.skipIf(isKeychainMissing)('createKeychain on a machine without a keychain', () => {
  it('finds no Secret Service on the bus, and none without a bus', async () => {
    const absent = { state: 'absent', reason: 'no Secret Service on D-Bus' };
    const bus = await startBus();
    expect(await open(bus.env).probe()).toEqual(absent);
    expect(await open({ HOME: bus.home }).probe()).toEqual(absent);
    const gone = { HOME: bus.home, DBUS_SESSION_BUS_ADDRESS: `unix:path=${bus.home}/bus` };
    expect(await open(gone).probe()).toEqual(absent);
  });
});

describe('createKeychain', () => {
  it('finds no keychain where keytar cannot be loaded', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authsvc-helper-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const helper = join(folder, 'keychain-helper.cjs');
    copyFileSync(builtHelper, helper);
    expect(await open({}, helper).probe()).toEqual({ state: 'absent', reason: 'keytar cannot be loaded' });
  });

  it('survives a helper that ends early, and starts another for the next call', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authsvc-helper-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const helper = join(folder, 'helper.cjs');
    writeFileSync(helper, 'process.on("message", () => process.abort());');
    const keychain = open({}, helper);
    const ended = { state: 'failed', reason: 'the process that asked it ended early' };
    expect([await keychain.get(entry), await keychain.get(entry)]).toEqual([ended, ended]);
  });

  it('keeps AUTHSVC_SESSION and every secret out of the environment and the arguments of the helper', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'authsvc-helper-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const helper = join(folder, 'helper.cjs');
    const answer = '{ id, loaded: true, secret: JSON.stringify([process.argv.slice(2), process.env]) }';
    writeFileSync(helper, `process.on("message", ({ id }) => process.send(${answer}));`);
    const reply = await open({ AUTHSVC_SESSION: 'a session token', LANG: 'de_DE.UTF-8' }, helper).set(entry, 'secret');
    expect(reply).toEqual({ state: 'ok', secret: expect.stringMatching(/^\[\[\],\{.*"LC_ALL":"C\.UTF-8"/) });
    expect(JSON.stringify(reply)).not.toMatch(/a session token|"secret"\]/);
  });
});
