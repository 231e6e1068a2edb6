import { p } from '@mikro-orm/postgresql';

/** A point in time, in UTC. */
export const instant = () => p.datetime().columnType('timestamptz');

/** An exact integer amount: micro-credits, or money in minor units. */
export const amount = () => p.bigint('bigint');
