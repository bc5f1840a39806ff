import { describe, expect, it } from 'vitest';
import { formatSystemdUnit, systemdUserFolder } from './systemd-unit.ts';

describe('systemdUserFolder', () => {
  it.each([
    [{ HOME: '/home/ada' }, '/home/ada/.config/systemd/user'],
    [{ HOME: '/home/ada', XDG_CONFIG_HOME: '/cfg' }, '/cfg/systemd/user'],
    [{ HOME: '/home/ada', XDG_CONFIG_HOME: 'cfg' }, '/home/ada/.config/systemd/user'],
  ])('is, for %o, %s', (env, folder) => {
    expect(systemdUserFolder(env)).toBe(folder);
  });
});

describe('formatSystemdUnit', () => {
  it('quotes what systemd would read otherwise', () => {
    const unit = formatSystemdUnit({
      command: ['/opt/my node/bin/node', '/srv/100%/$HOME/"a"\\b.js', 'serve'],
      environment: { AUTHSVC_DATA_DIR: '/srv/100% $mine' },
    });
    const lines = unit.split('\n');
    expect(lines.filter((line) => /^(ExecStart|Environment)=/.test(line))).toEqual([
      'ExecStart="/opt/my node/bin/node" "/srv/100%%/$$HOME/\\"a\\"\\\\b.js" "serve"',
      'Environment="AUTHSVC_DATA_DIR=/srv/100%% $mine"',
    ]);
  });
});
