import { connect } from 'node:net';

/** What a server answers to these bytes, until it closes the connection. */
export async function rawExchange(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk.toString('latin1');
  });
  socket.on('error', () => {});
  for (const part of parts) socket.write(part, 'latin1');
  await new Promise((resolve) => socket.once('close', resolve));
  return answer;
}

export function statusOf(answer: string): number {
  return Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? 0);
}
