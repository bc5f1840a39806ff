import type { Requester } from '../requester.ts';

type Spellings = readonly [string, ...string[]];

/** One account and its spellings. The key is a literal, to compare with what the rules compute. */
export interface Mailbox {
  readonly key: string;
  readonly spellings: Spellings;
}

/** They differ little: in case, by a tag, or in which of its two Unicode forms an ü has. */
export const mailboxes: readonly Mailbox[] = [
  { key: 'ada.lovelace@example.com', spellings: ['ada.lovelace@example.com', 'Ada.Lovelace@Example.COM'] },
  { key: 'ada.lovelace+1@example.com', spellings: ['ada.lovelace+1@example.com', 'ADA.LOVELACE+1@example.com'] },
  {
    key: 'ada.lovelace@xn--bcher-kva.example',
    spellings: [
      'ada.lovelace@b\u00fccher.example',
      'Ada.Lovelace@BU\u0308CHER.example',
      'ada.lovelace@xn--bcher-kva.example',
    ],
  },
  { key: 'ada_lovelace@example.com', spellings: ['ada_lovelace@example.com', 'ada_lovelace@EXAMPLE.com'] },
];

/** Texts that are not addresses. */
export const noMailbox: Mailbox = { key: '', spellings: ['ada.lovelace@127.0.0.1', 'ada\u0131@example.com', ''] };

/** The spellings that count as one password; the first one is hashed. */
export interface Password {
  readonly spellings: Spellings;
  readonly isRefusedFor: (mailbox: Mailbox) => boolean;
  /** Never accepted, even when imported. */
  readonly matchesNobody?: boolean;
}

const admitted = () => false;
const refused = () => true;

export const passwords: readonly [Password, ...Password[]] = [
  { spellings: ['correct horse battery'], isRefusedFor: admitted },
  { spellings: ['Correct horse battery'], isRefusedFor: admitted },
  { spellings: ['caf\u00e9 au lait', 'cafe\u0301 au lait'], isRefusedFor: admitted },
  { spellings: ['Ada.Lovelace'], isRefusedFor: ({ key }) => key.startsWith('ada.lovelace@') },
  { spellings: ['ada.lovelace@B\u00fccher.example'], isRefusedFor: ({ key }) => key.endsWith('bcher-kva.example') },
  { spellings: ['short'], isRefusedFor: refused },
  { spellings: ['PassWord123'], isRefusedFor: refused },
  { spellings: ['correct horse \ud800'], isRefusedFor: refused, matchesNobody: true },
];

/** Where requests come from: this machine, by three addresses that are counted separately. */
export const places: readonly Requester[] = ['127.0.0.1', '127.0.0.2', '::1'].map((address) => ({
  address,
  userAgent: `a browser at ${address}`,
  proxied: false,
}));
