/**
 * The tools of a pod, put together: podkin's own, and those that come from outside, which are held to what is
 * said here whatever they do.
 *
 * Invariants
 * - T1 No two tools have one name, and none from outside has the name of one of podkin's own, offered or not.
 * - T2 A tool from outside is handed its call's context and nothing of the pod.
 * - T3 What it answers is bounded: the whole of a longer one is in a file, and the answer says where.
 * - T4 What it answers is text and images for the model: it records no effect on other pods and no denial.
 */
import { PodkinError } from '../std/podkin-error.ts';
import { imagesMax } from '../std/image.ts';
import { ruledTools } from '../scope/permissions/permission-rules.ts';
import { outputCap } from './output-cap.ts';
import type { CallContext, Tool, ToolAnswer } from './tool.ts';

/** The tool cannot be offered. The message names it and says why. */
export class BadTool extends PodkinError {
  constructor(name: string, problem: string) {
    super(`the tool ${JSON.stringify(name.slice(0, 80).toWellFormed())} ${problem}`);
    this.name = 'BadTool';
  }
}

const toolName = /^[A-Za-z][A-Za-z0-9_-]{0,63}$/;
/** Descriptions of tools from outside are data: no more of it than this. */
const descriptionCharsMax = 2_000;

/** Throws `BadTool`. */
export function toolSet(own: readonly Tool[], outside: readonly Tool<CallContext>[] = []): readonly Tool[] {
  const reserved = new Set<string>(ruledTools);
  for (const { name } of outside) {
    if (reserved.has(name)) throw new BadTool(name, "has the name of one of podkin's own");
  }
  const set = [...own, ...outside.map(held)];
  const names = new Set<string>();
  for (const { name } of set) {
    if (!toolName.test(name))
      throw new BadTool(name, 'needs a name of 1 to 64 letters, digits, "_" and "-", a letter first');
    if (names.has(name)) throw new BadTool(name, 'is there twice');
    names.add(name);
  }
  return set;
}

function held(tool: Tool<CallContext>): Tool {
  const { name, description, order } = tool;
  return {
    name,
    description: description.slice(0, descriptionCharsMax).toWellFormed(),
    order,
    inputSchema: () => tool.inputSchema(),
    parse: (input) => tool.parse(input),
    needs: (input, context) => tool.needs(input, callContext(context)),
    run: async (input, context) => await bounded(await tool.run(input, callContext(context)), context),
  };
}

function callContext(context: CallContext): CallContext {
  const { call, cwd, scope, signal, outputDir } = context;
  return { call, cwd, scope, signal, outputDir, progress: (text) => context.progress(text) };
}

async function bounded(answer: ToolAnswer, { outputDir, call }: CallContext): Promise<ToolAnswer> {
  const { text, isError, images = [] } = answer;
  const cap = outputCap(outputDir, call);
  await cap.add(Buffer.from(text));
  const shown = images.slice(0, imagesMax);
  return {
    text: await cap.end(),
    ...(isError === true ? { isError } : {}),
    ...(shown.length === 0 ? {} : { images: shown }),
  };
}
