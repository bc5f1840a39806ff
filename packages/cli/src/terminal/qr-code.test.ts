import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { findScannerObstacle, scanTerminal } from '../../../../test/scan-terminal.ts';
import { drawQrCode } from './qr-code.ts';

const urlOf = (email: string) =>
  `otpauth://totp/authsvc:${encodeURIComponent(email)}?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=authsvc`;
const usual = urlOf('ada@example.com');
/** As long as an address may be. */
const longest = urlOf(`${'a'.repeat(64)}@${'b'.repeat(63)}.${'c'.repeat(63)}.${'d'.repeat(57)}.com`);

describe('drawQrCode', () => {
  it.skipIf(findScannerObstacle()).each([
    ['dark', usual],
    ['light', usual],
    ['dark', longest],
    ['light', longest],
  ] as const)('draws what a camera reads from a %s terminal', async (theme, url) => {
    const lines = (await drawQrCode(url, 80)) ?? [];
    expect(scanTerminal(`Scan this:\r\n${lines.join('\r\n')}\r\n`, theme)).toBe(url);
  });

  it('fits 80 columns and 24 rows, for an address of usual length', async () => {
    const lines = (await drawQrCode(usual, 80)) ?? [];
    expect(lines.length).toBeLessThan(24);
    expect(new Set(lines.map((line) => stripVTControlCharacters(line).length))).toEqual(new Set([45]));
  });

  it('draws nothing where it does not fit', async () => {
    expect(await drawQrCode(usual, 45)).toHaveLength(23);
    expect(await drawQrCode(usual, 44)).toBeUndefined();
  });
});
