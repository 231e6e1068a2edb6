import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterCheckoutNews, type CheckoutNews } from '../../../src/features/order/order.machine.ts';
import type { OrderStatus } from '../../../src/features/order/order.model.ts';

const NEWS: CheckoutNews[] = ['OPEN', 'PENDING_PAYMENT', 'PAID', 'EXPIRED', 'PAYMENT_FAILED'];
const SETTLED: OrderStatus[] = ['PAID', 'REFUNDED', 'PARTIALLY_REFUNDED', 'DISPUTED'];
const news = fc.array(fc.constantFrom(...NEWS), { maxLength: 8 });

function after(told: readonly CheckoutNews[]): OrderStatus {
  return told.reduce<OrderStatus>(afterCheckoutNews, 'PENDING');
}

describe('the order machine', () => {
  it('ends the same in whatever order and however often the news come', () => {
    fc.assert(
      fc.property(news, fc.array(fc.nat(7)), (told, picks) => {
        const again = picks.flatMap((pick) => told[pick] ?? []);
        const shuffled = [...told, ...again].sort((one, other) => one.localeCompare(other));
        expect(after(shuffled)).toBe(after(told));
        expect(after([...told].reverse())).toBe(after(told));
      }),
    );
  });

  it('is paid once money has come, whatever else was said', () => {
    fc.assert(
      fc.property(news, news, (before, later) => {
        expect(after([...before, 'PAID', ...later])).toBe('PAID');
      }),
    );
  });

  it.each(SETTLED)('leaves %s as it is', (status) => {
    for (const told of NEWS) expect(afterCheckoutNews(status, told)).toBe(status);
  });

  it.each([
    ['OPEN', 'PENDING'],
    ['PENDING_PAYMENT', 'PENDING'],
    ['EXPIRED', 'EXPIRED'],
    ['PAYMENT_FAILED', 'FAILED'],
    ['PAID', 'PAID'],
  ] as const)('makes of %s, for an order that waits, %s', (told, status) => {
    expect(afterCheckoutNews('PENDING', told)).toBe(status);
  });
});
