import type { CommonPasswords } from '../ports.ts';

/**
 * Load the common passwords of `@zxcvbn-ts/language-common`, about 49,000, on first use: that takes
 * 20 ms and some megabytes, which would delay a start.
 *
 * @see https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver
 */
export function loadCommonPasswords(): CommonPasswords {
  let passwords: Promise<ReadonlySet<string>> | undefined;
  const load = async () => {
    const { dictionary } = await import('@zxcvbn-ts/language-common');
    return new Set(dictionary['passwords-common'].map((password) => String(password).toLowerCase()));
  };
  return {
    includes: async (password) => {
      // A failure is not kept: the next password is another try.
      passwords ??= load().catch((error) => {
        passwords = undefined;
        throw error;
      });
      return (await passwords).has(password);
    },
  };
}
