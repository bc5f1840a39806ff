/**
 * Takes the path of the public URL off a request's target, once and at a segment's end: a proxy may
 * strip it or not.
 *
 * @param publicUrl as the setting has it; without a path, or without a URL, there is nothing to
 * take off.
 */
export function createMountPath(publicUrl: URL | undefined): ((target: string) => string) | undefined {
  const path = publicUrl?.pathname ?? '/';
  if (path === '/') return undefined;
  return (target) => {
    // A target may be a whole URL, as proxies are asked.
    const start = target.startsWith('/') ? 0 : (/^[a-z][a-z\d+.-]*:\/\/[^/?#]*/i.exec(target)?.[0].length ?? 0);
    if (!target.startsWith(path, start)) return target;
    const rest = target.slice(start + path.length);
    if (rest !== '' && !/^[/?]/.test(rest)) return target;
    return `${target.slice(0, start)}${rest.startsWith('/') ? '' : '/'}${rest}`;
  };
}
