/** `PORT` stands for the port that the server listens on, `OWN` for its own host. */

/** What a Host header says that is not ours, with and without a public URL at app.example.com. */
export const foreignHosts = [
  ...['evil.example', 'evil.example:PORT', 'EVIL.EXAMPLE:443', 'evil.localhost:PORT', 'localhost.evil.example:PORT'],
  ...[
    'app.example.com.evil.example',
    'evil-app.example.com',
    'evil.app.example.com',
    'example.com',
    'app.example.com.',
  ],
  ...['localhost.:PORT', 'user@localhost:PORT', 'user:evil@app.example.com', 'app.example.com@evil.example'],
  ...['evil.example@app.example.com', 'localhost:PORT, evil.example', 'localhost:PORT evil.example'],
  ...['localhost:PORT\tevil.example', 'localhost:PORT/evil', 'localhost:PORT?evil', 'localhost:PORT#evil'],
  ...['localhost:PORT\\evil', 'http://localhost:PORT', '//localhost:PORT', 'app.example.com:444'],
  ...[
    'app.example.com:PORT',
    'app.example.com:0443',
    'localhost:',
    'localhost:evil',
    'localhost:-1',
    'localhost:99999',
  ],
  ...['localhost:0PORT', '10.0.0.1:PORT', '169.254.169.254', '0177.0.0.1:PORT', '0x7f.0.0.1:PORT', '0x7f000001:PORT'],
  ...['2130706433:PORT', '127.1:PORT', '127.0.1:PORT', '127.0.0.01:PORT', '127.0.0.256:PORT', '127.999.1.1:PORT'],
  ...['[127.0.0.1:PORT', '127.0.0.1]:PORT', '[127.0.0.1]:PORT', '0.0.0.1:PORT', '::1', '[::1', '::1]:PORT'],
  ...['[::1%25lo]:PORT', '[::ffff:127.0.0.1]:PORT', '[0:0:0:0:0:0:0:1]:PORT', '[::2]:PORT', '[fe80::1]:PORT'],
  ...['%6cocalhost:PORT', 'localhost%00.evil.example', 'loc\u00e4lhost:PORT', '*', 'null', ''],
  ...['localhost:PORT\r\nHost: evil.example', 'evil.example\r\nHost: localhost:PORT', 'OWN\r\nHost: OWN'],
] as const;

/** Untrusted `Origin` headers, with and without the public URL https://app.example.com. */
export const foreignOrigins = [
  ...['http://evil.example', 'https://evil.example', 'https://evil.example:PORT', 'HTTPS://APP.EXAMPLE.COM'],
  ...[
    'https://App.example.com',
    'https://app.example.com:443',
    'https://app.example.com:8443',
    'http://app.example.com',
  ],
  ...['https://app.example.com.', 'https://app.example.com/', 'https://app.example.com/auth', 'https://example.com'],
  ...['https://app.example.com.evil.example', 'https://evil-app.example.com', 'https://evil.app.example.com'],
  ...['https://app.example.com@evil.example', 'https://user@app.example.com', 'https://xn--pp-example-9za.com'],
  ...['https://app.example.com%00.evil.example', 'https://app.example.com%2eevil.example', 'app.example.com'],
  ...['https://app.example.com https://evil.example', 'https://evil.example, https://app.example.com'],
  ...['https://app.example.com\r\nOrigin: https://evil.example', 'null', 'NULL', 'undefined', '*', 'file://'],
  ...['about:blank', 'blob:https://app.example.com/x', 'data:', 'javascript:alert(1)', 'chrome-extension://evil'],
  ...['//app.example.com', 'ws://localhost:PORT', 'wss://app.example.com', 'ftp://localhost:PORT'],
  ...['http://localhost.evil.example:PORT', 'http://localhost:PORT.evil.example', 'http://localhost:PORT@evil.example'],
  ...['http://localhost.:PORT', 'http://LOCALHOST:PORT', 'http://localhost:PORT/', 'http://user@localhost:PORT'],
  ...['http://localhost:99999', 'http://localhost:0PORT', 'http://localhost:evil', 'http://127.1:PORT'],
  ...['http://0177.0.0.1:PORT', 'http://0x7f.0.0.1:PORT', 'http://2130706433:PORT', 'http://127.0.0.01:PORT'],
  ...['http://127.0.0.256:PORT', 'http://0.0.0.0:PORT', 'http://[::]:PORT', 'http://[::ffff:127.0.0.1]:PORT'],
  ...['http://[0:0:0:0:0:0:0:1]:PORT', 'http://[::1:PORT', 'http://169.254.169.254', ''],
] as const;

