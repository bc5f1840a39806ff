import { totpCode } from '../../../test/totp-code.ts';
import type { Walk } from './walk.ts';

const email = 'ada.lovelace@analytical-engines.example.com';
const password = 'correct horse battery';
/** Who has an account where people are invited. */
export const invited = { email, password };
const unknownToken = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';

export interface PageState {
  readonly name: string;
  /** Brings a window to this state, from the one before. */
  readonly open: (walk: Walk) => Promise<void>;
}

/** Every page in everything that it can show, in an order in which one walk can visit all. */
export const pageStates: readonly PageState[] = [
  { name: 'register', open: (walk) => walk.goTo('/register') },
  {
    name: 'register-refused',
    open: (walk) => walk.fill({ Email: 'ada', Password: 'password1' }, 'Create account'),
  },
  {
    name: 'account-of-one-session',
    open: (walk) => walk.fill({ Email: email, Password: password }, 'Create account'),
  },
  { name: 'logout', open: (walk) => walk.goTo('/logout') },
  { name: 'logged-out', open: (walk) => walk.fill({}, 'Log out') },
  { name: 'logout-of-no-one', open: (walk) => walk.goTo('/logout') },
  { name: 'login', open: (walk) => walk.goTo('/login') },
  { name: 'login-refused', open: (walk) => walk.fill({ Email: email, Password: 'wrong' }, 'Log in') },
  { name: 'login-unfilled', open: (walk) => walk.fill({ Email: '', Password: '' }, 'Log in') },
  { name: 'account', open: (walk) => logInTwice(walk) },
  { name: 'login-again', open: (walk) => walk.goTo('/login') },
  { name: 'email', open: (walk) => walk.goTo('/account/email') },
  { name: 'email-refused', open: (walk) => walk.fill({ 'New email': 'ada', Password: password }, 'Change email') },
  { name: 'password', open: (walk) => walk.goTo('/account/password') },
  {
    name: 'password-refused',
    open: (walk) => walk.fill({ 'Current password': 'wrong', 'New password': 'quiet river lamp' }, 'Change password'),
  },
  {
    name: 'password-changed',
    open: (walk) => walk.fill({ 'Current password': password, 'New password': password }, 'Change password'),
  },
  { name: 'delete', open: (walk) => walk.goTo('/account/delete') },
  { name: 'delete-refused', open: (walk) => walk.fill({ Password: 'wrong' }, 'Delete this account') },
  { name: 'session-gone', open: (walk) => endSessionTwice(walk) },
  { name: 'reset', open: (walk) => walk.goTo('/reset') },
  { name: 'reset-refused', open: (walk) => walk.fill({ Email: 'ada' }, 'Continue') },
  { name: 'reset-asked', open: (walk) => walk.goTo('/reset?asked') },
  { name: 'reset-with-token', open: (walk) => walk.goTo(`/reset?email=${email}&token=${unknownToken}`) },
  { name: 'reset-with-no-token', open: (walk) => walk.goTo('/reset?token') },
  {
    name: 'reset-with-wrong-token',
    open: (walk) =>
      walk.fill({ Email: email, Token: unknownToken, 'New password': 'quiet river lamp' }, 'Set the password'),
  },
  { name: 'verify-asked', open: (walk) => walk.goTo('/verify?asked') },
  { name: 'verify-with-token', open: (walk) => walk.goTo(`/verify?email=${email}&token=${unknownToken}`) },
  {
    name: 'verify-a-change',
    open: (walk) => walk.goTo(`/verify?email=${email}&token=${unknownToken}&for=email_change`),
  },
  { name: 'not-me', open: (walk) => walk.goTo(`/not-me?token=${unknownToken}`) },
  { name: 'not-me-refused', open: (walk) => walk.fill({}, 'It was not me: lock my account') },
  { name: 'not-me-with-no-token', open: (walk) => walk.goTo('/not-me') },
  { name: 'not-me-done', open: (walk) => walk.goTo('/not-me?locked') },
  { name: 'verify-with-no-token', open: (walk) => walk.goTo('/verify?token') },
  {
    name: 'verify-with-wrong-token',
    open: (walk) => walk.fill({ Email: email, Token: unknownToken, Password: 'quiet river lamp' }, 'Confirm the email'),
  },
  { name: 'email-verified', open: (walk) => walk.goTo('/login?done=email-verified') },
  { name: 'invitation', open: (walk) => walk.goTo(`/invitation?email=${email}&token=${unknownToken}`) },
  { name: 'invitation-refused', open: (walk) => walk.fill({ Password: 'quiet river lamp' }, 'Create account') },
  { name: 'totp', open: (walk) => openTotp(walk) },
  { name: 'totp-refused', open: (walk) => walk.fill({ Password: 'wrong' }, 'Continue') },
  { name: 'totp-code', open: (walk) => walk.fill({ Password: password }, 'Continue') },
  { name: 'totp-code-refused', open: (walk) => walk.fill({ Code: '12345' }, 'Turn on') },
  { name: 'recovery-codes', open: (walk) => turnOn(walk) },
  { name: 'account-with-factor', open: (walk) => walk.follow('Done: back to your account') },
  { name: 'email-with-factor', open: (walk) => walk.goTo('/account/email') },
  { name: 'password-with-factor', open: (walk) => walk.goTo('/account/password') },
  { name: 'delete-with-factor', open: (walk) => walk.goTo('/account/delete') },
  { name: 'totp-disable', open: (walk) => walk.goTo('/account/totp/disable') },
  {
    name: 'totp-disable-refused',
    open: (walk) => walk.fill({ Password: password, Code: 'AAAA-BBBB' }, 'Turn off'),
  },
  { name: 'new-recovery-codes', open: (walk) => walk.goTo('/account/recovery-codes') },
  {
    name: 'recovery-codes-renewed',
    open: (walk) => walk.fill({ Password: password, Code: codes.shift() ?? '' }, 'Make new codes'),
  },
  { name: 'login-code', open: (walk) => logInAgain(walk) },
  { name: 'login-code-refused', open: (walk) => walk.fill({ Code: '12345' }, 'Log in') },
  { name: 'login-over', open: (walk) => tryInVain(walk) },
  { name: 'account-with-few-codes', open: (walk) => spendCodes(walk) },
];

