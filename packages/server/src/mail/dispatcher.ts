import { type AuthPorts, sendOwedMail } from '@authsvc/core';

/** How often retries that are due are looked for, in milliseconds. */
const POLL_INTERVAL_MS = 10_000;
/** How long a mail that is being sent at shutdown may take. One cut short is sent later. */
const STOP_GRACE_MS = 2000;

/** Sends the mails that are owed, one after another, apart from the requests that caused them. */
export interface MailDispatcher {
  /** Sends what is due now. */
  wake(): void;
  /** Resolves once no mail is being sent any more, 2 s from now at most; nothing is lost. */
  stop(): Promise<void>;
}

/** @param onError called when the database fails; a failing mail server is recorded as an event. */
export function createMailDispatcher(ports: AuthPorts, onError: (error: unknown) => void): MailDispatcher {
  const cut = new AbortController();
  let isStopping = false;
  let isWoken = false;
  let sending: Promise<void> | undefined;

  const sendAll = async () => {
    while (isWoken && !isStopping) {
      isWoken = false;
      try {
        while (!isStopping && (await sendOwedMail(ports, cut.signal)) !== 'none');
      } catch (error) {
        onError(error);
      }
    }
    sending = undefined;
  };
  const wake = () => {
    isWoken = true;
    sending ??= sendAll();
  };
  const timer = setInterval(wake, POLL_INTERVAL_MS);
  timer.unref();

  return {
    wake,
    stop: async () => {
      isStopping = true;
      clearInterval(timer);
      const end = setTimeout(() => cut.abort(), STOP_GRACE_MS);
      await sending;
      clearTimeout(end);
    },
  };
}
