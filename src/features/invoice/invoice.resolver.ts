import { Arg, Ctx, FieldResolver, Int, Resolver, Root } from 'type-graphql';
import { toConnection } from '../../graphql/connection.ts';
import { type GraphContext, perRequest } from '../../graphql/context.ts';
import { AccountType } from '../account/account.type.ts';
import { accountFor } from '../account/caller.policy.ts';
import { CreditGrantType } from '../ledger/ledger.type.ts';
import { invoiceLoader } from './invoice.loader.ts';
import { INVOICE_CURSOR } from './invoice.model.ts';
import type { InvoiceService } from './invoice.service.ts';
import { InvoiceConnectionType, InvoiceType, toInvoice } from './invoice.type.ts';

@Resolver(() => AccountType)
export class InvoiceResolver {
  readonly #invoices: InvoiceService;

  constructor(invoices: InvoiceService) {
    this.#invoices = invoices;
  }

  @FieldResolver(() => InvoiceConnectionType, { description: 'Newest first.' })
  async invoices(
    @Root() account: AccountType,
    @Arg('first', () => Int, { nullable: true }) first?: number,
    @Arg('after', () => String, { nullable: true }) after?: string,
  ): Promise<InvoiceConnectionType> {
    return toConnection(InvoiceConnectionType, {
      page: await this.#invoices.invoices(account.id, { first, after }),
      cursorKind: INVOICE_CURSOR,
      position: (invoice) => invoice.id,
      node: toInvoice,
      count: () => this.#invoices.invoiceCount(account.id),
    });
  }
}

/** Which invoice paid for a grant. */
@Resolver(() => CreditGrantType)
export class GrantInvoiceResolver {
  readonly #invoices: InvoiceService;
  readonly #loader = perRequest(() => invoiceLoader(this.#invoices));

  constructor(invoices: InvoiceService) {
    this.#invoices = invoices;
  }

  @FieldResolver(() => InvoiceType, {
    nullable: true,
    description: 'The invoice that paid for it, if one did. Needs the scope billing:read.',
  })
  async invoice(
    @Root() grant: CreditGrantType,
    @Ctx() ctx: GraphContext,
  ): Promise<InvoiceType | null> {
    const [invoiceId] = grant.cause.id.split('/');
    if (grant.cause.kind !== 'invoice' || invoiceId === undefined) return null;
    const invoice = await this.#loader(ctx).load(invoiceId);
    if (invoice !== null) accountFor(ctx.caller, invoice.accountId, 'read');
    return invoice === null ? null : toInvoice(invoice);
  }
}
