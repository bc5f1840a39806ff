import { homedir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { resolveDataFolder } from './folders.ts';

describe('resolveDataFolder', () => {
  it.each([
    [
      'the folder that is named',
      { AUTHSVC_DATA_DIR: '/srv/accounts', XDG_DATA_HOME: '/xdg' },
      'linux',
      '/srv/accounts',
    ],
    ['the XDG data folder', { HOME: '/home/ada', XDG_DATA_HOME: '/xdg' }, 'linux', '/xdg/authsvc'],
    [
      'its default, where XDG_DATA_HOME is relative',
      { HOME: '/home/ada', XDG_DATA_HOME: 'xdg' },
      'linux',
      '/home/ada/.local/share/authsvc',
    ],
    [
      'its default, where it is empty',
      { HOME: '/home/ada', XDG_DATA_HOME: '', AUTHSVC_DATA_DIR: '' },
      'linux',
      '/home/ada/.local/share/authsvc',
    ],
    [
      'macOS',
      { HOME: '/Users/ada', XDG_DATA_HOME: '/xdg' },
      'darwin',
      '/Users/ada/Library/Application Support/authsvc',
    ],
    ['Windows', { USERPROFILE: 'C:\\Users\\ada', LOCALAPPDATA: 'D:\\Local' }, 'win32', 'D:\\Local\\authsvc'],
    [
      'Windows, with little said',
      { USERPROFILE: 'C:\\Users\\ada' },
      'win32',
      'C:\\Users\\ada\\AppData\\Local\\authsvc',
    ],
    ['Windows, named', { AUTHSVC_DATA_DIR: 'E:\\accounts' }, 'win32', 'E:\\accounts'],
  ] as const)('is %s', (_what, env, platform, expected) => {
    expect(resolveDataFolder(env, platform)).toBe(expected);
  });

  it('asks the system for the home folder where the environment is silent', () => {
    expect(resolveDataFolder({}, 'linux')).toBe(`${homedir()}/.local/share/authsvc`);
  });
});
