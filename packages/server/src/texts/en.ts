import type { WireErrorCode } from '@authsvc/client/contract';
import type { PasswordProblem } from '@authsvc/core';

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
      resetToken: 'Token',
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
    account: {
      title: 'Your account',
      change: 'Change',
      changeEmail: 'Change your email',
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
      resetToken: 'Looks like a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44.',
    },
    notices: {
      'logged-out': 'You are logged out.',
      'password-reset': 'Your password is set. Log in with it now.',
      'account-deleted': 'Your account is deleted.',
      'email-changed': 'Your email is changed.',
      'password-changed': 'Your password is changed, and all other sessions are ended.',
      'session-ended': 'The session is ended.',
      'others-ended': 'All other sessions are ended.',
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
      },
      tooLong: (most: number) => `Use at most ${most} characters.`,
      email: 'Enter an email address, such as ada@example.com.',
      wrongPassword: 'This is not your password.',
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
        unauthenticated: 'You are not logged in, or no longer. Log in to go on.',
        unknown_email: 'There is no account with this email.',
        invalid_reset_token: 'This link or token is not valid: it was used, has expired, or is incomplete.',
        registration_closed: 'New accounts need an invitation here. Ask the operator.',
        invalid_verification_token: 'This link or token is not valid: it was used, has expired, or is incomplete.',
        invalid_invitation_token: 'This invitation is not valid: it was used, has expired, or is incomplete.',
        reset_delivery_refused: 'Tokens are not handed out here. Ask the operator.',
        cross_origin: 'This form was sent from another site, so nothing was done.',
        not_found: 'This session has ended already.',
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

  mails: {
    minutes: (count: number) => (count === 1 ? '1 minute' : `${count} minutes`),

    reset: {
      subject: (product: string) => `Reset your ${product} password`,
      heading: 'Choose a new password',
      reason: (email: string, product: string) =>
        `Someone, most likely you, asked to reset the password of ${email} at ${product}.`,
      openPage: 'To choose a new password, open this page:',
      button: 'Choose a new password',
      orToken: 'Or enter this token where you asked for it:',
      linkExpiry: (minutes: string) => `The link and the token work once, for the next ${minutes}.`,
      token: 'Your reset token:',
      tokenExpiry: (minutes: string) =>
        `It works once, for the next ${minutes}. Enter it where you asked for it, or in a terminal:`,
      ignore: 'If it was not you, do nothing: your password stays as it is.',
    },
  },
};
