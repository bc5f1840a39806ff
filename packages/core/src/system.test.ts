import { describe, expect, it } from 'vitest';
import { systemRandom } from './system.ts';

describe('systemRandom', () => {
  it('draws what was not drawn before', () => {
    expect(systemRandom.bytes(32)).toHaveLength(32);
    expect(systemRandom.bytes(32)).not.toEqual(systemRandom.bytes(32));
    expect(systemRandom.uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(systemRandom.uuid()).not.toBe(systemRandom.uuid());
  });
});
