/** The error of a mailer, by nodemailer's names. */
interface MailError {
  readonly code?: string;
  readonly originalCode?: string;
  /** The SMTP command that failed, such as `RCPT TO`; `CONN` before the first. */
  readonly command?: string;
  /** The server's answer: it may quote what was sent to it. */
  readonly response?: string;
}

const LONGEST_ANSWER = 200;
/** The patterns below take quadratic time, and a server may answer with megabytes. */
const LONGEST_READ = 4000;
const TLS_FAILURE = /CERT|TLS|SSL|SELF_SIGNED|SIGNATURE/;

/**
 * Describes why a mail was not sent: what failed, at which step, and what the server said, without
 * addresses and without anything that may contain a secret.
 *
 * @param secrets texts that are removed wherever they appear.
 */
export function describeMailFailure(error: unknown, secrets: readonly string[]): string {
  const { code, originalCode, response } = error as MailError;
  const reason = originalCode === undefined ? (code ?? 'error') : `${code} (${originalCode})`;
  const step = stepOf(error as MailError);
  const answer = response === undefined ? '' : redact(response, secrets);
  return `${reason}${step === undefined ? '' : ` at ${step}`}${answer === '' ? '' : `: ${answer}`}`;
}

function stepOf({ code, originalCode = '', command }: MailError): string | undefined {
  if (code === 'ETLS' || TLS_FAILURE.test(originalCode)) return 'TLS';
  const [step] = command?.split(' ') ?? [];
  if (step === 'CONN') return 'connect';
  // HELO is sent only to a server that refused EHLO.
  if (step === 'HELO') return 'EHLO';
  return step === 'API' ? undefined : step;
}

function redact(response: string, secrets: readonly string[]): string {
  let text = response.slice(0, LONGEST_READ).replace(/[\p{Cc}\p{Cf}\p{Z}]+/gu, ' ');
  for (const secret of secrets) {
    const escaped = secret.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');
    text = text.replace(new RegExp(escaped, 'gi'), '…');
  }
  return (
    text
      // An address, quoted or not, even if its @ is encoded.
      .replace(/"[^"]*"@\S+|[^\s<>"'(]*(?:@|%40|=40)[^\s>"')]*/gi, '<address>')
      // Tokens, and text that may be one in another encoding.
      .replace(/[\w+/=-]{24,}/g, '…')
      .trim()
      .slice(0, LONGEST_ANSWER)
  );
}
