import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { supersedes } from '../../../src/features/invoice/invoice.machine.ts';
import type { InvoiceStatus } from '../../../src/features/invoice/invoice.model.ts';

const STATUSES: InvoiceStatus[] = ['DRAFT', 'OPEN', 'UNCOLLECTIBLE', 'VOID', 'PAID'];

function after(told: readonly InvoiceStatus[]): InvoiceStatus {
  return told.reduce((stored, news) => (supersedes(news, stored) ? news : stored));
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
    expect(supersedes(status, status)).toBe(false);
  });

  it('lets what was given up for lost be paid after all, and nothing be unpaid again', () => {
    expect(supersedes('PAID', 'UNCOLLECTIBLE')).toBe(true);
    for (const status of STATUSES) expect(supersedes(status, 'PAID')).toBe(false);
  });
});
