/**
 * A project's `.mcp.json`, of the working directory and of each folder above it up to the repository's root.
 * None of its servers is there before a person has trusted it: the entry as it is, and what every file of the
 * project holds that its command and arguments name. What has changed since is asked about anew.
 *
 * Invariants
 * - MT1 Nothing of an entry counts without a yes to all of it and to those files as they are.
 * - MT2 A server is given no variable and no network that the question did not name.
 * - MT3 A file that is not what it should be takes its servers away, and nothing else.
 */
import { join, resolve } from 'node:path';
import { readProjectFile } from '../project/project-file.ts';
import { foldersOf } from '../project/project-folders.ts';
import {
  mcpNamePattern,
  type McpServerSettings,
  mcpServersMax,
  mcpTimeoutMs,
  type TrustedFile,
  variablesIn,
} from '../session/settings/mcp-settings.ts';
import { hashOf } from '../std/file-hash.ts';
import { areTexts } from '../std/fast-guards.ts';
import { isJsonObject, jsonIn, type JsonObject, type JsonValue } from '../std/json.ts';
import { fetchProblem } from './fetching.ts';
import { fileInside, filesNamedIn, isText } from './named-files.ts';
import type { ProjectPlace } from './project-settings.ts';
import { trustAnswer } from './trust-answers.ts';

export interface ProjectMcp {
  readonly servers: Readonly<Record<string, McpServerSettings>>;
  /** Each is in the notes too. */
  readonly leftOut: readonly LeftOutServer[];
  readonly notes: readonly string[];
}

/** An entry that does not count. */
export interface LeftOutServer {
  readonly name: string;
  /** The file that it is in. */
  readonly file: string;
  /** `asked`: nobody has answered; `refused`: a person has said no; `wrong`: it can be none. */
  readonly kind: 'asked' | 'refused' | 'wrong';
  /** Behind "is left out, ". */
  readonly why: string;
  /** What it would be; null where it can be none. */
  readonly server: McpServerSettings | null;
}

export const nobodysMcp: ProjectMcp = { servers: {}, leftOut: [], notes: [] };

const fileName = '.mcp.json';
/** Never rejects for what it finds there. */
export async function readProjectMcp(place: ProjectPlace): Promise<ProjectMcp> {
  const servers: Record<string, McpServerSettings> = {};
  const leftOut: LeftOutServer[] = [];
  const notes: string[] = [];
  for (const folder of await foldersOf(place.cwd, place.personHome)) {
    for (const [name, found] of await readFolder(place, folder)) {
      if (typeof found === 'string') notes.push(found);
      else if ('why' in found) {
        leftOut.push(found);
        notes.push(leftOutText(found));
      } else servers[name] = found;
    }
  }
  return { servers, leftOut, notes };
}

function leftOutText({ file, name, why }: LeftOutServer): string {
  return `${file}: the server ${JSON.stringify(name)} is left out, ${why}.`;
}

/** A text is a note. */
async function readFolder(
  place: ProjectPlace,
  folder: string,
): Promise<[name: string, McpServerSettings | LeftOutServer | string][]> {
  const path = join(folder, fileName);
  const deny = place.deny.map((denied) => ({ path: resolve(place.cwd, denied), right: 'read' as const }));
  const found = await readProjectFile({ home: place.home, deny }, folder, fileName);
  const leftOut = (why: string): [string, string][] => [['', `${path} ${why}: its servers are left out.`]];
  if (found.kind === 'missing' || found.kind === 'denied') return [];
  if (found.kind === 'leftOut') return leftOut(found.why);
  if (found.isCut) return leftOut('is too large');
  const json = jsonIn(found.text);
  const entries = isJsonObject(json) ? json['mcpServers'] : undefined;
  if (!isJsonObject(entries)) return leftOut('has no object "mcpServers"');
  const all = Object.entries(entries);
  const judged: [string, McpServerSettings | LeftOutServer | string][] = [];
  for (const [name, entry] of all.slice(0, mcpServersMax))
    judged.push([name, await judgedEntry(place, { path, folder, name, entry })]);
  if (all.length > mcpServersMax)
    judged.push(['', `${path} has more than ${mcpServersMax} servers: the rest is left out.`]);
  return judged;
}

interface Entry {
  readonly path: string;
  readonly folder: string;
  readonly name: string;
  readonly entry: JsonValue;
}

