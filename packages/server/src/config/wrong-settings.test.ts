import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../../../test/property-settings.ts';
import { ConfigError, loadConfig } from './config.ts';
import { fileVariableOf, type Setting } from './setting.ts';
import { settings } from './settings.ts';

const all = Object.values<Setting<unknown>>(settings);
const CANARY = 'canary-in-a-setting';

/** Parts of settings, put together wrongly. */
const pieces = fc.constantFrom(
  ...['postgres://', 'postgresql://', 'sqlite:', 'smtp://', 'smtps://', 'https://', 'http://', 'file://', '//'],
  ...['user', ':', '@', '/', '?', '#', '&', '=', ',', '.', '%', '%zz', '%00', '[', ']', '::1', '[::1]', '<', '>', ' '],
  ...['localhost', '127.0.0.1', '0.0.0.0', '0x7f.1', 'example.com', '10.0.0.0/8', '/0', '/33', 'fe80::1%eth0'],
  ...[
    'sslmode=',
    'verify-full',
    'disable',
    'sslrootcert=',
    'host=',
    '0',
    '-1',
    '65536',
    '1e9',
    'NaN',
    '99999999999999999999',
  ],
  ...['\n', '\r\n', '\t', '\ufeff', '\u{1f511}', 'ü', '\ud800', '__proto__', 'info', 'response'],
);
const text = fc.oneof(
  fc.array(pieces, { maxLength: 8 }).map((some) => some.join('')),
  fc.string({ unit: 'binary', maxLength: 40 }),
);

const names = all.flatMap((setting) => [setting.name, fileVariableOf(setting)]).filter((name) => name !== undefined);

describe('whatever the environment holds', () => {
  it('makes settings, or one sentence for each that cannot be obeyed', () => {
    const environment = fc.dictionary(fc.constantFrom(...names), text, { maxKeys: 6 });
    fc.assert(
      fc.property(environment, (env) => {
        try {
          expect(Object.keys(loadConfig({ HOME: '/home/ada', ...env }))).toEqual(
            expect.arrayContaining(Object.keys(settings)),
          );
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.problems.length).toBeGreaterThan(0);
          for (const problem of error.problems) expect(problem).toMatch(/^AUTHSVC_\w+ /);
        }
      }),
      runs(2000),
    );
  });

  it('repeats no secret', () => {
    const secret = fc.constantFrom(...all.filter(({ secret: isSecret }) => isSecret).map(({ name }) => name));
    const password = fc.tuple(fc.array(pieces, { maxLength: 5 }), fc.array(pieces, { maxLength: 5 }));
    fc.assert(
      fc.property(secret, password, (name, [before, after]) => {
        try {
          const { warnings } = loadConfig({ HOME: '/home/ada', [name]: [...before, CANARY, ...after].join('') });
          expect(JSON.stringify(warnings)).not.toContain(CANARY);
        } catch (error) {
          if (!(error instanceof ConfigError)) throw error;
          expect(error.message).not.toContain(CANARY);
        }
      }),
      runs(2000),
    );
  });
});
