import { types as defaults } from 'pg';

const INT8 = 20;
const INT8_ARRAY = 1016;
const TEXT_ARRAY = 1009 as number;

/** How column values become JavaScript: bigint for int8, Date for timestamptz, and pg's own ways for the rest. */
export const sqlTypes = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): (value: string) => unknown {
    if (oid === INT8) return BigInt;
    if (oid === INT8_ARRAY)
      return (value) => (defaults.getTypeParser(TEXT_ARRAY)(value) as string[]).map(BigInt);
    return defaults.getTypeParser(oid, format as 'text') as (value: string) => unknown;
  },
};