async function judgedEntry(place: ProjectPlace, one: Entry): Promise<McpServerSettings | LeftOutServer> {
  const { path, name, entry } = one;
  const wanted = wantedIn(one);
  const server = typeof wanted === 'string' ? null : wanted;
  const leftOut = (kind: LeftOutServer['kind'], why: string): LeftOutServer => {
    return { name: name.slice(0, 60).toWellFormed(), file: path, kind, why, server };
  };
  if (typeof wanted === 'string') return leftOut('wrong', wanted);
  const { files = [] } = wanted;
  const content = JSON.stringify(['mcp', one.folder, name, entry, files]);
  const ask = async () => (await place.askTrust?.(path, wants(name, wanted))) ?? null;
  const { answer, record } = await trustAnswer(place.home, content, ask);
  if (answer === true) return wanted;
  if (answer === false)
    return leftOut('refused', `you have said no to it as it is; to be asked again: rm ${record}`);
  return leftOut(
    'asked',
    'a person has to trust it first, as it and its files are now: "podkin run" on a terminal, without -p, asks',
  );
}

/** What a person is asked about. */
function wants(name: string, server: McpServerSettings): string[] {
  const { command, args = [], url, env = {}, headers = {}, files = [], network } = server;
  return [
    `the MCP server ${name}, whose tools are asked about before they run:`,
    ...(command === undefined
      ? []
      : [`  starts ${[command, ...args].map((word) => JSON.stringify(word)).join(' ')}`]),
    ...files.map(({ path, sha256 }) => `  with the file ${path} (sha256 ${sha256.slice(0, 16)}…)`),
    ...([command ?? '', ...args].some(isText)
      ? [
          '  runs the text of an argument: of what that starts, only files listed here are watched for changes',
        ]
      : []),
    ...(url === undefined ? [] : [`  sends what it is called with to ${new URL(url).host}: ${url}`]),
    ...Object.entries(env).map(([key, text]) => `  sets ${key} = ${JSON.stringify(text)}`),
    ...Object.entries(headers).map(([key, text]) => `  sends the header ${key}: ${JSON.stringify(text)}`),
    ...variablesIn({ ...env, ...headers }).map((variable) => `  is given your variable ${variable}`),
    ...(command === undefined ? [] : [network === true ? '  has the network' : '  has no network']),
  ];
}

/** The entry as a server, or why it is none. */
function wantedIn({ path, folder, name, entry }: Entry): McpServerSettings | string {
  if (!mcpNamePattern.test(name)) return 'its name has to be 1 to 32 of a-z, 0-9 and "-", a letter first';
  if (!isJsonObject(entry)) return 'it is no object';
  const { command, url, timeout } = entry;
  const timeoutMs =
    typeof timeout === 'number' && timeout >= mcpTimeoutMs.min
      ? { timeoutMs: Math.min(timeout, mcpTimeoutMs.max) }
      : {};
  if ((typeof command === 'string') === (typeof url === 'string')) return 'it needs a command or a url';
  const server = typeof url === 'string' ? reached(url, entry) : started(folder, entry);
  return typeof server === 'string' ? server : { project: path, ...server, ...timeoutMs };
}

type Wanted = Omit<McpServerSettings, 'project'> | string;

function reached(url: string, { type, headers = {} }: JsonObject): Wanted {
  if (type !== undefined && type !== 'http' && type !== 'streamable-http')
    return 'only servers over stdio and streamable HTTP can be used';
  if (!/^https?:$/.test(URL.canParse(url) ? new URL(url).protocol : ''))
    return 'its url is none of http or https';
  return areValues(headers) ? { url, headers } : 'its headers are no texts';
}

function started(folder: string, { command, args = [], env = {}, network }: JsonObject): Wanted {
  if (!areTexts(args) || !areValues(env)) return 'its args or env are no texts';
  if (network !== undefined && typeof network !== 'boolean') return 'its network is neither true nor false';
  const program = typeof command === 'string' ? command : '';
  if (program === '' || [program, ...args].some((word) => word.includes('\0')))
    return 'its command is empty or has a NUL character';
  const problem = fetchProblem(program, args);
  if (problem !== null) return problem;
  const files = namedFiles(folder, [program, ...args]);
  if (typeof files === 'string') return files;
  const named = files.length > 0 ? { files } : {};
  return { ...inPlace(folder, program, args), env, network: network === true, ...named };
}

function areValues(texts: JsonValue): texts is { [name: string]: string } {
  return isJsonObject(texts) && Object.values(texts).every((text) => typeof text === 'string');
}

/** Relative names of files are so to the project's folder, wherever its pods work. */
function inPlace(
  folder: string,
  command: string,
  args: readonly string[],
): Pick<McpServerSettings, 'command' | 'args'> {
  const placed = (word: string) => fileInside(folder, word) ?? word;
  const program = command.includes('/') ? placed(command) : command;
  return { command: program, args: args.map((arg) => (arg.startsWith('-') ? arg : placed(arg))) };
}

/** Those inside of the project, with what they hold now; or why that cannot be said. */
function namedFiles(folder: string, words: readonly string[]): TrustedFile[] | string {
  const files: TrustedFile[] = [];
  for (const path of filesNamedIn(folder, words)) {
    const sha256 = hashOf(path);
    if (sha256 === null) return `${path} cannot be read, so nobody could trust it`;
    files.push({ path, sha256 });
  }
  return files;
}
