/** Folders of pods, tombstones and addresses of the simulated home, as one process sees them. */
import type { Addresses, HostHome } from '../../src/pod/host.ts';
import { NameTaken } from '../../src/session/home/name-taken.ts';
import { podFolder } from '../../src/session/home/home.ts';
import { placeInTree, placeOf } from '../../src/session/home/place.ts';
import { home } from './pods.ts';
import type { SimProcess } from './process.ts';

export function simHome(process: SimProcess): HostHome {
  const { world } = process;
  return {
    places: home,
    isThere: () => !world.homeIsAway,
    folders: () => world.foundFolders().map(({ folder }) => folder),
    folderOf: (pod, root) => podFolder(home, pod.instance === root ? pod.name : placeInTree(root, pod.name)),
    version: () => BigInt(world.homeVersion),
    spec: (folder) => world.podAt(folder)?.spec ?? null,
    knownSpec: (folder) => world.podAt(folder)?.spec ?? null,
    token: (folder) => world.mustBeAt(folder).token,
    create(spec) {
      process.point('folder.making');
      world.mustBeHere();
      const isRoots = spec.parent !== null && spec.name === spec.root.name;
      if (isRoots || world.folders.has(placeOf(spec))) {
        world.hit('spawn.nameTaken');
        throw new NameTaken(spec.name);
      }
      const pod = world.createPod(spec);
      process.point('folder.made');
      return { folder: pod.folder, token: pod.token };
    },
    remove(burial) {
      process.point('folder.removing');
      world.mustBeHere();
      world.bury(burial);
      return () => undefined;
    },
    discard(folder) {
      process.mustLive();
      const pod = world.podAt(folder);
      if (pod !== undefined) world.dropFolder(pod);
    },
    halfMadeBy: (maker) =>
      world
        .foundFolders()
        .flatMap(({ spec, folder }) =>
          spec.parent?.instance === maker.instance && !world.files.has(folder.log)
            ? [{ folder, child: { name: spec.name, instance: spec.instance } }]
            : [],
        ),
    isRemoved: (instance) =>
      !world.homeIsAway && world.tombstones.some((known) => known.instance === instance),
    hasLog: (folder) => !world.homeIsAway && world.files.has(folder.log),
    logSize: (folder) => (world.homeIsAway ? 0 : (world.files.get(folder.log)?.size ?? 0)),
    errorTail: () => '',
    hasSetAside: () => false,
    socketOf: ({ instance }) => socketPathOf(instance),
    removeSocket: (path) => {
      process.mustLive();
      if (world.listeners.get(path)?.process.dead === true) world.listeners.delete(path);
    },
    identityOf: (paths) =>
      paths.map((path) => world.listeners.get(path)?.process.identity.pid ?? '').join(' '),
    addresses: addressesOf(process),
    removeLeftovers: () => undefined,
  };
}

export function socketPathOf(instance: string): string {
  return `${home.runtime}/${instance}.sock`;
}

/**
 * Where pods listen follows from their instances here; whether one was told is kept, and survives every loss
 * of power, as it may: a log of which less is left than its address says would be refused.
 */
function addressesOf(process: SimProcess): Addresses {
  const { addressed } = process.world;
  return {
    isThere: ({ path }) => addressed.has(path),
    text: () => '',
    last: () => null,
    claims: () => [],
    claim: ({ path }) => ({
      isAlone: () => true,
      settle: () => {
        process.mustLive();
        addressed.add(path);
      },
      withdraw: () => undefined,
    }),
    removeClaim: () => undefined,
    rewrite: () => undefined,
  };
}
