import { describe, expect, it } from 'vitest';
import { resolveStateFolder } from './folders.ts';

describe('resolveStateFolder', () => {
  it.each([
    [{ HOME: '/home/ada' }, '/home/ada/.local/state/authsvc'],
    [{ HOME: '/home/ada', XDG_STATE_HOME: '/state' }, '/state/authsvc'],
    [{ HOME: '/home/ada', XDG_STATE_HOME: 'state' }, '/home/ada/.local/state/authsvc'],
    [{ HOME: '/home/ada', XDG_STATE_HOME: '' }, '/home/ada/.local/state/authsvc'],
  ])('reads %j into %s', (env, folder) => {
    expect(resolveStateFolder(env, 'linux')).toBe(folder);
  });
});