/** What pages show where people are invited, and addresses proven. */
export const invitedPageStates: readonly PageState[] = [
  { name: 'login-without-registration', open: (walk) => walk.goTo('/login') },
  { name: 'register-closed', open: (walk) => walk.goTo('/register') },
  { name: 'verify', open: (walk) => walk.goTo('/verify') },
  { name: 'verify-refused', open: (walk) => walk.fill({ Email: 'ada' }, 'Send the link') },
  { name: 'account-with-pending-email', open: (walk) => askForChange(walk) },
];

async function askForChange(walk: Walk): Promise<void> {
  await walk.goTo('/login');
  await walk.fill({ Email: email, Password: password }, 'Log in');
  await walk.goTo('/account/email');
  await walk.fill({ 'New email': `countess.${email}`, Password: password }, 'Change email');
}

/** Those that were shown last. */
let codes: string[] = [];

async function turnOn(walk: Walk): Promise<void> {
  const secret = (await walk.page.locator('.secret').textContent()) ?? '';
  await walk.fill({ Code: totpCode(secret.replaceAll(/\s/g, ''), Date.now()) }, 'Turn on');
  codes = await readCodes(walk);
}

function readCodes(walk: Walk): Promise<string[]> {
  return walk.page.locator('.codes li').allTextContents();
}

async function logInAgain(walk: Walk): Promise<void> {
  codes = await readCodes(walk);
  await walk.context.clearCookies();
  await walk.goTo('/login');
  await walk.fill({ Email: email, Password: password }, 'Log in');
}

/** Of five codes that a login may try, one was wrong before. */
async function tryInVain(walk: Walk): Promise<void> {
  for (let tries = 1; tries < 5; tries += 1) await walk.fill({ Code: '12345' }, 'Log in');
  await walk.fill({ Code: codes[0] ?? '' }, 'Log in');
}

async function spendCodes(walk: Walk): Promise<void> {
  while (codes.length > 3) {
    await walk.context.clearCookies();
    await walk.goTo('/login');
    await walk.fill({ Email: email, Password: password }, 'Log in');
    await walk.fill({ Code: codes.shift() ?? '' }, 'Log in');
  }
}

async function openTotp(walk: Walk): Promise<void> {
  await logInTwice(walk);
  await walk.goTo('/account/totp');
}

async function logInTwice(walk: Walk): Promise<void> {
  for (let round = 0; round < 2; round += 1) {
    // Without its cookie, a login leaves the other session open.
    await walk.context.clearCookies();
    await walk.goTo('/login');
    await walk.fill({ Email: email, Password: password }, 'Log in');
  }
}

async function endSessionTwice(walk: Walk): Promise<void> {
  await logInTwice(walk);
  const other = await walk.context.newPage();
  await other.goto(`${walk.url}/account`);
  await other.getByRole('button', { name: 'End all other sessions' }).click();
  await other.waitForURL(/done=others-ended/);
  await other.close();
  // A window in the background may not be drawn, and what waits for that would hang.
  await walk.page.bringToFront();
  await walk.page
    .getByRole('button', { name: /^End the session/ })
    .first()
    .click();
}
