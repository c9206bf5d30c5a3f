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
});
