import should from 'should';
import { csvRows } from '../../../lib/archive/csv';

async function rows(...chunks: readonly string[]): Promise<Record<string, string>[]> {
  async function* source() {
    yield* chunks;
  }
  const found: Record<string, string>[] = [];
  for await (const row of csvRows(source())) {
    found.push(Object.fromEntries(row.columns.map((column) => [column, row.get(column)])));
  }
  return found;
}

describe('InfluxDB’s CSV', () => {
  it('is read table by table, each with columns of its own', async () => {
    should(await rows(',result,_value\r\n,a,1\r\n,a,2\r\n\r\n,result,zone\r\n,b,3\r\n\r\n')).eql([
      { '': '', result: 'a', _value: '1' },
      { '': '', result: 'a', _value: '2' },
      { '': '', result: 'b', zone: '3' },
    ]);
  });

  it('may come in pieces of any size', async () => {
    const text = ',result,_value\r\n,a,"x,1"\r\n,b,2\r\n';
    should(await rows(...text)).eql(await rows(text));
  });

  it('keeps commas, quotes and line ends of a quoted value', async () => {
    should(await rows(',payload\r\n,"{""a"": 1,\r\n ""b"": """"}"\r\n')).eql([
      { '': '', payload: '{"a": 1,\n "b": ""}' },
    ]);
  });

  it('says of a column that is not there that it is empty', async () => {
    async function* source() {
      yield ',a\n,1\n';
    }
    for await (const row of csvRows(source())) should(row.get('b')).equal('');
  });
});
