import type { TestGateway } from '../support/gateway.ts';
import type { GraphErrorShown } from '../support/graph-client.ts';
import { RawSocket } from './raw-socket.ts';

/** What an account is asked for, the same at either door. */
interface Asked {
  /** What is selected of the account. */
  readonly selection: string;
  /** The definitions of variables, such as `($first: Int)`. */
  readonly defining?: string;
  readonly fragments?: string;
  readonly variables?: object;
}

/** Asks at one door and answers with the errors; none when the operation was let through. */
export type AskAtDoor = (
  gateway: TestGateway,
  key: string,
  asked: Asked,
) => Promise<readonly GraphErrorShown[]>;

const askByHttp: AskAtDoor = async (gateway, key, asked) => {
  const { selection, defining = '', fragments = '', variables } = asked;
  const query = `query Q${defining} { account { ${selection} } } ${fragments}`;
  return (await gateway.as(key).post({ query, variables })).errors;
};

const askBySocket: AskAtDoor = async (gateway, key, asked) => {
  const { selection, defining = '', fragments = '', variables } = asked;
  const query = `subscription S${defining} { accountChanged { ${selection} } } ${fragments}`;
  const socket = await RawSocket.open(gateway.url);
  await socket.init(key);
  socket.send({ id: '1', type: 'subscribe', payload: { query, variables } });
  const errors = await socket.nextErrors();
  socket.close();
  return errors;
};

export const DOORS: readonly [name: string, ask: AskAtDoor][] = [
  ['HTTP', askByHttp],
  ['a socket', askBySocket],
];
