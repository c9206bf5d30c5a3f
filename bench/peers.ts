/**
 * The same acknowledged callback over what else there is: brokers that keep it on disk, and calls between
 * processes that keep nothing. Who is not installed is left out and named. A broker's answer is its own,
 * without the receiver having read (BullMQ: the receiver's worker has done the job); podkin's comes from the
 * receiver itself.
 */
import { join } from 'node:path';
import { floor, measureTargets, ownTargets, sameForEach, type Targets } from './callback.ts';
import type { BenchOptions } from './options.ts';
import { type Broker, type Offer, catalogue, offerOf } from './peers/catalogue.ts';
import { brokerInstalled, startBroker } from './peers/brokers.ts';
import { missingPackages } from './peers/packages.ts';
import type { Report } from './report.ts';
import { type Stage, onStage } from './stage.ts';

const loudest = '50 senders';
const targetRatio = 2.5;

export function measurePeers({ smoke, rounds }: BenchOptions): Promise<Report> {
  return onStage(async (stage) => {
    const targets = await ownTargets(stage);
    const notes: string[] = [];
    await addPeers(stage, targets, notes);
    const shareOf = (target: string) => (target in catalogue ? offerOf(target).share : 1);
    const samples = await measureTargets(stage, targets, { smoke, rounds, shareOf });
    const to = (label: string) => `${label.split(': ')[0]}: podkin`;
    const rows = samples.rows([
      { column: '/s', as: '× rate', to },
      { column: 'p50 µs', as: '× p50', to },
      { column: 'p99 µs', as: '× p99', to },
    ]);
    return {
      name: 'peers',
      title: `the same callback over others, ratios to podkin, ${rounds} rounds`,
      rows,
      notes: [...notes, ...verdict(rows), `${floor} is the floor of anything durable.`],
    };
  });
}

/**
 * Starts what is installed and adds it to the targets; the notes name what is not, and what each broker
 * promises.
 */
async function addPeers(stage: Stage, targets: Targets, notes: string[]): Promise<void> {
  const brokers = new Map<Broker, string>();
  const absent = new Set<string>();
  for (const [name, offer] of Object.entries(catalogue)) {
    const missing = missingParts(offer);
    if (missing.length > 0) {
      for (const part of missing) absent.add(part);
      notes.push(`Not measured: ${name} (${missing.join(', ')} not installed).`);
      continue;
    }
    let address = join(stage.home.path, `${name.replaceAll(/\W/g, '')}.sock`);
    if (offer.broker !== null) {
      if (!brokers.has(offer.broker)) {
        const started = await startBroker(offer.broker, join(stage.home.path, offer.broker));
        stage.keep(started.process);
        brokers.set(offer.broker, started.address);
        notes.push(`${offer.broker}: ${started.promise}.`);
      }
      address = brokers.get(offer.broker)!;
    }
    if (offer.peer.serve !== undefined) await stage.host(name, address);
    targets[name] = sameForEach({ kind: 'peer', peer: name, address });
  }
  if (absent.size > 0)
    notes.push('To install: npm install --prefix bench; apt-get install -y redis-server nats-server.');
}

function missingParts({ packages, broker }: Offer): string[] {
  return [...missingPackages(packages), ...(broker === null || brokerInstalled(broker) ? [] : [broker])];
}

/**
 * Podkin against the fastest of those that keep what they acknowledge: whose answer says as much as podkin's,
 * and of all.
 */
function verdict(rows: Report['rows']): string[] {
  const kept = rows.filter(({ label }) => {
    const [load, name = ''] = label.split(': ');
    return load === loudest && catalogue[name]?.durable === true;
  });
  const read = kept.filter(({ label }) => catalogue[label.split(': ')[1] ?? '']?.answers === 'receiver');
  return [
    `Target: podkin with ${loudest} ≥ ${targetRatio} × the best durable peer.`,
    ...against('whose receiver has read what is answered', read),
    ...against('of all, also of brokers that answer before anybody has read', kept),
  ];
}

function against(which: string, rows: Report['rows']): string[] {
  const best = rows.toSorted((a, b) => b.figures['× rate']! - a.figures['× rate']!)[0];
  if (best === undefined) return [];
  const ratio = (1 / best.figures['× rate']!).toFixed(1);
  return [`  The best ${which}: ${best.label.split(': ')[1]}; podkin is ${ratio} × as fast.`];
}
