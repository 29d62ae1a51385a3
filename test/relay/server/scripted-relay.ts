import type { ConnectionSink, Relay, RelayConnection } from '../../../relay/core/ports.ts';

/** The far side of the shell: remembers what arrives and sends what the test says. */
export class ScriptedConnection implements RelayConnection {
  readonly sink: ConnectionSink;
  readonly address: string;
  readonly received: Uint8Array[] = [];
  resumed = 0;
  ended = 0;
  onReceive: (bytes: Uint8Array) => void = () => {};
  onResume: () => void = () => {};

  constructor(sink: ConnectionSink, address: string) {
    this.sink = sink;
    this.address = address;
  }

  receive(bytes: Uint8Array): void {
    this.received.push(bytes);
    this.onReceive(bytes);
  }

  resume(): void {
    this.resumed++;
    this.onResume();
  }

  closed(): void {
    this.ended++;
  }
}

export class ScriptedRelay implements Relay {
  readonly connections: ScriptedConnection[] = [];
  readonly readOnly = false;
  onConnect: (connection: ScriptedConnection) => void = () => {};

  get last(): ScriptedConnection {
    const connection = this.connections.at(-1);
    if (connection === undefined) throw new Error('nobody is connected');
    return connection;
  }

  connect(sink: ConnectionSink, peer: { readonly address: string }): ScriptedConnection {
    const connection = new ScriptedConnection(sink, peer.address);
    this.connections.push(connection);
    this.onConnect(connection);
    return connection;
  }

  async drain(): Promise<void> {}

  async tick(): Promise<void> {}

  async stats(): Promise<never> {
    throw new Error('the shell does not ask');
  }
}
