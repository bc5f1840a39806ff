import { shell } from '@authsvc/client/shell-command';

/** A mail in both its forms. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** The mail with a reset token, as text and HTML. */
export function resetMail(to: string, resetToken: string, expiresInMinutes: number): Mail {
  const command = shell`authsvc reset --email ${to} --token-stdin`;
  const minutes = `${expiresInMinutes} ${expiresInMinutes === 1 ? 'minute' : 'minutes'}`;
  const text = `Someone, most likely you, asked to reset the password of ${to}.

Your reset token:

    ${resetToken}

It works once, for the next ${minutes}. Enter it where you asked for it,
or in a terminal:

    ${command}

If it was not you, do nothing: your password stays as it is.
`;
  const html = `<!doctype html>
<html lang="en">
<body style="margin:0;padding:32px 16px;background:#f4f5f7;font:16px/1.5 system-ui,-apple-system,'Segoe UI',sans-serif;color:#1c2330">
<div style="max-width:520px;margin:0 auto;padding:32px;background:#fff;border-radius:12px">
<h1 style="margin:0 0 16px;font-size:20px">Reset your password</h1>
<p>Someone, most likely you, asked to reset the password of <strong>${escapeHtml(to)}</strong>.</p>
<p style="margin:24px 0;padding:16px;background:#f4f5f7;border-radius:8px;font:16px ui-monospace,monospace;text-align:center">${resetToken}</p>
<p>It works once, for the next ${minutes}. Enter it where you asked for it, or in a terminal:</p>
<p style="font:14px ui-monospace,monospace">${escapeHtml(command)}</p>
<p style="color:#5c6675">If it was not you, do nothing: your password stays as it is.</p>
</div>
</body>
</html>
`;
  return { to, subject: 'Reset your password', text, html };
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