/** What names a proxy's view of a request: nothing of it counts. */
export const proxyHeaders = [
  ...['X-Forwarded-Host: evil.example', 'X-Forwarded-Host: evil.example, OWN', 'x-forwarded-host: evil.example:6666'],
  ...['X-Forwarded-Proto: evil', 'X-Forwarded-Proto: http', 'X-Forwarded-Proto: https', 'X-Forwarded-Port: 6666'],
  ...['X-Forwarded-Prefix: /evil', 'X-Forwarded-Prefix: //evil.example', 'X-Forwarded-Server: evil.example'],
  ...['X-Forwarded-Path: /evil', 'X-Forwarded-Uri: http://evil.example/', 'X-Forwarded-Ssl: on'],
  ...['X-Forwarded-Method: DELETE', 'X-Forwarded: for=203.0.113.9', 'Forwarded: for=203.0.113.9;host=evil.example'],
  ...['Forwarded: for="[2001:db8::9]:6666";proto=http', 'Forwarded: host=evil.example', 'Via: 1.1 evil.example'],
  ...['X-Original-URL: /evil', 'X-Original-URL: http://evil.example/', 'X-Original-Host: evil.example'],
  ...['X-Original-Forwarded-For: 203.0.113.9', 'X-Rewrite-URL: /evil', 'X-Real-IP: 203.0.113.9'],
  ...['X-Client-IP: 203.0.113.9', 'X-Cluster-Client-IP: 203.0.113.9', 'True-Client-IP: 203.0.113.9'],
  ...['CF-Connecting-IP: 203.0.113.9'],
] as const;

/** What other servers take for a method, a host or a path. */
export const overridingHeaders = [
  ...['X-HTTP-Method-Override: DELETE', 'X-HTTP-Method: DELETE', 'X-Method-Override: DELETE', 'X-Host: evil.example'],
  ...['X-HTTP-Host-Override: evil.example', 'X-Script-Name: /evil', 'Base-Url: http://evil.example/'],
  ...['Destination: http://evil.example/', 'Referer: http://evil.example/', 'From: evil.example', 'X-Url-Scheme: evil'],
] as const;

/** `X-Forwarded-For`, and the address that counts if the peer is trusted. */
export const forwardedFor = [
  ['203.0.113.9', '203.0.113.9'],
  ['203.0.113.9, 127.0.0.1', '203.0.113.9'],
  ['203.0.113.9, 198.51.100.7', '198.51.100.7'],
  ['203.0.113.9\r\nX-Forwarded-For: 198.51.100.7', '198.51.100.7'],
  ['::ffff:203.0.113.9', '203.0.113.9'],
  ['203.0.113.9:6666', '203.0.113.9'],
  ['203.0.113.9, unknown', '127.0.0.1'],
  ['203.0.113.9 198.51.100.7', '127.0.0.1'],
  ['evil.example', '127.0.0.1'],
  ['0xcb.0.113.9', '127.0.0.1'],
  ['3405803785', '127.0.0.1'],
  ['203.0.113.9/32', '127.0.0.1'],
  ['for=203.0.113.9', '127.0.0.1'],
  [',', '127.0.0.1'],
] as const;

/** Targets that are neither of the two paths of a route, `/auth` being in the public URL or not. */
export const foreignTargets = [
  ...['/AUTH/whoami', '/Auth/whoami', '/%61uth/whoami', '/auth%2Fwhoami', '/auth%2fwhoami', '/auth//whoami'],
  ...['//auth/whoami', '//whoami', '/auth/auth/whoami', '/auth/../whoami', '/auth/%2e%2e/whoami', '/auth/./whoami'],
  ...['/./whoami', '/../whoami', '/auth;x/whoami', '/auth.whoami', '/authwhoami', '/auth/whoami/', '/whoami/'],
  ...['/whoami;evil', '/auth\\whoami', '/\\whoami', '/whoami%00', '/whoami%20', '/evil/auth/whoami', '/auth%00/whoami'],
  ...['/auth#/whoami', '/auth/http://evil.example/whoami', '/http://evil.example/whoami', '/WHOAMI', '/auth/%2Fwhoami'],
  ...['/auth/%252Fwhoami', '//evil.example/whoami', '/\\evil.example/whoami', 'http://evil.example/whoami'],
  ...['http://evil.example/auth/whoami', 'http://OWN@evil.example/whoami', 'http://evil@OWN/whoami', 'http:///whoami'],
  ...[
    'https://OWN.evil.example/whoami',
    'http://evil.example/health',
    'http://evil.example?x=/whoami',
    'ftp://OWN/whoami',
  ],
  ...['http:/OWN/whoami', 'evil.example:80', 'whoami'],
] as const;
