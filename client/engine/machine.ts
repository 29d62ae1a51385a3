/** The account machine as the engine drives it; a test puts its own in. */

import type { Random } from '../../crypto/random.ts';
import type { RequestOf } from '../../relay/protocol/operations.ts';
import { nextWakeMs, step, unsentCount } from '../core/account.ts';
import { answer, type QueryEnv } from '../core/answer.ts';
import type { Env, StepOutput } from '../core/effects.ts';
import type { Input } from '../core/input.ts';
import type { Query, QueryResult } from '../core/queries.ts';
import { signInRequest } from '../core/registration.ts';
import type { Reader, View } from '../core/tables.ts';

export interface Machine {
  step(view: View, input: Input, env: Env): StepOutput;
  nextWakeMs(view: View): number | undefined;
  /** Contents that go out as soon as the relay can be reached. */
  unsentCount(view: View): number;
  signInRequest(
    view: View,
    hello: { readonly relayNonce: Uint8Array; readonly rootKey: Uint8Array },
    random: Random,
  ): RequestOf<'signIn'>;
  answer<Q extends Query>(reader: Reader, query: Q, env: QueryEnv): Promise<QueryResult<Q['type']>>;
}

export const accountMachine: Machine = { step, nextWakeMs, unsentCount, signInRequest, answer };
