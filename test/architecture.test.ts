/** Who may import whom, how long a file may be, and a few absences; described in ARCHITECTURE.md. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { doors, keyholes } from './support/rooms.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const fileLinesMax = 400;

/** Packages and Node modules that only these places may import. */
const privileges: { pattern: RegExp; places: string[] }[] = [
  { pattern: /^node:net$/, places: ['transport/', 'session/lock/lock-socket.ts', 'mcp/http-link.ts'] },
  { pattern: /^@ai-sdk\//, places: ['model/sdk.ts'] },
  { pattern: /^undici$/, places: ['model/bytes.ts', 'mcp/http-link.ts'] },
  { pattern: /^@modelcontextprotocol\/client$/, places: ['mcp/'] },
  { pattern: /^commander$/, places: ['cli/'] },
];

/**
 * Of a room that is divided: its inner rooms and the files that stand straight in it, from the lowest. Each
 * may import from those before it; a file that is not named here may import from all.
 */
const floors: Record<string, string[]> = {
  session: ['facts', 'lock', 'log', 'home', 'settings'],
  scope: ['paths', 'permissions', 'ownership', 'set-aside', 'sandbox'],
  pod: [
    'machine',
    'trace',
    'other-hosts.ts',
    'host.ts',
    'process',
    'elsewhere',
    'claim-owners.ts',
    'node-worktrees.ts',
    'kept-clone.ts',
    'left-clones.ts',
    'node-engine.ts',
    'node-work.ts',
    'node-host.ts',
    'scope-claims.ts',
    'checkpoints.ts',
    'output-from-log.ts',
    'pod.ts',
    'pod-worktrees.ts',
    'parent',
    'children',
    'budget',
    'approvals',
    'turn',
    'hooks',
    'owner',
    'serve',
    'boot',
  ],
  cli: [
    'format',
    'invocation',
    'approvals',
    'inspect',
    'control',
    'doctor',
    'machines',
    'run',
    'demo',
    'screen',
    'mcp-server',
    'acp-agent',
    'chaos',
    'completion',
  ],
};

/**
 * What Node is started with: the command, and a pod's own process, where what is left of an ended pod must
 * not keep it.
 */
const programs = new Set(['main.ts', 'pod-process.ts']);

/** Arithmetic, whatever their names say. */
const pureModules = new Set(['node:buffer', 'node:zlib', 'node:path']);

/** Time, chance and the process, which a machine has from its ports. */
const worldly =
  /\b(?:Date\.now\(|new Date\(\)|Math\.random|process\.\w+|setTimeout|setInterval|performance\.)/g;

const files = sourceFiles(join(root, 'src'));

describe('architecture', () => {
  it('[architecture.imports] rooms import only through their doors', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).flatMap((target) => {
        if (!target.startsWith('.')) return privilegeProblem(file, target);
        return doorProblem(file, resolve(dirname(file), target));
      }),
    );
    expect(wrong).toEqual([]);
  });

  it('[architecture.floors] inside a divided room they import only from lower ones', () => {
    const wrong = files.flatMap((file) =>
      importsOf(file).flatMap((target) =>
        target.startsWith('.') ? stairProblem(file, resolve(dirname(file), target)) : [],
      ),
    );
    expect(wrong).toEqual([]);
    for (const [room, inner] of Object.entries(floors)) {
      const rooms = readdirSync(join(root, 'src', room)).filter((entry) => !entry.endsWith('.ts'));
      expect(rooms.toSorted()).toEqual(inner.filter((entry) => !entry.endsWith('.ts')).toSorted());
    }
  });

  it('[project.no-git] no program of that name is started by us', () => {
    const starting = /\b(?:spawn|exec|execFile|fork)(?:Sync)?\s*\(\s*['"`][^'"`]*\bgit\b/;
    expect(files.filter((file) => starting.test(readFileSync(file, 'utf8'))).map(name)).toEqual([]);
    // A program's name that stands in a variable.
    const named = files.filter((file) => /[=:]\s*['"]git['"]/.test(readFileSync(file, 'utf8')));
    expect(named.map(name)).toEqual([]);
  });

  it('[architecture.pure-machine] the machines reach nothing of the system but over their ports', () => {
    const starts = files.filter(
      (file) => name(file).startsWith('pod/machine/') || /^delivery\/[^/]+$/.test(name(file)),
    );
    const reached = new Set<string>();
    const visit = (file: string): void => {
      if (reached.has(file)) return;
      reached.add(file);
      for (const target of valuesOf(file)) if (target.startsWith('.')) visit(resolve(dirname(file), target));
    };
    starts.forEach(visit);
    const wrong = [...reached].flatMap((file) =>
      [
        ...valuesOf(file).filter((target) => target.startsWith('node:') && !pureModules.has(target)),
        ...(readFileSync(file, 'utf8').match(worldly) ?? []),
      ].map((what) => `${name(file)}: ${what}`),
    );
    expect(wrong).toEqual([]);
  });

  it('[architecture.transcript] the history is read in one place', () => {
    const readers = files
      .filter((file) => /\.history\b|\bhistory\b[^\n]*\}: [\w<]*Facts/.test(code(file)))
      .map(name);
    expect(readers.toSorted()).toEqual(['session/facts/replay.ts', 'session/facts/transcript.ts']);
  });

  it('[architecture.engine] pods know nothing of the worker but its types, where it is put in excepted', () => {
    const wrong = files.filter(
      (file) =>
        roomOf(file) === 'pod' &&
        valuesOf(file).some((target) => roomOf(resolve(dirname(file), target)) === 'worker'),
    );
    expect(wrong.map(name)).toEqual(['pod/node-work.ts']);
  });

  it('[architecture.client] the client names no command and no exit status, and touches no terminal', () => {
    const ofPerson = /exitStatus|exitCode|podkin [a-z]+|process\.(?:std\w+|argv)|isTTY|\\u001B/gi;
    const wrong = files
      .filter((file) => roomOf(file) === 'client')
      .flatMap((file) =>
        (readFileSync(file, 'utf8').match(ofPerson) ?? []).map((what) => `${name(file)}: ${what}`),
      );
    expect(wrong).toEqual([]);
  });

  it('[architecture.errors] local errors have one base and are told apart by it, never by a name', () => {
    // Wire errors are the other family.
    const others = new Set(['std/podkin-error.ts', 'protocol/errors.ts']);
    const texts = files.map((file) => ({ file: name(file), text: readFileSync(file, 'utf8') }));
    const ours = texts.flatMap(({ text }) =>
      [...text.matchAll(/class (\w+) extends (?:PodkinError|Error)\b/g)].map((match) => match[1] ?? ''),
    );
    // A name of ours in quotes says which one an error is; its own class sets it, and nobody reads it.
    const named = new RegExp(`(?<!this\\.name = )'(?:${ours.join('|')})'`, 'g');
    const wrong = texts.flatMap(({ file, text }) => {
      const bases = others.has(file) ? [] : (text.match(/class \w+ extends Error\b/g) ?? []);
      return [...bases, ...(text.match(named) ?? [])].map((what) => `${file}: ${what}`);
    });
    expect(ours).toContain('StorageFailed');
    expect(wrong).toEqual([]);
  });

  it('[architecture.cycles] no file imports itself over others', () => {
    expect(cycles()).toEqual([]);
  });

  it('[architecture.schemas] every schema stands in `once`, by which the programs begin zod', () => {
    const outside = files.flatMap((file) =>
      statementsOf(file)
        .filter((statement) => /^(export )?(const|let) /.test(statement) && madeAtOnce(statement))
        .map((statement) => `${name(file)}: ${statement.split('\n')[0]}`),
    );
    expect(outside).toEqual([]);
  });

  it('[architecture.file-length] no file is longer than its budget', () => {
    const long = [...files, ...sourceFiles(join(root, 'test'))]
      .map((file) => ({ file: name(file), lines: readFileSync(file, 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > fileLinesMax);
    expect(long).toEqual([]);
  });

  it('[architecture.absences] no barrel, no default export, no event emitter class, no exit but in the two programs', () => {
    const wrong = files.flatMap((file) => {
      const text = readFileSync(file, 'utf8');
      const found = [
        /^export \* from/m,
        /^export default/m,
        /extends EventEmitter/,
        /\bprocess\.exit\(/,
      ].filter((pattern) => pattern.test(text));
      const allowed = programs.has(name(file)) ? [String(/\bprocess\.exit\(/)] : [];
      return found
        .map(String)
        .filter((pattern) => !allowed.includes(pattern))
        .map((pattern) => `${name(file)}: ${pattern}`);
    });
    expect(wrong).toEqual([]);
  });
});

function sourceFiles(folder: string): string[] {
  return readdirSync(folder).flatMap((entry) => {
    const path = join(folder, entry);
    if (statSync(path).isDirectory()) return sourceFiles(path);
    return path.endsWith('.ts') ? [path] : [];
  });
}

/** At the top of the module: they begin in the first column. */
function statementsOf(file: string): string[] {
  return readFileSync(file, 'utf8').split(/\n(?=[a-z/@])/);
}

/** A schema that is made with its module, not by a function in it. */
function madeAtOnce(statement: string): boolean {
  const schema = statement.search(/\bz\s*\.|[sS]chema\(\)/);
  return schema !== -1 && !/\bonce\(|=>/.test(statement.slice(0, schema));
}

function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] ?? '');
}

/** As `importsOf`, without what is imported as a type alone. */
function valuesOf(file: string): string[] {
  const text = readFileSync(file, 'utf8');
  return [...text.matchAll(/import\s+(type\s)?(?:\{([^}]*)\}|[^'{]*)\s*(?:from\s*)?'([^']+)'/g)].flatMap(
    ([, type, names, target]) => {
      const onlyTypes = names !== undefined && names.split(',').every((one) => /^\s*(type\s|$)/.test(one));
      return type !== undefined || onlyTypes || target === undefined ? [] : [target];
    },
  );
}

function name(file: string): string {
  return relative(join(root, 'src'), file);
}

/** Without its comments. */
function code(file: string): string {
  return readFileSync(file, 'utf8').replaceAll(/\/\*[^]*?\*\/|\/\/.*/g, '');
}

function roomOf(file: string): string {
  const parts = name(file).split('/');
  return parts.length > 1 ? (parts[0] ?? '') : (parts[0] ?? '').replace(/\.ts$/, '');
}

function doorProblem(file: string, target: string): string[] {
  const from = roomOf(file);
  const to = roomOf(target);
  if (from === to) return [];
  if (!(doors[from] ?? []).includes(to)) return [`${name(file)} imports ${name(target)}`];
  const keyhole = keyholes.find((one) => one.from === from && one.to === to);
  const inner = name(target).slice(to.length + 1);
  return keyhole === undefined || keyhole.only.includes(inner)
    ? []
    : [`${name(file)} imports ${name(target)}`];
}

function stairProblem(file: string, target: string): string[] {
  const room = roomOf(file);
  const inner = floors[room];
  if (inner === undefined || roomOf(target) !== room) return [];
  const floorOf = (path: string) => {
    const floor = inner.indexOf(name(path).split('/')[1] ?? '');
    return floor === -1 ? inner.length : floor;
  };
  return floorOf(target) > floorOf(file) ? [`${name(file)} imports ${name(target)}`] : [];
}

function privilegeProblem(file: string, target: string): string[] {
  const privilege = privileges.find(({ pattern }) => pattern.test(target));
  if (privilege === undefined || privilege.places.some((place) => name(file).startsWith(place))) return [];
  // A type costs nothing at run time, and a scenario is written against the SDK's shape.
  const text = readFileSync(file, 'utf8');
  const onlyTypes = [...text.matchAll(new RegExp(`import (type )?[^;]*?from '${target}'`, 'g'))].every(
    (match) => match[1] !== undefined,
  );
  return onlyTypes ? [] : [`${name(file)} imports ${target}`];
}

function cycles(): string[] {
  const found = new Set<string>();
  const done = new Set<string>();
  const visit = (file: string, path: string[]): void => {
    const at = path.indexOf(file);
    if (at >= 0) {
      found.add(path.slice(at).map(name).sort().join(' ↔ '));
      return;
    }
    if (done.has(file)) return;
    for (const target of importsOf(file)) {
      if (target.startsWith('.')) visit(resolve(dirname(file), target), [...path, file]);
    }
    done.add(file);
  };
  for (const file of files) visit(file, []);
  return [...found];
}
