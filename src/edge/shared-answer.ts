import type { ExecutionResult } from 'graphql';

/** What an operation came to, for all who asked for it. */
export type SharedAnswer =
  | {
      /** The whole body, written once. */
      readonly body: string;
    }
  | {
      readonly body: null;
      /** There are errors, which each is shown with its own request id. */
      readonly result: ExecutionResult;
    };
