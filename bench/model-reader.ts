/**
 * What a pod's process would be without the pod: the model port and the provider's package reading one
 * stream, in a process of its own. Each `read` is one request; answered with how late each token was. The
 * provider is in the environment.
 */
import { createModel } from '../src/model/create.ts';
import { modelName } from './model-server.ts';
import { lagsIn } from './stamp.ts';

const model = await createModel(modelName, process.env);
process.on('disconnect', () => process.exit(0));
process.on('message', () => {
  read().then(
    (lagsMs) => process.send?.({ lagsMs }),
    (error: unknown) => process.send?.({ error: String(error) }),
  );
});
process.send?.('ready');

async function read(): Promise<number[]> {
  const signal = new AbortController().signal;
  const messages = [{ role: 'user' as const, text: 'Go on.' }];
  const request = { pod: 'none', system: 'none', messages, newest: 'user' as const, tools: [], signal };
  const found: number[] = [];
  let rest = '';
  for await (const part of model.stream(request)) {
    if (part.type !== 'textDelta') continue;
    const lags = lagsIn(rest + part.text);
    found.push(...lags.lagsMs);
    rest = lags.rest;
  }
  return found;
}
