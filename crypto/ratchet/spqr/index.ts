/** The sparse post-quantum ratchet (SPQR), as far as the rest of crypto/ sees it. */

export type { BraidStateName } from './braid-states.ts';
export type { SpqrDirection } from './chain.ts';
export { spentSpqrSecrets, spqrSecrets } from './secrets.ts';
export {
  describeSpqr,
  initSpqr,
  type SpqrParams,
  type SpqrState,
  spqrReceive,
  spqrSend,
  stepsToKey,
} from './spqr.ts';
export { decodeSpqrState, encodeSpqrState } from './state-codec.ts';
