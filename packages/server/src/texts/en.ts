import type { WireErrorCode } from '@authsvc/client/contract';
import type { PasswordProblem } from '@authsvc/core';
import { mails } from './en-mails.ts';

/** What people read, in English. Another language is another file with the same keys. */
export const en = {
  /** As HTML names it. */
  language: 'en',

  pages: {
    fields: {
      email: 'Email',
      newEmail: 'New email',
      password: 'Password',
      currentPassword: 'Current password',
      newPassword: 'New password',
      token: 'Token',
      code: 'Code',
    },
    login: {
      title: 'Log in',
      submit: 'Log in',
      forgot: 'Forgot your password?',
      noAccount: 'No account yet?',
      register: 'Create one',
      loggedInAs: (email: string) => `You are logged in as ${email}.`,
      goOn: 'Continue',
    },
    loginCode: {
      title: 'Enter your code',
      lead: 'Your password is right. Your account also asks for a second factor.',
      again: 'Back to log in',
    },
    register: {
      title: 'Create your account',
      submit: 'Create account',
      haveAccount: 'You have an account?',
      logIn: 'Log in',
    },
    logout: {
      title: 'Log out',
      question: (email: string) => `You are logged in as ${email}.`,
      submit: 'Log out',
      stay: 'Back to your account',
      none: 'You are not logged in.',
      logIn: 'Log in',
    },
    askForReset: {
      title: 'Reset your password',
      lead: {
        response: 'Enter the email of your account, and choose a new password next.',
        smtp: 'Enter the email of your account. We send a link with which you choose a new password.',
        operator: 'Enter the email of your account. The operator can then give you a token.',
      },
      submit: 'Continue',
      back: 'Back to log in',
    },
    resetAsked: {
      title: { smtp: 'Look in your mailbox', operator: 'Ask the operator' },
      lead: {
        smtp: 'If there is an account with this email, a mail with a link is on its way. It can take a minute.',
        operator: 'The operator can give you a token for your account, with which you choose a new password.',
      },
      haveToken: 'I have a token',
      back: 'Back to log in',
    },
    chooseAfterReset: {
      title: 'Choose a new password',
      lead: 'You are then logged out everywhere, and log in with the new password.',
      submit: 'Set the password',
      again: 'Ask for a new token',
    },
    askForVerification: {
      title: 'Confirm your email',
      lead: 'Enter the email that you registered with. We send you a new link.',
      submit: 'Send the link',
    },
    verificationAsked: {
      title: 'Look in your mailbox',
      lead: 'A mail is on its way. Its link confirms your email, and there you choose the password of your account. It can take a minute.',
      haveToken: 'I have a token',
      again: 'Send the mail again',
      back: 'Back to log in',
    },
    verify: {
      registration: {
        title: 'Confirm your email',
        lead: 'Choose the password of your account. You log in with it next.',
        submit: 'Confirm the email',
      },
      change: {
        title: 'Confirm your new email',
        lead: 'Enter the password of your account. You log in with the new email from then on.',
        submit: 'Confirm the new email',
      },
      either: {
        title: 'Confirm your email',
        lead: 'For a new account, choose its password. To change the email of your account, enter the password that you have.',
        submit: 'Confirm the email',
      },
    },
    invitation: {
      title: 'Accept your invitation',
      lead: 'Choose the password of your account. You log in with it next.',
      submit: 'Create account',
    },
    notMe: {
      title: 'It was not you?',
      lead: 'This takes your account back from the one who used it:',
      sessions: 'Every session ends, on every device.',
      email: 'Your email is again the one that got our mail.',
      factor:
        'A second factor that was turned on since then is removed, and so are recovery codes that were made since.',
      lock: 'No one logs in before you choose a new password by mail.',
      submit: 'It was not me: lock my account',
      itWasMe: 'If it was you, close this page. Nothing has changed.',
    },
    locked: {
      title: 'Your account is locked',
      lead: {
        smtp: 'Everyone is logged out. Now choose a new password: we send a link to your mailbox.',
        operator: 'Everyone is logged out. Ask the operator to unlock it.',
      },
      reset: 'Choose a new password',
    },
    account: {
      title: 'Your account',
      change: 'Change',
      changeEmail: 'Change your email',
      pendingEmail: (email: string) => `It changes to ${email} once you confirm that with the link in its mail.`,
      changePassword: 'Change your password',
      hiddenPassword: 'Known to you alone',
      sessions: 'Where you are logged in',
      thisSession: 'This browser',
      used: (address: string, when: string) => `from ${address}, last used ${when}`,
      justNow: 'just now',
      end: 'End',
      endSession: (browser: string, used: string) => `End the session: ${browser}, ${used}`,
      endOthers: 'End all other sessions',
      more: (count: number) => `${count} more ${count === 1 ? 'session' : 'sessions'}, used longer ago`,
      leave: 'Log out, or delete your account',
      logOutHere: 'End the session in this browser.',
      deleteLead: 'Delete the account and all that belongs to it.',
      delete: 'Delete your account',
      factor: {
        title: 'Second factor',
        off: 'Off. Your password alone logs you in.',
        on: (since: string) => `On since ${since}`,
        turnOn: { short: 'Turn on', whole: 'Turn on the second factor' },
        turnOff: { short: 'Turn off', whole: 'Turn off the second factor' },
        left: (count: number) => `${count} left`,
        few: (count: number) =>
          count === 0
            ? 'None is left. Make new ones before you lose your app.'
            : `Only ${count} left. Make new ones soon.`,
        renew: { short: 'New codes', whole: 'New codes for recovery' },
      },
      devices: 'Known browsers',
      devicesLead: 'They have logged in to your account before. A login from one of them sends you no mail.',
      loggedIn: (address: string, when: string) => `from ${address}, last login ${when}`,
      forget: 'Forget',
      forgetDevice: (browser: string, used: string) => `Forget the browser: ${browser}, ${used}`,
      back: 'Back to your account',
      toApplication: 'Back to the application',
    },
    changeEmail: {
      title: 'Change your email',
      now: (email: string) => `Your email is ${email}.`,
      submit: 'Change email',
    },
    changePassword: {
      title: 'Change your password',
      lead: 'You stay logged in here, and are logged out everywhere else.',
      submit: 'Change password',
    },
    deleteAccount: {
      title: 'Delete your account',
      lead: (email: string) => `This deletes the account ${email} and ends all its sessions. It cannot be undone.`,
      submit: 'Delete this account',
    },
    beginTotp: {
      title: 'Turn on a second factor',
      lead: 'You then log in with your password and a code from an authenticator app on your phone. Enter your password to begin.',
      submit: 'Continue',
      proveFirst: 'Confirm your email first: reset your password by mail once. Then come back here.',
      prove: 'Reset your password by mail',
    },
    scanTotp: {
      title: 'Add it to your app',
      lead: 'You are logged out everywhere else once it is on.',
      scan: 'Scan this with your authenticator app. On this phone?',
      open: 'Open it in the app',
      qr: 'QR code for your authenticator app',
      type: 'Or type this key into the app:',
      submit: 'Turn on',
    },
    recoveryCodes: {
      title: 'Recovery codes',
      enabled: 'Your second factor is on, and all other sessions are ended.',
      renewed: 'These are your new recovery codes. The old ones no longer work.',
      lead: 'Without your app, each of these logs you in once. Print this page or keep them in a safe place now: they are not shown again.',
      of: (email: string, product: string) => `Recovery codes of ${email} at ${product}`,
      done: 'Done: back to your account',
    },
    factorChanges: {
      disable: {
        title: 'Turn off your second factor',
        lead: 'Your password alone then logs you in, and your recovery codes no longer work.',
        submit: 'Turn off',
      },
      'recovery-codes': {
        title: 'New recovery codes',
        lead: 'You get ten new ones, and the old ones no longer work.',
        submit: 'Make new codes',
      },
    },
    browsers: {
      unknown: 'Unknown browser',
      commandLine: 'Command line',
      on: (browser: string, system: string) => `${browser} on ${system}`,
    },
    hints: {
      newPassword: (minLength: number) =>
        minLength > 1
          ? `At least ${minLength} characters. Several words are easy to remember.`
          : 'Several words are easy to remember.',
      code: 'Six digits from your authenticator app, or a recovery code.',
      firstCode: 'The six digits that your app shows now.',
      token: 'Looks like a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44.',
    },
    notices: {
      'logged-out': 'You are logged out.',
      'password-reset': 'Your password is set. Log in with it now.',
      'account-deleted': 'Your account is deleted.',
      'email-changed': 'Your email is changed.',
      'email-change-asked':
        'A mail with a link is on its way to the new email. Yours changes once you confirm it there.',
      'email-verified': 'Your email is confirmed. Log in with it now.',
      'account-made': 'Your account is made. Log in to it now.',
      'password-changed': 'Your password is changed, and all other sessions are ended.',
      'session-ended': 'The session is ended.',
      'others-ended': 'All other sessions are ended.',
      'device-forgotten': 'The browser is forgotten.',
      'factor-off': 'Your second factor is off.',
    },
    problems: {
      title: 'There is a problem',
      inTitle: (title: string) => `Problem: ${title}`,
      missing: {
        email: 'Enter your email.',
        password: 'Enter your password.',
        current_password: 'Enter your current password.',
        new_password: 'Enter a new password.',
        new_email: 'Enter the new email.',
        reset_token: 'Enter the token.',
        verification_token: 'Enter the token.',
        invitation_token: 'Enter the token.',
        token: 'Enter the token.',
        code: 'Enter the code.',
      },
      tooLong: (most: number) => `Use at most ${most} characters.`,
      email: 'Enter an email address, such as ada@example.com.',
      wrongPassword: 'This is not your password.',
      usedCode: 'This code was used already. Wait for the next one.',
      wrongClock: 'This code is of another time. Check the clock of your phone.',
      passwords: {
        not_unicode: 'The password contains characters that are not Unicode.',
        too_short: (minLength: number) => `Use at least ${minLength} characters.`,
        too_long: 'The password is too long.',
        own_email: 'The password must not be your email, or the part before its @.',
        common: 'This is one of the most common passwords, which are guessed first.',
      } satisfies Record<PasswordProblem, unknown>,
      tooMany: (seconds: number) =>
        seconds < 90
          ? `Too many attempts. Try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}.`
          : `Too many attempts. Try again in ${Math.ceil(seconds / 60)} minutes.`,
      refusals: {
        invalid_request: 'The form did not arrive as it was sent. Try again.',
        password_rejected: 'This password is not accepted.',
        email_taken: 'There is already an account with this email.',
        invalid_credentials: 'Wrong email or password.',
        second_factor_required: 'Your account has a second factor. Enter a code too.',
        invalid_code: 'This code is not right.',
        second_factor_expired: 'This login took too long, or had too many wrong codes. Log in again.',
        factor_enabled: 'Your account has a second factor already.',
        no_pending_factor: 'This took longer than ten minutes. Begin again.',
        email_not_verified:
          'Your email is not confirmed yet. Log out and reset your password by mail, which confirms it.',
        unauthenticated: 'You are not logged in, or no longer. Log in to go on.',
        unknown_email: 'There is no account with this email.',
        invalid_reset_token: 'This link or token is not valid: it was used, has expired, or is incomplete.',
        registration_closed: 'You cannot make an account this way here. Ask the operator.',
        invalid_verification_token: 'This link or token is not valid: it was used, has expired, or is incomplete.',
        invalid_invitation_token: 'This invitation is not valid: it was used, has expired, or is incomplete.',
        invalid_not_me_token:
          'This link or token is not valid: it was used, is older than three days, or is incomplete.',
        reset_delivery_refused: 'Tokens are not handed out here. Ask the operator.',
        cross_origin: 'This form was sent from another site, so nothing was done.',
        not_found: 'This was ended or forgotten already.',
        method_not_allowed: 'This page cannot do that.',
        payload_too_large: 'That is more text than a form can take.',
        unsupported_media_type: 'The form did not arrive as it was sent. Try again.',
        misdirected_request: 'This page is not served under this address.',
        headers_too_large: 'The browser sent too much. Delete the cookies of this site, and try again.',
        internal: 'Something went wrong on our side. Try again later.',
        overloaded: 'Too many people are logging in at this moment. Try again shortly.',
        database_unavailable: 'We cannot reach our database right now. Try again shortly.',
      } satisfies Record<Exclude<WireErrorCode, 'rate_limited'>, string>,
      logIn: 'Log in',
    },
  },

  mails,
};
