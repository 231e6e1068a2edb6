import { defineEntity, p } from '@mikro-orm/postgresql';
import { amount } from '../../platform/database/columns.ts';
import { CreditGrantSchema } from './ledger.entity.ts';

const zero = () => amount().defaultRaw('0');

export const CreditReversalSchema = defineEntity({
  name: 'CreditReversal',
  tableName: 'credit_reversal',
  checks: [
    {
      name: 'credit_reversal_not_negative',
      expression:
        'refunded_micro >= 0 and lost_micro >= 0 and forgiven_micro >= 0 and contested_micro >= 0 and held_micro >= 0',
    },
    {
      name: 'credit_reversal_forgives_no_more',
      expression: 'forgiven_micro <= refunded_micro + lost_micro',
    },
    { name: 'credit_reversal_holds_no_more', expression: 'held_micro <= contested_micro' },
  ],
  indexes: [{ name: 'credit_reversal_account', properties: ['accountId'] }],
  properties: {
    grantId: p
      .manyToOne(CreditGrantSchema)
      .mapToPk()
      .primary()
      .fieldName('grant_id')
      .index(false)
      .deleteRule('no action')
      .updateRule('no action'),
    accountId: p.uuid(),
    refundedMicro: zero(),
    lostMicro: zero(),
    forgivenMicro: zero(),
    contestedMicro: zero(),
    heldMicro: zero(),
  },
});
