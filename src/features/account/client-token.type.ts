import { Field, ID, InputType, Int, ObjectType } from 'type-graphql';
import { DateTimeScalar } from '../../graphql/scalars.ts';

@InputType('CreateClientTokenInput')
export class CreateClientTokenInput {
  @Field(() => ID, { nullable: true })
  accountId?: string | null;

  @Field(() => Int, { nullable: true, description: 'From 60 to 3600; 900 when not said.' })
  ttlSeconds?: number | null;
}

@ObjectType('CreateClientTokenPayload')
export class CreateClientTokenPayload {
  @Field(() => String, {
    description:
      'Sent as "Authorization: Bearer …", as a key is. It stops at its end, or when the key that minted it is revoked.',
  })
  token!: string;

  @Field(() => DateTimeScalar, { description: 'In real time, also where the clock was moved.' })
  expiresAt!: Date;
}
