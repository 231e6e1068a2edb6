import type { DocumentNode, ExecutionResult, OperationDefinitionNode } from 'graphql';
import type { GraphContext } from '../graphql/context.ts';

/** An operation that Apollo has read, found valid and let pass. */
export interface PassedOperation {
  readonly document: DocumentNode;
  readonly operation: OperationDefinitionNode;
  /** As the client gave it. */
  readonly operationName: string | undefined;
}

/** Executes an operation that was let pass. */
export type ExecutePassed = (
  passed: PassedOperation,
  variables: Readonly<Record<string, unknown>> | undefined,
  context: GraphContext,
) => Promise<ExecutionResult>;
