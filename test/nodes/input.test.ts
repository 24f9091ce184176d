import { EventEmitter } from 'node:events';
import { mock } from 'node:test';
import type { Node } from 'node-red';
import should from 'should';
import { EgizError } from '../../lib/errors/egiz-error';
import { type Input, onInput } from '../../nodes/shell/input';

type Handler = (input: Input) => Promise<void> | void;

/** As much of a node as `onInput` uses. */
class BareNode extends EventEmitter {
  readonly id = 'n1';

  static with(handle: Handler): BareNode {
    const node = new BareNode();
    onInput(node as unknown as Node, handle);
    return node;
  }

  /** Sends a message and returns what its `done` is called with, one entry a call. */
  receive(): unknown[] {
    const dones: unknown[] = [];
    this.emit(
      'input',
      {},
      () => undefined,
      (error?: unknown) => dones.push(error),
    );
    return dones;
  }

  close(): Promise<void> {
    return new Promise((resolve) => this.emit('close', false, resolve));
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

describe('every input handler', () => {
  const thrown: readonly (readonly [string, Handler, object])[] = [
    [
      'throws',
      () => {
        throw new EgizError('X', 'x');
      },
      { code: 'X' },
    ],
    ['rejects', () => Promise.reject(new EgizError('X', 'x')), { code: 'X' }],
    [
      'throws something that is no error',
      () => {
        throw 'text';
      },
      { code: 'INTERNAL', message: 'text' },
    ],
  ];
  for (const [name, handle, error] of thrown) {
    it(`that ${name} ends in one done with an error that has a code`, async () => {
      const dones = BareNode.with(handle).receive();
      await settled();
      should(dones).match([error]);
    });
  }

  it('that returns ends in one done without an error', async () => {
    const dones = BareNode.with(() => undefined).receive();
    await settled();
    should(dones).eql([undefined]);
  });

  it('is waited for when its node closes', async () => {
    let finish: () => void = () => undefined;
    const node = BareNode.with(
      () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    );
    const dones = node.receive();
    let closed = false;
    const closing = node.close().then(() => {
      closed = true;
    });
    await settled();
    should(closed).be.false();
    finish();
    await closing;
    should(dones).eql([undefined]);
  });

  it('that does not end is answered with NODE_CLOSED, long before Node-RED gives up on the node', async () => {
    mock.timers.enable({ apis: ['setTimeout'] });
    try {
      let finish: () => void = () => undefined;
      const node = BareNode.with(
        () =>
          new Promise<void>((resolve) => {
            finish = resolve;
          }),
      );
      const dones = node.receive();
      const closing = node.close();
      mock.timers.tick(8_000);
      await closing;
      should(dones).match([{ code: 'NODE_CLOSED', cause: { id: 'n1' } }]);
      finish();
      await settled();
      should(dones).have.length(1);
    } finally {
      mock.timers.reset();
    }
  });

  it('learns of the close by its signal', async () => {
    const node = BareNode.with(
      ({ signal }) =>
        new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
    );
    const dones = node.receive();
    await node.close();
    should(dones).match([{ code: 'NODE_CLOSED' }]);
  });

  it('is not run for a message that comes after the close', async () => {
    let runs = 0;
    const node = BareNode.with(() => {
      runs += 1;
    });
    await node.close();
    const dones = node.receive();
    await settled();
    should(dones).match([{ code: 'NODE_CLOSED' }]);
    should(runs).equal(0);
  });
});
