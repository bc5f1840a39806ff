import type { Setting } from './setting.ts';
import { settings } from './settings.ts';

/** The settings as the table of a Markdown page, as the README shows it. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(
    ({ name, defaultText, description, secret, readDefault }) => {
      const names = secret ? `\`${name}\`, or \`${name}_FILE\`` : `\`${name}\``;
      // What a default depends on is said in words.
      return `| ${names} | ${readDefault ? inWords(defaultText) : `\`${defaultText}\``} | ${description} |`;
    },
  );
  return ['| Variable | Default | |', '|---|---|---|', ...rows].join('\n');
}

function inWords(text: string): string {
  return text.replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
