import { servePeer } from './peer-server.ts';
import {
  PEER_SPEND,
  type PeerSpendRow,
  peerSpendValues,
  toAnswer,
} from './peer-spend-statement.ts';

// Apollo with one prepared statement per debit.
await servePeer((database) => async (accountId, input) => {
  const now = new Date();
  const values = peerSpendValues(accountId, input, now);
  const [row] = await database.query<PeerSpendRow>(PEER_SPEND, values);
  return toAnswer(row, now);
});
