import DataLoader from 'dataloader';
import type { PaymentMethod } from './payment-method.model.ts';
import type { PaymentMethodService } from './payment-method.service.ts';

/** What accounts can be charged with, many in one statement, the default first. */
export function paymentMethodLoader(
  paymentMethods: PaymentMethodService,
): DataLoader<string, PaymentMethod[]> {
  return new DataLoader(async (accountIds) => {
    const found = await paymentMethods.paymentMethods(accountIds);
    return accountIds.map((id) => found.filter(({ accountId }) => accountId === id));
  });
}
