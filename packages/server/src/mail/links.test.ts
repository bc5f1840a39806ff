import { describe, expect, it } from 'vitest';
import { linkTo } from './links.ts';

const token = 'a4d19e2f-88f1-4bc4-89f7-7d39b98a3d44';
const publicUrl = new URL('https://app.example.com/auth');

describe('linkTo', () => {
  it.each([
    ['https://app.example.com', 'https://app.example.com/reset'],
    ['https://app.example.com/', 'https://app.example.com/reset'],
    ['https://app.example.com/auth', 'https://app.example.com/auth/reset'],
    ['http://[::1]:4100', 'http://[::1]:4100/reset'],
  ])('below %s begins with %s', (base, start) => {
    const link = linkTo(new URL(base), '/reset', { email: 'ada@example.com', token });
    expect(link).toBe(`${start}?email=ada%40example.com&token=${token}`);
  });

  it.each([
    'ada+tag@example.com',
    'a&token=b@example.com',
    "o'brien@example.com",
    '100%25@example.com',
    'a%26b=c#d@example.com',
    'ada?a=b/c@example.com',
    '`{|}~!*^_$@example.com',
    'ada@bücher.example',
    'ada@例え.テスト',
  ])('carries %s to a reader of queries, and holds nothing at which a mail program ends a link', (email) => {
    const link = linkTo(publicUrl, '/reset', { email, token });
    expect(link).toMatch(/^https:\/\/app\.example\.com\/auth\/reset\?email=[\w.%-]+&token=[\da-f-]{36}$/);
    expect([...new URL(link).searchParams]).toEqual([
      ['email', email],
      ['token', token],
    ]);
    expect(new URL(link).hash).toBe('');
  });
});
