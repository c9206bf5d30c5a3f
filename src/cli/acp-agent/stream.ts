/** ACP over stdin and stdout, within the bounds of `StdioLines`. */
import type { AnyMessage, Stream } from '@agentclientprotocol/sdk';
import { wireLimits } from '../../protocol/limits.ts';
import { StdioLines, type StdioParts } from '../invocation/stdio-lines.ts';

export interface AcpWire {
  readonly stream: Stream;
  /** So much has not left that no more is to be sent. */
  isBehind(): boolean;
  caughtUp(): Promise<void>;
}

const behindAt = 16;

/** What is no message is answered, without an id: none can be known. */
export function acpWire(parts: StdioParts): AcpWire {
  const transport = new StdioLines<AnyMessage>({
    ...parts,
    // As much as a pod takes in one message.
    lineCharsMax: wireLimits.lineBytesMax,
    onRefused: (why) => {
      const error = { code: -32600, message: why };
      void transport.send({ jsonrpc: '2.0', id: null, error });
    },
  });
  const readable = new ReadableStream<AnyMessage>({
    async start(controller) {
      Object.assign(transport, { onmessage: (message: AnyMessage) => controller.enqueue(message) });
      transport.afterClose = () => controller.close();
      await transport.start();
    },
    async cancel() {
      await transport.close();
    },
  });
  const writable = new WritableStream<AnyMessage>({
    write(message) {
      // Not waited for: the transport counts what has not left, and reads no more meanwhile.
      void transport.send(message);
    },
  });
  return {
    stream: { readable, writable },
    isBehind: () => transport.unsent >= behindAt,
    caughtUp: () => transport.caughtUp(behindAt),
  };
}
