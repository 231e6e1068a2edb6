import { Field, ID, InputType, ObjectType } from 'type-graphql';
import { enumOf } from '../../graphql/enums.ts';
import { DateTimeScalar } from '../../graphql/scalars.ts';
import type { ApiKeyRow } from './api-key.entity.ts';
import type { ApiKeyKind } from './caller.model.ts';

const ApiKeyKindEnum = enumOf('ApiKeyKind', ['ADMIN', 'MASTER', 'AGENT']);

@ObjectType('ApiKey', { description: 'A key without its secret, which nobody can read again.' })
export class ApiKeyType {
  @Field(() => ID)
  id!: string;

  @Field(() => ApiKeyKindEnum)
  kind!: ApiKeyKind;

  @Field(() => String)
  name!: string;

  @Field(() => [String])
  scopes!: string[];

  @Field(() => String, { nullable: true })
  agentId!: string | null;

  @Field(() => String, { description: 'The part of the key by which it can be told from others.' })
  prefix!: string;

  @Field(() => DateTimeScalar, { nullable: true, description: 'Kept to the minute.' })
  lastUsedAt!: Date | null;

  @Field(() => DateTimeScalar, { nullable: true })
  revokedAt!: Date | null;

  @Field(() => DateTimeScalar)
  createdAt!: Date;
}

/** A key as clients see it: the hash of its secret stays here. */
export function toApiKey(row: ApiKeyRow): ApiKeyType {
  const { id, kind, name, scopes, agentId, prefix, lastUsedAt, revokedAt, createdAt } = row;
  return {
    id,
    kind,
    name,
    scopes,
    agentId: agentId ?? null,
    prefix,
    lastUsedAt: lastUsedAt ?? null,
    revokedAt: revokedAt ?? null,
    createdAt,
  };
}

@InputType('CreateApiKeyInput')
export class CreateApiKeyInput {
  @Field(() => ID, { nullable: true })
  accountId?: string | null;

  @Field(() => ApiKeyKindEnum)
  kind!: ApiKeyKind;

  @Field(() => String)
  name!: string;

  @Field(() => [String], {
    nullable: true,
    description: 'For agent keys: billing:read, credits:spend, usage:record.',
  })
  scopes?: string[] | null;

  @Field(() => String, { nullable: true })
  agentId?: string | null;
}

@ObjectType('CreateApiKeyPayload')
export class CreateApiKeyPayload {
  @Field(() => ApiKeyType)
  apiKey!: ApiKeyType;

  @Field(() => String, { description: 'The secret is shown here and never again.' })
  secret!: string;
}
