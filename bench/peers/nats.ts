/**
 * NATS JetStream: a message is acknowledged when the stream has it in its file. Nobody reads it here, which
 * is to its advantage.
 */
import { callbackEvent } from '../event.ts';
import { packageOf } from './packages.ts';
import type { Peer } from './peer.ts';

interface Transport {
  connect(options: { servers: string }): Promise<object>;
}
interface JetStream {
  jetstream(connection: object): { publish(subject: string, body: string): Promise<unknown> };
  jetstreamManager(connection: object): Promise<{ streams: { add(stream: object): Promise<unknown> } }>;
}

async function connected(address: string): Promise<{ connection: object; library: JetStream }> {
  const { connect } = await packageOf<Transport>('@nats-io/transport-node');
  const library = await packageOf<JetStream>('@nats-io/jetstream');
  return { connection: await connect({ servers: address }), library };
}

/** Makes the stream that all senders publish to. */
export async function makeStream(address: string): Promise<void> {
  const { connection, library } = await connected(address);
  const manager = await library.jetstreamManager(connection);
  await manager.streams.add({ name: 'callbacks', subjects: ['callbacks'], storage: 'file' });
  await (connection as { close(): Promise<void> }).close();
}

export const nats: Peer = {
  async open(address) {
    const { connection, library } = await connected(address);
    const stream = library.jetstream(connection);
    let seq = 0;
    return () => {
      seq += 1;
      return stream.publish('callbacks', JSON.stringify({ seq, event: callbackEvent }));
    };
  },
};
