/** `intechat-relay up`: starts the relay and stays until a signal ends it. */

import { UsageError } from '../../crypto/errors.ts';
import type { RelayLimits } from '../core/limits.ts';
import { DATA_VARIABLE, defaultDataDirectory } from './data-directory.ts';
import { EXIT } from './exit-codes.ts';
import { limitVariables, readLimits } from './limit-settings.ts';
import { createJsonLog, createTerminalLog, type Log, stderrDestination } from './logging.ts';
import { runsAsRoot } from './process-guard.ts';
import type { Program } from './program.ts';
import { defaultServerLimits } from './server-limits.ts';
import {
  environmentName,
  type LogLevel,
  readSettings,
  type SettingTexts,
  type SettingValues,
  unknownVariables,
} from './settings.ts';
import { listenForStop } from './signals.ts';
import { type RunningRelay, startRelay } from './start-relay.ts';
import type { Voice } from './voice.ts';

/** The flags as typed. */
export interface UpFlags {
  readonly settings: SettingTexts;
  readonly limits: readonly string[];
  readonly dataDirectory: string | undefined;
  readonly open: boolean;
  readonly json: boolean;
}

export interface UpParams {
  readonly settings: SettingValues;
  readonly limits: Partial<RelayLimits>;
  readonly dataDirectory: string | undefined;
  readonly open: boolean;
  readonly json: boolean;
  /** Variables that look like settings and are none. */
  readonly unknownVariables: readonly string[];
}

export interface UpParts {
  readonly voice: Voice;
  readonly env: NodeJS.ProcessEnv;
  readonly program: Program;
  /** Somebody reads stderr: words instead of JSON. */
  readonly terminal: boolean;
}

const OPEN_VARIABLE = environmentName('open');
/** The drain has its own limit; past this something hangs that should not. */
const STOP_MAX_MS = 9_500;

/** @throws UsageError `usage` */
export function parseUpParams(flags: UpFlags, env: NodeJS.ProcessEnv): UpParams {
  const openVariable = env[OPEN_VARIABLE];
  if (openVariable !== undefined && openVariable !== '1' && openVariable !== '0') {
    throw new UsageError('usage', `${OPEN_VARIABLE} must be 1 or 0, not ${openVariable}`);
  }
  return {
    settings: readSettings(flags.settings, env),
    limits: readLimits(flags.limits, env),
    dataDirectory: flags.dataDirectory,
    open: flags.open || openVariable === '1',
    json: flags.json,
    unknownVariables: unknownVariables(env, [DATA_VARIABLE, OPEN_VARIABLE, ...limitVariables()]),
  };
}

export async function up(params: UpParams, parts: UpParts): Promise<number> {
  const log = createLog(params.settings['log-level'], parts);
  reportBugs(log);
  const stop = listenForStop((status) => process.exit(status));
  for (const name of params.unknownVariables) log.warn('an environment variable means nothing', { name });
  if (runsAsRoot()) log.warn('the relay runs as root; a user of its own is safer');
  const relay = await startRelay(
    {
      host: params.settings.host,
      port: params.settings.port,
      dataDirectory: params.dataDirectory ?? defaultDataDirectory(parts.env),
      open: true,
      allowedOrigins: params.settings['allowed-origins'],
      serverLimits: {
        ...defaultServerLimits,
        maxConnections: params.settings['max-connections'],
        maxConnectionsPerAddress: params.settings['max-connections-per-address'],
      },
      relayLimits: params.limits,
    },
    { log, env: parts.env, program: parts.program },
  );
  announce(relay, params, parts, log);
  const signal = await stop.requested;
  await stopInTime(relay, signal, parts, log);
  return EXIT.ok;
}

function createLog(level: LogLevel | undefined, { terminal, voice }: UpParts): Log {
  if (terminal) return createTerminalLog(level ?? 'warn', voice);
  return createJsonLog(level ?? 'info', stderrDestination());
}

function announce(
  relay: RunningRelay,
  params: UpParams,
  { voice, terminal, program }: UpParts,
  log: Log,
): void {
  const { uri, host, port, fingerprint, dataDirectory } = relay;
  log.info('listening', { version: program.version, host, port, node: process.version });
  // Invitations do not exist yet, so a relay that nobody could join would be the only alternative.
  const registration = params.open
    ? 'anybody who reaches this address may register'
    : 'anybody who reaches this address may register: there are no invitations yet, so --open is assumed';
  if (terminal) {
    voice.note(`listening on ${host} port ${port}, data in ${dataDirectory}`);
    voice.note(registration);
    voice.note('stop with Ctrl-C');
  } else {
    log.info(registration);
  }
  if (params.json) {
    voice.json({ type: 'listening', uri, host, port, fingerprint, pid: process.pid, open: true });
  } else {
    voice.result(`join with: intechat register NAME -r ${uri}`);
  }
}

async function stopInTime(
  relay: RunningRelay,
  signal: NodeJS.Signals,
  { terminal, voice }: UpParts,
  log: Log,
): Promise<void> {
  log.info('draining', { signal });
  if (terminal) voice.note('stopping; once more ends it at once');
  const overdue = setTimeout(() => {
    log.error('the relay did not stop in time', undefined);
    process.exit(EXIT.refused);
  }, STOP_MAX_MS).unref();
  await relay.stop();
  clearTimeout(overdue);
  log.info('stopped');
  if (terminal) voice.note('stopped');
}

/** Everything acknowledged is on disk, so a process that no longer knows its own state ends at once. */
function reportBugs(log: Log): void {
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.error('the relay failed and ends', error);
      process.exit(EXIT.bug);
    });
  }
}
