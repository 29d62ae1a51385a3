/** The device sessions of an account: listed and ended. */

import { equalBytes } from '../../crypto/bytes.ts';
import { relayError } from '../protocol/errors.ts';
import type { Empty, RevokeSessionRequest, SessionsResponse } from '../protocol/operations.ts';
import { type AfterAnswer, type Caller, requireDevice } from './caller.ts';
import type { RelayContext } from './context.ts';

export async function listSessions(context: RelayContext, caller: Caller): Promise<SessionsResponse> {
  const { account, sessionId } = requireDevice(caller);
  const sessions = await context.store.sessions(account);
  return {
    sessions: sessions.map((session) => ({ ...session, current: equalBytes(session.id, sessionId) })),
  };
}

export async function revokeSession(
  context: RelayContext,
  caller: Caller,
  request: RevokeSessionRequest,
  afterAnswer: AfterAnswer,
): Promise<Empty> {
  const { account, sessionId } = requireDevice(caller);
  const ended = await context.store.revokeSession(account, request.id ?? sessionId);
  if (ended === undefined) throw relayError('not-found');
  const connection = context.presence.find(account, ended.device);
  if (connection !== undefined && equalBytes(connection.sessionId, ended.id)) {
    afterAnswer(() => connection.revoke());
  }
  return {};
}
