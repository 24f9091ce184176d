import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import should from 'should';
import { codec } from '../../../lib/conformance/codec';
import { PublishTap, type StreamedMessage } from '../../../lib/mqtt/publish-tap';
import { until } from '../../support/mosquitto';

const MAXIMUM = 10_000;
const VERSION = { protocolVersion: 5 } as const;

/** The network, as far as a socket shows it. */
class Wire extends Duplex {
  readonly written: Buffer[] = [];
  #waiting: Buffer[] = [];
  #reads = true;

  constructor(readonly tap: PublishTap) {
    super();
  }

  /** As Node does with `onread`: every chunk into the same buffer, until it is told to stop. */
  arrive(chunks: readonly Buffer[]): void {
    this.#waiting.push(...chunks);
    const { buffer, callback } = this.tap.onread;
    if (typeof buffer === 'function') throw new Error('one buffer is enough');
    while (this.#reads) {
      const chunk = this.#waiting.shift();
      if (chunk === undefined) return;
      buffer.set(chunk);
      this.#reads = callback(chunk.length, buffer);
      buffer.fill(0, 0, chunk.length);
    }
  }

  override resume(): this {
    this.#reads = true;
    this.arrive([]);
    return this;
  }

  override _read(): void {}
  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written.push(chunk);
    done();
  }
}

describe('taking PUBLISH packets out of a connection', () => {
  let wire: Wire;
  let tap: PublishTap;
  let taken: StreamedMessage[];
  let room: boolean;
  let rest: Buffer;
  let failure: NodeJS.ErrnoException | undefined;

  beforeEach(() => {
    taken = [];
    room = true;
    rest = Buffer.alloc(0);
    failure = undefined;
    const take = (message: StreamedMessage) =>
      taken.push({ ...message, payload: Buffer.from(message.payload) });
    const stream = { take, hasRoom: () => room };
    tap = new PublishTap(MAXIMUM, stream);
    wire = new Wire(tap);
    tap.attach(wire as unknown as Socket);
    tap.on('data', (chunk: Buffer) => {
      rest = Buffer.concat([rest, chunk]);
    });
    tap.on('error', (error) => {
      failure = error;
    });
  });
  afterEach(() => {
    tap.destroy();
  });

  const publish = (n: number, more: object = {}) =>
    codec.generate(
      {
        cmd: 'publish',
        topic: `t/${n}`,
        payload: Buffer.from(`p${n}`),
        qos: 1,
        dup: false,
        retain: false,
        messageId: n,
        ...more,
      },
      VERSION,
    );
  const pingresp = codec.generate({ cmd: 'pingresp' }, VERSION);
  const arrive = (...chunks: Buffer[]) => wire.arrive(chunks);
  const told = () => taken.map(({ topic, payload }) => `${topic} ${payload}`);
  const pubacks = () => {
    const bytes = Buffer.concat(wire.written);
    return Array.from({ length: bytes.length / 4 }, (_, n) => {
      should(bytes.readUInt16BE(n * 4)).equal(0x4002);
      return bytes.readUInt16BE(n * 4 + 2);
    });
  };

  it('takes them and leaves the rest to the library', async () => {
    arrive(Buffer.concat([publish(1), pingresp, publish(2)]));
    await until('both have come', () => taken.length === 2);
    should(told()).eql(['t/1 p1', 't/2 p2']);
    should(rest).eql(pingresp);
  });

  it('puts packets together however they are cut', async () => {
    const all = Buffer.concat([publish(1), pingresp, publish(2, { payload: Buffer.alloc(300, 'x') })]);
    arrive(...Array.from(all, (_, at) => all.subarray(at, at + 1)));
    await until('both have come', () => taken.length === 2);
    should(taken[1]?.payload).have.length(300);
    should(rest).eql(pingresp);
  });

  it('reads flags, QoS 0 and past properties', async () => {
    const properties = { contentType: 'application/json', userProperties: { a: 'b' } };
    arrive(
      publish(1, { retain: true, dup: true, properties }),
      publish(2, { qos: 0, messageId: undefined, properties }),
      publish(3, { payload: Buffer.alloc(0) }),
    );
    await until('all have come', () => taken.length === 3);
    should(told()).eql(['t/1 p1', 't/2 p2', 't/3 ']);
    should(taken[0]).match({ qos: 1, retain: true, duplicate: true });
    should(taken[1]).match({ qos: 0, retain: false, duplicate: false });
  });

  it('sends PUBACKs in the order of arrival, whatever the order they become due in (MQTT 5.0 section 4.6)', async () => {
    arrive(publish(11), publish(12), publish(13));
    await until('all have come', () => taken.length === 3);
    taken[2]?.acknowledge();
    taken[1]?.acknowledge();
    await new Promise((resolve) => setTimeout(resolve, 5));
    should(pubacks()).be.empty();
    taken[0]?.acknowledge();
    await until('they are written', () => wire.written.length > 0);
    should(pubacks()).eql([11, 12, 13]);
    should(wire.written).have.length(1);
  });

  it('acknowledges each of very many once', async () => {
    for (let n = 1; n <= 5_000; n += 1) arrive(publish(n));
    await until('all have come', () => taken.length === 5_000);
    for (const message of taken) message.acknowledge();
    await until('all are acknowledged', () => pubacks().length === 5_000);
    should(pubacks()).eql(Array.from({ length: 5_000 }, (_, n) => n + 1));
  });

  it('does not read on while there is no room, and keeps the library from taking the broker for dead', async () => {
    room = false;
    arrive(publish(1));
    await until('it has come', () => taken.length === 1);
    arrive(publish(2), pingresp);
    tap.write(codec.generate({ cmd: 'pingreq' }, VERSION));
    await until('an answer is there', () => rest.length > 0);
    should(rest).eql(pingresp);
    should(taken).have.length(1);
    room = true;
    await until('the rest has come', () => taken.length === 2);
  });

  const malformed: readonly (readonly [string, Buffer])[] = [
    ['a packet larger than we said we take', publish(1, { payload: Buffer.alloc(MAXIMUM) })],
    ['a length without end', Buffer.from([0x30, 0xff, 0xff, 0xff, 0xff, 1])],
    ['QoS 3', Buffer.from([0x36, 6, 0, 1, 0x61, 0, 1, 0])],
    ['a topic longer than its packet', Buffer.from([0x30, 4, 0, 9, 0x61, 0])],
  ];
  for (const [what, packet] of malformed) {
    it(`ends the connection at ${what}`, async () => {
      arrive(packet);
      await until('it has ended', () => failure !== undefined);
      should(failure?.code).equal('MQTT_MALFORMED_PACKET');
      should(wire.destroyed).be.true();
      should(taken).be.empty();
    });
  }

  it('ends with the connection', async () => {
    wire.destroy();
    await until('it has ended', () => tap.destroyed);
  });
});
