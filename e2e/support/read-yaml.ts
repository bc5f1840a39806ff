// @ts-expect-error: it comes without types
import { load } from 'js-yaml';

/** @throws when the text is no YAML. */
export function readYaml(text: string): unknown {
  return load(text) as unknown;
}
