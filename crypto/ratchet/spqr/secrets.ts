/** Which secrets a state holds, and which of them a step has let go. */

import type { AnySecret } from '../../secret.ts';
import type { BraidState } from './braid-states.ts';
import type { ChainLink, SpqrChain } from './chain.ts';
import type { SpqrState } from './spqr.ts';

/** Every secret that the state holds, to be wiped when its session is dropped. */
export function spqrSecrets(state: SpqrState): AnySecret[] {
  return [...chainSecrets(state.chain), ...braidSecrets(state.braid)];
}

/**
 * The secrets that `before` holds and `after` no longer does. With the two states exchanged: what a refused
 * step has made, to be wiped when its result is thrown away.
 */
export function spentSpqrSecrets(before: SpqrState, after: SpqrState): AnySecret[] {
  const spent: AnySecret[] = [];
  if (before.braid !== after.braid) collectLost(spent, braidSecrets(before.braid), braidSecrets(after.braid));
  if (before.chain !== after.chain) collectSpentOfChain(spent, before.chain, after.chain);
  return spent;
}

function collectSpentOfChain(spent: AnySecret[], before: SpqrChain, after: SpqrChain): void {
  if (before.nextRoot !== after.nextRoot) spent.push(before.nextRoot);
  for (const link of before.links) {
    const kept = after.links.find((other) => other.epoch === link.epoch);
    if (kept === undefined) {
      spent.push(...linkSecrets(link));
    } else if (kept !== link) {
      collectSpentOfLink(spent, link, kept);
    }
  }
}

function collectSpentOfLink(spent: AnySecret[], before: ChainLink, after: ChainLink): void {
  if (before.sending !== undefined && before.sending.next !== after.sending?.next) {
    spent.push(before.sending.next);
  }
  if (before.receiving.next !== after.receiving.next) spent.push(before.receiving.next);
  if (before.receiving.skipped !== after.receiving.skipped) {
    collectLost(spent, before.receiving.skipped.blocks, after.receiving.skipped.blocks);
  }
}

function collectLost(spent: AnySecret[], before: readonly AnySecret[], after: readonly AnySecret[]): void {
  const kept = new Set(after);
  for (const secret of before) if (!kept.has(secret)) spent.push(secret);
}

function chainSecrets(chain: SpqrChain): AnySecret[] {
  return [chain.nextRoot, ...chain.links.flatMap(linkSecrets)];
}

function linkSecrets(link: ChainLink): AnySecret[] {
  const { sending, receiving } = link;
  const received = [receiving.next, ...receiving.skipped.blocks];
  return sending === undefined ? received : [sending.next, ...received];
}

function braidSecrets(braid: BraidState): AnySecret[] {
  if ('decapsulationKey' in braid) return [braid.authenticator, braid.decapsulationKey];
  if ('coins' in braid) return [braid.authenticator, braid.coins];
  return [braid.authenticator];
}
