import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Searches the bytes of every regular file below some folders.
 *
 * @returns for each needle, by its name, the paths of the files that hold it.
 */
export async function findInFiles<Name extends string>(
  folders: readonly string[],
  needles: Readonly<Record<Name, string>>,
): Promise<Record<Name, string[]>> {
  const names = Object.keys(needles) as Name[];
  const found = Object.fromEntries(names.map((name) => [name, []])) as unknown as Record<Name, string[]>;
  for (const folder of folders) {
    for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const path = join(entry.parentPath, entry.name);
      const bytes = await readFile(path);
      for (const name of names) if (bytes.includes(needles[name])) found[name].push(path);
    }
  }
  return found;
}
