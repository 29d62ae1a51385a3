/** Who is at the other end of a connection, and what an operation may do with it. */

import { relayError } from '../protocol/errors.ts';
import type { DeviceConnection } from './presence.ts';

export interface AnonymousPeer {
  readonly kind: 'anonymous';
}

/** A device that proved its identity key: everything that an account does. */
export interface DevicePeer {
  readonly kind: 'device';
  readonly account: Uint8Array;
  readonly device: number;
  readonly fence: number;
  readonly sessionId: Uint8Array;
}

/** Somebody who knows the passphrase: own records only. */
export interface PasswordPeer {
  readonly kind: 'password';
  readonly account: Uint8Array;
}

/** Somebody with the account root key or an enrolment key: own records and the auth key. */
export interface EnrolmentPeer {
  readonly kind: 'enrolment';
  readonly account: Uint8Array;
}

export type Peer = AnonymousPeer | DevicePeer | PasswordPeer | EnrolmentPeer;

export interface Caller {
  readonly peer: Peer;
  /** What the challenges of this connection are signed over. */
  readonly relayNonce: Uint8Array;
  /** For rate limits only. */
  readonly address: string;
  /** This connection as a device's; undefined unless it is one. */
  readonly connection: DeviceConnection | undefined;
  signIn(peer: DevicePeer | PasswordPeer | EnrolmentPeer): void;
  subscribe(window: number): void;
  /** @returns the newest sequence, up to the given one, that this connection was sent */
  clampToPushed(sequence: number): number;
  acknowledged(sequence: number): void;
  /** Something that does not happen to honest clients; the connection closes when it happens too often. */
  suspect(what: 'signature' | 'capability'): void;
}

/** Runs something once the answer to the current request is on its way. */
export type AfterAnswer = (run: () => void) => void;

/** @throws RelayError `already-signed-in` */
export function requireAnonymous(caller: Caller): void {
  if (caller.peer.kind !== 'anonymous') throw relayError('already-signed-in');
}

/** @throws RelayError `not-signed-in` */
export function requireDevice(caller: Caller): DevicePeer {
  if (caller.peer.kind !== 'device') throw relayError('not-signed-in');
  return caller.peer;
}

/** @throws RelayError `not-signed-in` */
export function requireAccount(caller: Caller): DevicePeer | PasswordPeer | EnrolmentPeer {
  if (caller.peer.kind === 'anonymous') throw relayError('not-signed-in');
  return caller.peer;
}
