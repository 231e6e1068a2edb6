import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway, type TestAccount, type TestGateway } from '../support/gateway.ts';
import { RawSocket } from './raw-socket.ts';

const QUERY = 'subscription { creditBalanceChanged { balance { sequence } } }';
const subscribe = (id: string, query = QUERY) => ({ id, type: 'subscribe', payload: { query } });

// github.com/enisdenjo/graphql-ws, PROTOCOL.md
describe('graphql-transport-ws', () => {
  let gateway: TestGateway;
  let account: TestAccount;
  beforeAll(async () => {
    gateway = await startGateway();
    account = await gateway.createAccount();
  });
  afterAll(() => gateway.close());

  async function givenAdmitted(): Promise<RawSocket> {
    const socket = await RawSocket.open(gateway.url);
    await socket.init(account.masterKey);
    return socket;
  }

  it('answers a ping with a pong that carries the same, before and after it knows who it is', async () => {
    const socket = await RawSocket.open(gateway.url);
    socket.send({ type: 'ping', payload: { n: 1 } });
    expect(await socket.next('pong')).toEqual({ n: 1 });
    await socket.init(account.masterKey);
    socket.send({ type: 'pong' });
    socket.send({ type: 'ping' });
    expect(await socket.next('pong')).toBeUndefined();
    socket.close();
  });

  it('closes on a second connection_init', async () => {
    const socket = await givenAdmitted();
    socket.send({ type: 'connection_init' });
    expect((await socket.closed).code).toBe(4429);
  });

  it('closes on an id that is in use, and lets it be used again when it is free', async () => {
    const socket = await givenAdmitted();
    socket.send(subscribe('a'));
    await socket.next('next');
    socket.send({ id: 'a', type: 'complete' });
    socket.send(subscribe('a'));
    await socket.next('next');
    socket.send(subscribe('a'));
    const { code, reason } = await socket.closed;
    expect([code, reason]).toEqual([4409, 'Subscriber for a already exists']);
  });

  it.each([
    'no JSON',
    '{}',
    '{"type":"hello"}',
    '{"type":"subscribe","id":"a"}',
    '{"type":"connection_ack"}',
  ])('closes on the message %s', async (message) => {
    const socket = await givenAdmitted();
    socket.send(message);
    expect((await socket.closed).code).toBe(4400);
  });

  it('takes an id as it comes, and a completion of what is not there', async () => {
    const socket = await givenAdmitted();
    const id = '"payload":{"é\\\n';
    socket.send({ id: 'nobody', type: 'complete' });
    socket.send(subscribe(id));
    await socket.next('next');
    socket.send(subscribe('wrong', 'subscription { nothing }'));
    const [refusal] = await socket.nextErrors();
    expect(refusal?.extensions).toMatchObject({ code: 'GRAPHQL_VALIDATION_FAILED' });
    socket.close();
  });

  it('forgets a subscription that is completed while it opens', async () => {
    const { hub } = gateway.app.services;
    const before = hub.watcherCount;
    const socket = await givenAdmitted();
    socket.send(subscribe('a'));
    socket.send({ id: 'a', type: 'complete' });
    socket.send(subscribe('b', 'subscription { nothing }'));
    await socket.nextErrors();
    socket.send(subscribe('a'));
    await socket.next('next');
    socket.close();
    await socket.closed;
    await expect.poll(() => hub.watcherCount).toBe(before);
  });
});
