import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { supersededBy } from '../../../src/features/invoice/invoice.machine.ts';
import type { InvoiceStatus } from '../../../src/features/invoice/invoice.model.ts';

const STATUSES: InvoiceStatus[] = ['DRAFT', 'OPEN', 'UNCOLLECTIBLE', 'VOID', 'PAID'];

function after(told: readonly InvoiceStatus[]): InvoiceStatus {
  return told.reduce((stored, news) => (supersededBy(news).includes(stored) ? news : stored));
}

describe('the invoice machine', () => {
  it('ends the same in whatever order and however often the news come', () => {
    const told = fc.array(fc.constantFrom(...STATUSES), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(told, (statuses) => {
        const end = after(statuses);
        expect(after([...statuses].reverse())).toBe(end);
        expect(after([...statuses, ...statuses].sort())).toBe(end);
      }),
    );
  });

  it.each(STATUSES)('does not take %s for newer than itself', (status) => {
    expect(supersededBy(status)).not.toContain(status);
  });

  it('lets what was given up for lost be paid after all, and nothing be unpaid again', () => {
    expect(supersededBy('PAID')).toContain('UNCOLLECTIBLE');
    for (const status of STATUSES) expect(supersededBy(status)).not.toContain('PAID');
  });
});
