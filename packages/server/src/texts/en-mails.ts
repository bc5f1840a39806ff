/** What mails say, in English. */
export const mails = {
  /** How long, in the largest unit that is whole. */
  duration: (minutes: number) => {
    const units = [
      ['day', 1440],
      ['hour', 60],
      ['minute', 1],
    ] as const;
    const [unit, size] = units.find(([, many]) => minutes >= many && minutes % many === 0) ?? ['minute', 1];
    const count = minutes / size;
    return `${count} ${unit}${count === 1 ? '' : 's'}`;
  },

  reset: {
    subject: (product: string) => `Reset your ${product} password`,
    heading: 'Choose a new password',
    reason: (email: string, product: string) =>
      `Someone, most likely you, asked to reset the password of ${email} at ${product}.`,
    openPage: 'To choose a new password, open this page:',
    button: 'Choose a new password',
    token: 'Your reset token:',
    ignore: 'If it was not you, do nothing: your password stays as it is.',
  },
  registration: {
    subject: (product: string) => `Confirm your email for ${product}`,
    heading: 'Confirm your email',
    reason: (email: string, product: string) =>
      `Someone, most likely you, asked for an account at ${product} with the email ${email}. There is none before you confirm it.`,
    openPage: 'To confirm it and to choose your password, open this page:',
    button: 'Confirm your email',
    token: 'Your verification token:',
    ignore: 'If it was not you, do nothing: no account is made.',
  },
  email_change: {
    subject: (product: string) => `Confirm your new email for ${product}`,
    heading: 'Confirm your new email',
    reason: (email: string, product: string) =>
      `Someone, most likely you, asked to change the email of an account at ${product} to ${email}.`,
    openPage: 'To confirm it with the password of that account, open this page:',
    button: 'Confirm your new email',
    token: 'Your verification token:',
    ignore: 'If it was not you, do nothing: the email of that account stays as it is.',
  },
  invitation: {
    subject: (product: string) => `Your invitation to ${product}`,
    heading: 'You are invited',
    reason: (email: string, product: string) => `You are invited to make an account at ${product} with ${email}.`,
    openPage: 'To accept, and to choose your password, open this page:',
    button: 'Accept the invitation',
    token: 'Your invitation token:',
    ignore: 'If you do not want an account, do nothing: none is made.',
  },
  /** Of every mail with a token. */
  orToken: 'Or enter this token where you are asked for one:',
  linkExpiry: (duration: string) => `The link and the token work once, for the next ${duration}.`,
  tokenExpiry: (duration: string) =>
    `It works once, for the next ${duration}. Enter it where you are asked for one, or in a terminal:`,

  account_exists: {
    subject: (product: string) => `You have an account at ${product}`,
    heading: 'You have an account already',
    reason: (email: string, product: string) =>
      `Someone, most likely you, wanted to use ${email} for an account at ${product}. You have one with this email.`,
    openPage: 'If you forgot your password, choose another:',
    button: 'Choose a new password',
    ignore: 'If it was not you, do nothing: nothing was changed.',
  },

  /** Of every notice. */
  notice: {
    at: (time: string) => `When: ${time} UTC`,
    from: (address: string, browser: string) => `From: ${address}, ${browser}`,
    openPage:
      'If it was not you, open this page and say so. Everyone is then logged out, and your account is locked until you choose a new password by mail:',
    button: 'It was not me',
    token: 'If it was not you, this token takes your account back:',
    ignore: 'If it was you, there is nothing to do.',
  },
  login_notice: {
    subject: (product: string) => `New login to your ${product} account`,
    heading: 'New login',
    reason: (email: string, product: string) =>
      `Someone, most likely you, logged in to ${product} as ${email}, with a browser and from a network that are new to this account.`,
  },
  wrong_codes: {
    subject: (product: string) => `Someone knows your ${product} password`,
    heading: 'Someone knows your password',
    reason: (email: string, product: string) =>
      `Someone entered the right password of ${email} at ${product}, and then several wrong codes of your second factor, to log in or to change something in your account. No wrong code was accepted.`,
  },
  password_changed: {
    subject: (product: string) => `Your ${product} password was changed`,
    heading: 'Your password was changed',
    reason: (email: string, product: string) =>
      `Someone, most likely you, set a new password for ${email} at ${product}.`,
  },
  email_change_notice: {
    subject: (product: string) => `Your email at ${product} is about to change`,
    heading: 'Your email is about to change',
    reason: (email: string, product: string) =>
      `Someone who knows your password, most likely you, asked to change the email of your account at ${product} from ${email} to another. It changes once the other is confirmed.`,
  },
  email_changed: {
    subject: (product: string) => `Your email at ${product} was changed`,
    heading: 'Your email was changed',
    reason: (email: string, product: string) =>
      `Someone, most likely you, changed the email of your account at ${product} from ${email} to another.`,
  },
  factor_enabled: {
    subject: (product: string) => `Your ${product} account has a second factor`,
    heading: 'A second factor was turned on',
    reason: (email: string, product: string) =>
      `Someone, most likely you, turned on a second factor for ${email} at ${product}. A login now asks for a code too.`,
  },
  factor_disabled: {
    subject: (product: string) => `Your ${product} account has no second factor any more`,
    heading: 'Your second factor was turned off',
    reason: (email: string, product: string) =>
      `Someone, most likely you, turned off the second factor of ${email} at ${product}. The password alone now logs in.`,
  },
  recovery_codes_renewed: {
    subject: (product: string) => `New recovery codes for your ${product} account`,
    heading: 'New recovery codes',
    reason: (email: string, product: string) =>
      `Someone, most likely you, made new recovery codes for ${email} at ${product}. The old ones no longer work.`,
  },
  recovery_code_used: {
    subject: (product: string) => `A recovery code of your ${product} account was used`,
    heading: 'A recovery code was used',
    reason: (email: string, product: string) =>
      `Someone who has your password and one of your recovery codes, most likely you, used the code for ${email} at ${product}. It does not work again. Make new recovery codes on your account page before you run out of them.`,
  },
};
