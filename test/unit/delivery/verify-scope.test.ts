/** The oracle on scopes: two holders of one path, and what was not taken back or was taken back twice. */
import { describe, it } from 'vitest';

import { expectOnly, family } from './verify-rig.ts';

const scope = (...write: string[]) => ({ read: [], write });

describe('verify: scopes', () => {
  it('[verify.scope] tells a path that two children hold, one given twice, one taken back twice, and one that an ended child keeps', () => {
    const { home, root, child } = family();
    root.add({ type: 'scope', change: 'delegated', child: child.ref, scope: scope('/w/a') });
    const second = home.pod('second', root);
    root.link(second);
    expectOnly(home, []);
    root.add({ type: 'scope', change: 'delegated', child: second.ref, scope: scope('/w/b', '/w/a/deep') });
    expectOnly(home, ['S1 root']);
    root.add({ type: 'scope', change: 'reclaimed', child: second.ref, scope: scope('/w/b', '/w/a/deep') });
    root.add({ type: 'scope', change: 'reclaimed', child: second.ref, scope: scope('/w/b', '/w/a/deep') });
    expectOnly(home, ['S1 root', 'S2 root']);
    root.add({ type: 'scope', change: 'delegated', child: child.ref, scope: scope('/w/c') });
    expectOnly(home, ['S1 root', 'S2 root', 'S1 root']);
    child.die();
    root.declare(child);
    root.consumeDeclared(child);
    expectOnly(home, ['S1 root', 'S2 root', 'S1 root', 'S2 root']);
    root.add({ type: 'scope', change: 'reclaimed', child: child.ref, scope: scope('/w/c') });
    expectOnly(home, ['S1 root', 'S2 root', 'S1 root']);
  });

  const waits = { type: 'scopeWait', state: 'waits' } as const;
  const over = { type: 'scopeWait', state: 'over', reason: 'granted' } as const;

  it('[verify.scope] tells a wait that ends without having begun, and one that outlives its pod', () => {
    const { home, root, child } = family();
    root.add({ ...waits, child: child.ref });
    expectOnly(home, []);
    root.add({ ...over, child: child.ref });
    root.add({ ...over, child: child.ref });
    expectOnly(home, ['S4 root']);
    root.add({ ...waits, child: child.ref });
    child.die();
    root.declare(child);
    root.consumeDeclared(child);
    expectOnly(home, ['S4 root', 'S4 root']);
  });

  it('[verify.scope] tells a turn that began while its pod waited for paths; a run may wait so long', () => {
    const { home, root, child } = family();
    root.beginTurn();
    root.step(['spawn']);
    child.add({ ...waits, reason: 'a, which root/x holds' });
    root.assign(child, 'w1');
    child.accept('w1');
    expectOnly(home, []);
    child.beginRun();
    expectOnly(home, ['S4 child']);
  });
});
