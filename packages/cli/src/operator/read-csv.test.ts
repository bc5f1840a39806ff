import { describe, expect, it } from 'vitest';
import { type CsvRecord, readCsv } from './read-csv.ts';

async function read(text: string, checkColumns: (names: readonly string[]) => void = () => undefined) {
  async function* chunks() {
    // Seven bytes at a time, so that every kind of text is cut somewhere.
    for (let at = 0; at < text.length; at += 7) yield Buffer.from(text.slice(at, at + 7));
  }
  const records: CsvRecord[] = [];
  for await (const record of readCsv(chunks(), checkColumns)) records.push(record);
  return records;
}

const rows = async (text: string) =>
  (await read(`a,b,c\n${text}`)).map((record) =>
    'refused' in record ? [record.line, record.refused] : [record.line, ...Object.values(record.fields)],
  );
const notClosed = 'a quote is not closed';

describe('readCsv', () => {
  it('names the fields by the first line, in lower case', async () => {
    const names: string[] = [];
    const records = await read('\uFEFF Email ,"Password_HASH"\r\n\r\nada,x\r\nbob\r\neve,y,more', (all) =>
      names.push(...all),
    );
    expect(names).toEqual(['email', 'password_hash']);
    expect(records).toEqual([
      { line: 3, fields: { email: 'ada', password_hash: 'x' } },
      { line: 4, fields: { email: 'bob', password_hash: '' } },
      { line: 5, fields: { email: 'eve', password_hash: 'y' } },
    ]);
  });

  it('reads quotes, and commas and line ends within them', async () => {
    expect(await rows('"1","2,3","4 ""5"""\n"",, "6" \n"7\r\n8\n\n9",10,\nx,y,z')).toEqual([
      [2, '1', '2,3', '4 "5"'],
      [3, '', '', '6'],
      [4, '7\n8\n\n9', '10', ''],
      [8, 'x', 'y', 'z'],
    ]);
  });

  it.each([',', ';', '\t', '|'])('finds the delimiter %j in the names of the columns', async (delimiter) => {
    const text = ['"a, or; b\tor | c"', 'b', 'c'].join(delimiter);
    expect(await read(`${text}\n${['1', '"2,;\t|"', '3'].join(delimiter)}`)).toEqual([
      { line: 2, fields: { 'a, or; b\tor | c': '1', b: '2,;\t|', c: '3' } },
    ]);
  });

  it('takes the delimiter that the first line says, also where the names hold others', async () => {
    expect(await read('sep=;\r\na,x;b\r\n1;2')).toEqual([{ line: 3, fields: { 'a,x': '1', b: '2' } }]);
    expect(await read('"sep=\t"\na\tb\n1\t2')).toEqual([{ line: 3, fields: { a: '1', b: '2' } }]);
  });

  it('passes over lines of delimiters alone', async () => {
    expect(await rows('1,2,3\n,,\n , ,\n4,5,6')).toEqual([
      [2, '1', '2', '3'],
      [5, '4', '5', '6'],
    ]);
  });

  it('takes a quote in the middle for text', async () => {
    expect(await rows('1"2,"3"4,"5" 6\n')).toEqual([[2, '1"2', '"3"4', '"5" 6']]);
  });

  it('loses one line to a quote that is never closed', async () => {
    expect(await rows('1,2,3\n4,"5,6\n7,8,9')).toEqual([
      [2, '1', '2', '3'],
      [3, notClosed],
      [4, '7', '8', '9'],
    ]);
    const many = Array.from({ length: 5000 }, (_, index) => [index + 3, String(index), 'x', 'y']);
    const text = many.map(([, ...values]) => values.join()).join('\n');
    expect(await rows(`"${text.length},2,3\n${text}`)).toEqual([[2, notClosed], ...many]);
    expect(await rows('"\n"\n"')).toEqual([
      [2, '', '', ''],
      [4, notClosed],
    ]);
  });

  it('refuses a line that is too long, alone', async () => {
    const long = 'x'.repeat(20_000);
    expect(await rows(`1,2,3\n${long}\n"4,\n${long}\n5,6,7`)).toEqual([
      [2, '1', '2', '3'],
      [3, 'longer than 16384 characters'],
      [4, notClosed],
      [5, 'longer than 16384 characters'],
      [6, '5', '6', '7'],
    ]);
  });
});
