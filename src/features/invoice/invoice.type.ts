import { Field, ID, ObjectType } from 'type-graphql';
import { connectionType } from '../../graphql/connection.ts';
import { enumOf } from '../../graphql/enums.ts';
import { MoneyType, toMoney } from '../../graphql/money.type.ts';
import { DateTimeScalar, UrlScalar } from '../../graphql/scalars.ts';
import type { Invoice, InvoiceStatus } from './invoice.model.ts';

const InvoiceStatusEnum = enumOf('InvoiceStatus', [
  'DRAFT',
  'OPEN',
  'PAID',
  'UNCOLLECTIBLE',
  'VOID',
]);

@ObjectType('Invoice', { description: "A provider's invoice." })
export class InvoiceType {
  @Field(() => ID)
  id!: string;

  @Field(() => String, { nullable: true })
  number!: string | null;

  @Field(() => MoneyType)
  amount!: MoneyType;

  @Field(() => InvoiceStatusEnum)
  status!: InvoiceStatus;

  @Field(() => DateTimeScalar, { nullable: true })
  paidAt!: Date | null;

  @Field(() => DateTimeScalar)
  createdAt!: Date;

  @Field(() => UrlScalar, { nullable: true, description: "The provider's page that shows it." })
  hostedUrl!: string | null;

  @Field(() => UrlScalar, { nullable: true })
  pdfUrl!: string | null;
}

/** An invoice as clients see it. */
export function toInvoice(invoice: Invoice): InvoiceType {
  return Object.assign(new InvoiceType(), invoice, { amount: toMoney(invoice.amount) });
}

export const InvoiceConnectionType = connectionType('Invoice', () => InvoiceType);
export type InvoiceConnectionType = InstanceType<typeof InvoiceConnectionType>;
