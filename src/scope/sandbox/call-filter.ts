/**
 * The filter on a sandboxed command's system calls, as a classic BPF program for the kernel's seccomp. Pure.
 * It closes what mounts and namespaces leave open: sockets of the file system, which a mount does not keep
 * from being connected to; families of sockets that no network namespace holds; and set-user-id bits, which
 * count outside of the sandbox. It also keeps a process from taking another's descriptors: the shell around a
 * command has one on which it tells us what is left behind.
 *
 * F1 A call of another architecture than the one that it is made for ends the process: its numbers mean other
 * things.
 * F2 What hands its arguments over in memory (openat2, io_uring) cannot be judged, and answers ENOSYS as an
 * older kernel would.
 * F3 All that is not named is allowed.
 */

export interface FilterOptions {
  /** Sockets of the file system may be made and connected. */
  readonly unixSockets: boolean;
}

interface Numbers {
  /** As the kernel tells it: AUDIT_ARCH_… */
  readonly audit: number;
  /** Numbers from here on are of another ABI (x32). */
  readonly foreignFrom: number | null;
  readonly socket: number;
  readonly socketpair: number;
  readonly chmod: number | null;
  readonly fchmod: number;
  readonly fchmodat: number;
  readonly open: number | null;
  readonly openat: number;
  readonly creat: number | null;
  readonly mknod: number | null;
  readonly mknodat: number;
}

const architectures: Readonly<Record<string, Numbers>> = {
  x64: {
    audit: 0xc000003e,
    foreignFrom: 0x40000000,
    socket: 41,
    socketpair: 53,
    chmod: 90,
    fchmod: 91,
    fchmodat: 268,
    open: 2,
    openat: 257,
    creat: 85,
    mknod: 133,
    mknodat: 259,
  },
  arm64: {
    audit: 0xc00000b7,
    foreignFrom: null,
    socket: 198,
    socketpair: 199,
    chmod: null,
    fchmod: 52,
    fchmodat: 53,
    open: null,
    openat: 56,
    creat: null,
    mknod: null,
    mknodat: 33,
  },
};

/** The same number everywhere. */
const common = { ioUring: [425, 426, 427], openat2: 437, pidfdGetfd: 438, fchmodat2: 452 } as const;

const errno = { EPERM: 1, EACCES: 13, ENOSYS: 38 } as const;
const unixFamily = 1;
/** ISDN, vsock and Qualcomm's router (AF_QIPCRTR): they reach past any network namespace. */
const familiesOutside = [34, 40, 42] as const;
/**
 * Ends of a pair of these stay connected to each other: no call leads them to a name. Those of all other
 * types (SOCK_DGRAM, and SOCK_RAW, which is the same) can be connected and bound anew, and send to any name.
 */
const pairTypes = { mask: 0xf, stream: 1, seqpacket: 5 } as const;
const setIdBits = 0o6000;
const createBits = { create: 0o100, temporary: 0o20000000 } as const;

/**
 * struct seccomp_data: number, architecture, instruction pointer, six arguments of 64 bits, the low half
 * first on both architectures.
 */
const offset = { number: 0, architecture: 4, argument: (index: number) => 16 + index * 8 } as const;
/** Classes and modes of classic BPF, put together. */
const op = {
  load: 0x20,
  jumpEqual: 0x15,
  jumpAtLeast: 0x35,
  jumpAnySet: 0x45,
  and: 0x54,
  answer: 0x06,
} as const;
const verdict = { allow: 0x7fff0000, kill: 0x80000000, error: (code: number) => 0x00050000 | code } as const;

interface Instruction {
  readonly code: number;
  readonly jumpTrue: number;
  readonly jumpFalse: number;
  readonly value: number;
}

const step = (code: number, value: number, jumpTrue = 0, jumpFalse = 0): Instruction => ({
  code,
  jumpTrue,
  jumpFalse,
  value,
});
const answer = (value: number): Instruction => step(op.answer, value);
const load = (at: number): Instruction => step(op.load, at);

