import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';

export interface GraphErrorShown {
  readonly message: string;
  readonly path?: readonly (string | number)[];
  readonly extensions: { readonly code: string } & Record<string, unknown>;
}

export interface GraphResponse<Data> {
  readonly status: number;
  readonly headers: Headers;
  readonly data: Data | null;
  readonly errors: readonly GraphErrorShown[];
}

/** A client of GraphQL over HTTP, as a product would write one. */
export class GraphClient {
  readonly #url: string;
  readonly #key: string | null;

  constructor(gatewayUrl: string, key: string | null) {
    this.#url = `${gatewayUrl}/graphql`;
    this.#key = key;
  }

  /** The data of a typed operation; throws when there are errors. */
  async request<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables?: Variables,
  ): Promise<Data> {
    return unwrap(await this.send(document, variables));
  }

  /** The data of an operation given as text; throws when there are errors. */
  async query<Data = Record<string, unknown>>(text: string, variables?: object): Promise<Data> {
    return unwrap(await this.post<Data>({ query: text, variables }));
  }

  /** The whole answer of a typed operation, errors included. */
  send<Data, Variables>(
    document: TypedDocumentNode<Data, Variables>,
    variables?: Variables,
  ): Promise<GraphResponse<Data>> {
    return this.post<Data>({ query: print(document), variables });
  }

  /** The whole answer to any body. */
  async post<Data>(body: unknown): Promise<GraphResponse<Data>> {
    const response = await fetch(this.#url, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        ...(this.#key === null ? {} : { authorization: `Bearer ${this.#key}` }),
      },
      body: JSON.stringify(body),
    });
    const answer = (await response.json()) as { data?: Data; errors?: GraphErrorShown[] };
    return {
      status: response.status,
      headers: response.headers,
      data: answer.data ?? null,
      errors: answer.errors ?? [],
    };
  }
}

function unwrap<Data>(response: GraphResponse<Data>): Data {
  if (response.errors.length > 0 || response.data === null) {
    throw new Error(`GraphQL answered ${response.status}: ${JSON.stringify(response.errors)}`);
  }
  return response.data;
}
