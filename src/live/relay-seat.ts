import type { Listener } from '../platform/database/listener.ts';

/** Whoever holds this advisory lock of the database carries its hints to Redis. */
const SEAT = '746582, 1';

const TAKE = `select pg_try_advisory_lock(${SEAT}) as taken`;
/** However often it was taken. */
const LEAVE = 'select pg_advisory_unlock_all()';
/** A process by its connection: no other database, nor a copy of this one, has the same. */
const HOLDER = `
  select format('%s-%s', pid, extract(epoch from backend_start)) as id, pid = pg_backend_pid() as own
  from pg_locks join pg_stat_activity using (pid)
  where locktype = 'advisory' and (classid, objid, objsubid) = (${SEAT}, 2) and granted and backend_start is not null
    and database = (select oid from pg_database where datname = current_database())`;

interface Holder {
  readonly id: string;
  readonly own: boolean;
}

/** Takes the seat when it is free, on the connection that listens: it is given back when that ends. Answers who holds it. */
export async function takeSeat(listener: Listener): Promise<Holder | null> {
  await listener.ask(TAKE);
  const [holder] = await listener.ask<Holder>(HOLDER);
  return holder ?? null;
}

/** Gives the seat back. */
export async function leaveSeat(listener: Listener): Promise<void> {
  await listener.ask(LEAVE);
}
