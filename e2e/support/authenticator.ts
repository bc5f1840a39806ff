import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { mustSend } from './http-client.mjs';

/** Why no authenticator app can be had on this machine; nothing when one can. */
export const authenticatorObstacle = ['/usr/bin/oathtool', '/usr/bin/zbarimg'].every(existsSync)
  ? undefined
  : 'oathtool and zbar-tools are not installed';

const STEP_SECONDS = 30;

/**
 * The code that an authenticator app shows.
 *
 * @param secret in base32; no argument of a process, which other users could see.
 * @param stepsFromNow one before and one after are accepted as well, so that a test can use three
 * codes without waiting.
 */
export async function readCode(secret: string, stepsFromNow: -1 | 0 | 1): Promise<string> {
  const at = Math.floor(Date.now() / 1000) + stepsFromNow * STEP_SECONDS;
  const now = new Date(at * 1000).toISOString().replace('T', ' ').replace(/\..*/, ' UTC');
  const { stdout } = await execa('oathtool', ['--totp', '--base32', `--now=${now}`, '-'], { input: secret });
  return stdout;
}

/** What the QR code in a picture says, as a camera reads it. */
export async function readQrCode(picture: Buffer, folder: string): Promise<URL> {
  const file = join(folder, 'qr-code.png');
  await writeFile(file, picture);
  const { stdout } = await execa('zbarimg', ['--raw', '--quiet', file]);
  return new URL(stdout);
}

export interface Enrolled {
  readonly session: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
}

/** Registers someone and enables a second factor; the code of the step before is then used. */
export async function enrol(
  url: string,
  person: { readonly email: string; readonly password: string },
): Promise<Enrolled> {
  await mustSend(url, 'POST /users', { json: person });
  const { session } = await mustSend(url, 'POST /sessions', { json: person });
  const { body } = await mustSend(url, 'POST /profile/totp', { session, json: { password: person.password } });
  const { secret } = body as { secret: string };
  const enabled = await mustSend(url, 'PUT /profile/totp', { session, json: { code: await readCode(secret, -1) } });
  const { recovery_codes: recoveryCodes } = enabled.body as { recovery_codes: string[] };
  return { session: enabled.session ?? '', secret, recoveryCodes };
}
