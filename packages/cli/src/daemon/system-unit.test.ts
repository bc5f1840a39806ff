import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readSystemSettings } from './system-service.ts';
import { findHidden, foldersToWrite, formatSystemUnit, type SystemUnit } from './system-unit.ts';

const plain: SystemUnit = {
  command: ['/usr/bin/node', '/opt/authsvc/bin/authsvc.js', 'serve'],
  user: 'authsvc',
  group: 'authsvc',
  environment: {},
  secretFiles: {},
  writable: [],
  hasLowPort: false,
};

function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'authsvc-unit-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return folder;
}

describe('formatSystemUnit', () => {
  it('gives a port below 1024 the one right that it needs', () => {
    const lines = (hasLowPort: boolean) =>
      formatSystemUnit({ ...plain, hasLowPort }).match(/^(Capability|Ambient).*$/gm);
    expect(lines(false)).toEqual(['CapabilityBoundingSet=', 'AmbientCapabilities=']);
    expect(lines(true)).toEqual([
      'CapabilityBoundingSet=CAP_NET_BIND_SERVICE',
      'AmbientCapabilities=CAP_NET_BIND_SERVICE',
    ]);
  });

  it('loads secrets as root, and names their copies', () => {
    const text = formatSystemUnit({ ...plain, secretFiles: { AUTHSVC_SMTP_URL: '/etc/my 100%/smtp' } });
    expect(text).toContain('\nLoadCredential=AUTHSVC_SMTP_URL:/etc/my 100%%/smtp\n');
    expect(text).toContain('\nEnvironment="AUTHSVC_SMTP_URL_FILE=%d/AUTHSVC_SMTP_URL"\n');
  });

  it('quotes the folders that are written to', () => {
    expect(formatSystemUnit({ ...plain, writable: ['/srv/my "100%"'] })).toContain(
      '\nReadWritePaths="-/srv/my \\"100%%\\""\n',
    );
  });
});

describe('readSystemSettings', () => {
  it('reads what a unit holds, the files of its secrets, and the file beside it', () => {
    const folder = makeFolder();
    const secret = join(folder, 'smtp 100%');
    writeFileSync(secret, 'smtps://ada:secret@mail.example.com\n');
    const environment = { AUTHSVC_NAME: 'A "shop" 100% $HOME \\ c\u0007', AUTHSVC_LISTEN_PORT: '4200' };
    const unit = join(folder, 'authsvc.service');
    writeFileSync(unit, formatSystemUnit({ ...plain, environment, secretFiles: { AUTHSVC_SMTP_URL: secret } }));
    const settings = join(folder, 'environment');
    writeFileSync(settings, '# further\nAUTHSVC_LISTEN_PORT=4300\nPGPASSWORD="a b"\n\nno setting\n');
    expect(readSystemSettings({ unit, settings })).toEqual({
      ...environment,
      AUTHSVC_DATA_DIR: '/var/lib/authsvc',
      AUTHSVC_LISTEN_PORT: '4300',
      AUTHSVC_SMTP_URL: 'smtps://ada:secret@mail.example.com',
      PGPASSWORD: 'a b',
    });
  });

  it('reads nothing where there is no unit', () => {
    const folder = makeFolder();
    expect(readSystemSettings({ unit: join(folder, 'unit'), settings: join(folder, 'settings') })).toEqual({});
  });
});

describe('findHidden', () => {
  it.each([
    ['/home/ada/clone', '/home'],
    ['/root', '/root'],
    ['/var/tmp/x', '/var/tmp'],
    ['/homes/ada', undefined],
    ['/srv/home/x', undefined],
  ])('of %s is %s', (path, folder) => {
    expect(findHidden(path)).toBe(folder);
  });
});

describe('foldersToWrite', () => {
  const backups = '/var/backups/authsvc';
  it.each([
    ['/var/lib/authsvc/authsvc.db', undefined, [backups]],
    ['/var/lib/authsvc/deeper/a.db', '/var/lib/authsvc/mails', [backups]],
    ['/var/lib/authsvc-2/a.db', '/srv/mails', [backups, '/var/lib/authsvc-2', '/srv/mails']],
    ['/srv/mails/a.db', '/srv/mails', [backups, '/srv/mails']],
  ])('of the database %s and the mails %s are %j', (path, mailFolder, folders) => {
    expect(foldersToWrite({ database: { kind: 'sqlite', name: `sqlite:${path}`, path }, mailFolder })).toEqual(folders);
  });
});
