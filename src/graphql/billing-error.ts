import { Field, InterfaceType } from 'type-graphql';

@InterfaceType('BillingError', {
  description: 'A refusal that a client should expect. `code` is stable.',
})
export abstract class BillingErrorType {
  @Field(() => String)
  code!: string;

  @Field(() => String)
  message!: string;
}
