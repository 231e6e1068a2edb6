import DataLoader from 'dataloader';
import type { Order } from './order.model.ts';
import type { OrderService } from './order.service.ts';

/** Orders by id, many in one statement. */
export function orderLoader(orders: OrderService): DataLoader<string, Order | null> {
  return new DataLoader(async (ids) => {
    const found = new Map((await orders.ordersById(ids)).map((order) => [order.id, order]));
    return ids.map((id) => found.get(id) ?? null);
  });
}
