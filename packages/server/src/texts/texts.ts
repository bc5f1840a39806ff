import { en } from './en.ts';

/** What every language says: a file that lacks a text does not compile. */
export type Texts = typeof en;

/** The texts of pages and mails. Write each with its whole path, `texts.mails.reset.subject`. */
export const texts: Texts = en;
