/** What people read, in English. Another language is another file with the same keys. */
export const en = {
  /** As HTML names it. */
  language: 'en',

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
