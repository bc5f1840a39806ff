import fc from 'fast-check';

/** Bytes that are no request to this server; `PORT` stands for the port. */
export const badHttp: fc.Arbitrary<string> = (() => {
  const head = (line: string, ...headers: string[]) =>
    [line, 'Connection: close', ...headers].join('\r\n').concat('\r\n\r\n');
  const host = 'Host: localhost:PORT';
  const control = fc.constantFrom(...'\0\x01\x08\x0b\x0c\r\x1f\x7f');
  const text = fc.stringMatching(/^[\w /%.;=-]{0,20}$/);
  return fc.oneof(
    fc.stringMatching(/^[a-z!{<"]{1,12}$/).map((method) => head(`${method} /profile HTTP/1.1`, host)),
    fc
      .constantFrom('0.9', '1.2', '2.0', '3.0', '1', '1.1x', '')
      .map((version) => head(`GET /nowhere HTTP/${version}`, host)),
    fc.constantFrom('profile', '', '/ x', '/ /', '/\t', '/\0').map((target) => head(`GET ${target} HTTP/1.1`, host)),
    fc
      .constantFrom('/nothing', '/%zz', '//', '/\xff', '*', 'http://evil.example/', 'ftp://localhost:PORT/')
      .map((target) => head(`PUT ${target} HTTP/1.1`, host)),
    fc
      .constantFrom('PROPFIND', 'TRACE', 'QUERY', 'PURGE', 'M-SEARCH')
      .map((method) => head(`${method} /profile HTTP/1.1`, host)),
    fc.tuple(text, control, text).map(([a, c, b]) => head('GET /profile HTTP/1.1', host, `X-Any: ${a}${c}${b}.`)),
    fc.tuple(control, text).map(([c, b]) => head('GET /profile HTTP/1.1', host, `X${c}: ${b}`)),
    fc
      .constantFrom('no colon', ': nothing', 'X : space', ' folded: x', 'X(): y')
      .map((line) => head('GET /profile HTTP/1.1', line, host)),
    fc
      .constantFrom('', 'Host: ', 'Host: evil.example', `${host}\r\nHost: evil.example`, `${host}\r\n${host}`)
      .map((line) => head('GET /profile HTTP/1.1', ...(line ? [line] : []))),
    fc
      .constantFrom('+1', '-1', '1x', '0x1', '1, 2', '1e3', '9'.repeat(30))
      .map((length) => head('POST /users HTTP/1.1', host, `Content-Length: ${length}`)),
    fc
      .constantFrom('identity', 'gzip, x', 'xchunked', 'chunked, chunked', 'chunked\r\nContent-Length: 4')
      .map((coding) => head('POST /users HTTP/1.1', host, `Transfer-Encoding: ${coding}`)),
    fc
      .stringMatching(/^[g-z;=-][\w;="-]{0,8}$/)
      .map(
        (size) =>
          `${head('POST /users HTTP/1.1', host, 'Content-Type: application/json', 'Transfer-Encoding: chunked')}${size}\r\n`,
      ),
    fc
      .tuple(fc.constantFrom('x', '{', '<', '\0', '\x16\x03\x01', '\xff'), fc.uint8Array({ maxLength: 200 }))
      .map(([first, bytes]) => `${first}${Buffer.from(bytes).toString('latin1')}\r\n\r\n`),
  );
})();
