import fc from 'fast-check';
import { JSON_TYPE } from '../requests.ts';
import {
  anyText,
  asForm,
  asJson,
  type BadRequestKind,
  CANARY,
  type Owner,
  rightRequests,
  spoiled,
} from './bad-request.ts';

/** Bodies that no schema admits, whatever the endpoint. */
export function badBodies(owner: Owner): BadRequestKind[] {
  const right = fc.oneof(...Object.values(rightRequests(owner)));

  const fields = spoiled(owner, right, ({ fields: given }) => {
    const value = fc.oneof(
      fc.constantFrom(undefined, '', CANARY + 'x'.repeat(1024)),
      fc.jsonValue().filter((json) => typeof json !== 'string'),
    );
    const name = fc.oneof(fc.constantFrom('__proto__', 'constructor', 'is_admin', 'id'), anyText({ maxLength: 80 }));
    const surplus = name.filter((one) => !Object.hasOwn(given, one));
    return fc
      .oneof(fc.tuple(fc.constantFrom(...Object.keys(given)), value), fc.tuple(surplus, fc.jsonValue()))
      .map(([key, json]) => asJson({ ...given, [key]: json }));
  });

  const forms = spoiled(owner, right, ({ fields: given }) => {
    const form = new URLSearchParams(given).toString();
    const percent = fc.constantFrom('%', '%0', '%zz', '%ff', '%c0%af', '%ed%a0%80', '%u0041', '%%');
    const surplus = anyText({ minLength: 1, maxLength: 20 }).filter((one) => one.isWellFormed() && !(one in given));
    return fc.oneof(
      fc.constantFrom(...Object.keys(given)).map((name) => asForm(`${form}&${name}=${CANARY}`)),
      percent.map((text) => asForm(`x=${text}&${form}`)),
      percent.map((text) => asForm(form + text)),
      fc.constantFrom('{', ' [', '\n{').map((start) => asForm(start + form)),
      fc.integer({ min: 0x80, max: 0xff }).map((byte) => asForm(Buffer.from([...Buffer.from(form), byte]))),
      surplus.map((name) => asForm(`${form}&${encodeURIComponent(name)}=1`)),
    );
  });

  const bytes = spoiled(owner, right, ({ fields: given }) => {
    const text = JSON.stringify(given);
    const place = fc.nat({ max: text.length - 1 });
    const notJson = fc.oneof(
      place.map((end) => text.slice(0, end)),
      fc
        .tuple(fc.nat({ max: 8 }), place)
        .map(([code, at]) => text.slice(0, at) + String.fromCharCode(code) + text.slice(at)),
      fc.constantFrom('}', '{}', ',', 'x', '\0', '/**/', '"').map((rest) => text + rest),
      fc.constantFrom('null', 'true', '1', '[]', '""', '[{}]', `"${CANARY}"`, 'NaN', "{'email':1}", '<email/>', ' '),
      fc.constantFrom('['.repeat(16_000), '{"a":'.repeat(3000), '\ufeff\ufeff{}', '{"a":1,}'),
    );
    const notUtf8 = fc
      .tuple(fc.integer({ min: 0x80, max: 0xff }), place)
      .map(([byte, at]) =>
        Buffer.concat([Buffer.from(text.slice(0, at)), Buffer.from([byte]), Buffer.from(text.slice(at))]),
      );
    const noise = fc.uint8Array({ minLength: 1, maxLength: 64 }).map((some) => Buffer.from([0x01, ...some]));
    return fc.oneof(notJson, notUtf8, noise).map((payload) => ({ payload, headers: JSON_TYPE }));
  });

  const types = spoiled(owner, right, ({ fields: given }) => {
    const { payload } = asJson(given);
    const type = fc.oneof(
      fc.constantFrom('application/json; charset=utf-16', 'application/json; charset="latin1"', 'application/jsonx'),
      fc.constantFrom('application/x-www-form-urlencoded; charset=utf-7', 'text/json', 'multipart/form-data', '/', ';'),
      fc.stringMatching(/^[a-z]{1,12}\/[a-z0-9.+-]{1,12}$/),
      fc.string({ unit: fc.constantFrom(...' /;=,"ajson\t\xff'), minLength: 1, maxLength: 16 }),
    );
    const encoding = fc.constantFrom('gzip', 'br', 'identity, gzip', 'x');
    return fc.oneof(
      type.map((contentType) => ({ payload, headers: { 'content-type': contentType } })),
      encoding.map((name) => ({ payload, headers: { ...JSON_TYPE, 'content-encoding': name } })),
    );
  });

  return [
    { what: 'fields', requests: fields, codes: ['invalid_request'] },
    { what: 'forms', requests: forms, codes: ['invalid_request'] },
    { what: 'bytes', requests: bytes, codes: ['invalid_request'] },
    { what: 'media types', requests: types, codes: ['unsupported_media_type'] },
  ];
}
