/** The parent's side of a peer in a process of its own. Arguments: name of the peer, address. */
import { offerOf } from './catalogue.ts';

const [name = '', address = ''] = process.argv.slice(2);
process.on('disconnect', () => process.exit(0));
await offerOf(name).peer.serve?.(address);
process.send?.('ready');
