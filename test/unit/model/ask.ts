/** What the tests of the models share: a request to fill in, a stream read to its end, a temporary folder. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { ModelFailure } from '../../../src/model/port.ts';
import type { Model, ModelPart, ModelRequest, ModelResponse } from '../../../src/model/port.ts';

export function request(changes: Partial<ModelRequest> = {}): ModelRequest {
  return {
    pod: 'root',
    system: 'You are a test.',
    messages: [{ role: 'user', text: 'hello' }],
    newest: 'user',
    tools: [
      {
        name: 'Read',
        description: 'Reads a file.',
        inputSchema: { type: 'object', properties: { path: { type: 'string' } }, required: ['path'] },
      },
    ],
    signal: new AbortController().signal,
    ...changes,
  };
}

export interface Asked {
  parts: ModelPart[];
  response: ModelResponse;
  text: string;
}

/** Reads a stream to its end; fails unless its last part, and no other, is the response. */
export async function ask(model: Model, changes: Partial<ModelRequest> = {}): Promise<Asked> {
  const parts: ModelPart[] = [];
  for await (const part of model.stream(request(changes))) parts.push(part);
  const responses = parts.filter((part) => part.type === 'response');
  const [last] = responses;
  if (last === undefined || responses.length > 1 || parts.at(-1) !== last) {
    throw new Error(`the stream did not end with one response: ${JSON.stringify(parts)}`);
  }
  const text = last.response.parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
  return { parts, response: last.response, text };
}

/** The failure of a request that must fail, and the parts that came before. */
export async function failing(
  model: Model,
  changes: Partial<ModelRequest> = {},
): Promise<{ failure: ModelFailure; parts: ModelPart[] }> {
  const parts: ModelPart[] = [];
  try {
    for await (const part of model.stream(request(changes))) parts.push(part);
  } catch (error) {
    if (error instanceof ModelFailure) return { failure: error, parts };
    throw error;
  }
  throw new Error(`the request did not fail: ${JSON.stringify(parts)}`);
}

/** Begins a request and answers its first part, to be awaited or to reject later. */
export function begin(model: Model, changes: Partial<ModelRequest>): Promise<IteratorResult<ModelPart>> {
  const parts = model.stream(request(changes))[Symbol.asyncIterator]();
  return parts.next();
}

export function temporaryFolder(): string {
  const path = mkdtempSync(join(tmpdir(), 'podkin-model-'));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Path of a scenario file with that text. */
export function scenarioFile(text: string): string {
  const path = join(temporaryFolder(), 'scenario.yaml');
  writeFileSync(path, text);
  return path;
}

/** An address on this machine at which nobody listens. */
export async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
}