/**
 * For a call of this number: the rules in their order; when none answers, it is allowed. The accumulator
 * holds the number before and after.
 */
function onCall(number: number | null, rules: readonly Instruction[]): Instruction[] {
  if (number === null) return [];
  const body = [...rules, answer(verdict.allow)];
  return [step(op.jumpEqual, number, 0, body.length), ...body];
}

/** Answers with an error where any of these bits is set in an argument. */
function whereSet(argument: number, bits: number, code: number): Instruction[] {
  return [load(offset.argument(argument)), step(op.jumpAnySet, bits, 0, 1), answer(verdict.error(code))];
}

function whereEqual(argument: number, value: number, code: number): Instruction[] {
  return [load(offset.argument(argument)), step(op.jumpEqual, value, 0, 1), answer(verdict.error(code))];
}

/** Socket pairs of the file system's family only of the types that cannot leave each other. */
function wherePairLeaves(): Instruction[] {
  const refused = [
    load(offset.argument(1)),
    step(op.and, pairTypes.mask),
    step(op.jumpEqual, pairTypes.stream, 2, 0),
    step(op.jumpEqual, pairTypes.seqpacket, 1, 0),
    answer(verdict.error(errno.EACCES)),
  ];
  return [load(offset.argument(0)), step(op.jumpEqual, unixFamily, 0, refused.length), ...refused];
}

/** A mode counts only where a file is made: otherwise the argument holds whatever was left there. */
function whereMade(flags: number, mode: number): Instruction[] {
  const refused = whereSet(mode, setIdBits, errno.EPERM);
  const bits = createBits.create | createBits.temporary;
  return [load(offset.argument(flags)), step(op.jumpAnySet, bits, 0, refused.length), ...refused];
}

/** Null where the architecture is none that it is made for. */
export function callFilter(architecture: string, { unixSockets }: FilterOptions): Uint8Array | null {
  const numbers = architectures[architecture];
  if (numbers === undefined) return null;
  const setId = (argument: number): Instruction[] => whereSet(argument, setIdBits, errno.EPERM);
  const outside = familiesOutside.flatMap((family) => whereEqual(0, family, errno.EACCES));
  const program = [
    load(offset.architecture),
    step(op.jumpEqual, numbers.audit, 1, 0),
    answer(verdict.kill),
    load(offset.number),
    ...(numbers.foreignFrom === null
      ? []
      : [step(op.jumpAtLeast, numbers.foreignFrom, 0, 1), answer(verdict.kill)]),
    ...onCall(numbers.socket, [...(unixSockets ? [] : whereEqual(0, unixFamily, errno.EACCES)), ...outside]),
    ...onCall(numbers.socketpair, [...(unixSockets ? [] : wherePairLeaves()), ...outside]),
    ...onCall(common.pidfdGetfd, [answer(verdict.error(errno.EPERM))]),
    ...onCall(numbers.chmod, setId(1)),
    ...onCall(numbers.fchmod, setId(1)),
    ...onCall(numbers.fchmodat, setId(2)),
    ...onCall(common.fchmodat2, setId(2)),
    ...onCall(numbers.creat, setId(1)),
    ...onCall(numbers.mknod, setId(1)),
    ...onCall(numbers.mknodat, setId(2)),
    ...onCall(numbers.open, whereMade(1, 2)),
    ...onCall(numbers.openat, whereMade(2, 3)),
    ...[...common.ioUring, common.openat2].flatMap((number) =>
      onCall(number, [answer(verdict.error(errno.ENOSYS))]),
    ),
    answer(verdict.allow),
  ];
  return bytesOf(program);
}

/** struct sock_filter, as both architectures store it. */
function bytesOf(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  for (const [index, { code, jumpTrue, jumpFalse, value }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8);
    bytes.writeUInt8(jumpTrue, index * 8 + 2);
    bytes.writeUInt8(jumpFalse, index * 8 + 3);
    bytes.writeUInt32LE(value, index * 8 + 4);
  }
  return bytes;
}
