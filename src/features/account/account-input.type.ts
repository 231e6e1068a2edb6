import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { CurrencyScalar, TimeZoneScalar } from '../../graphql/scalars.ts';
import { AccountType } from './account.type.ts';

@InputType('CreateAccountInput')
export class CreateAccountInput {
  @Field(() => String)
  externalId!: string;

  @Field(() => String)
  name!: string;

  @Field(() => String, { nullable: true })
  email?: string | null;

  @Field(() => TimeZoneScalar, { nullable: true, description: 'UTC when not given.' })
  timeZone?: string | null;

  @Field(() => CurrencyScalar, { nullable: true, description: "The catalogue's when not given." })
  currency?: string | null;
}

@InputType('UpdateAccountInput', { description: 'What is left out stays as it is.' })
export class UpdateAccountInput {
  @Field(() => ID)
  accountId!: string;

  @Field(() => String, { nullable: true })
  name?: string | null;

  @Field(() => String, { nullable: true, description: 'Null: none.' })
  email?: string | null;

  @Field(() => TimeZoneScalar, {
    nullable: true,
    description: 'The present period keeps its start, and ends by the new calendar.',
  })
  timeZone?: string | null;
}

@ObjectType('CreateAccountPayload')
export class CreateAccountPayload {
  @Field(() => AccountType)
  account!: AccountType;

  @Field(() => String, { description: 'The secret is shown here and never again.' })
  masterKey!: string;
}
