import type { CreemWorld } from './creem-world.ts';
import type { CreemWire } from './parameters.ts';

/** One endpoint of Creem's API: what it takes and what it does. */
export interface Endpoint {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** As in fastify: `:id` stands for a part. */
  readonly path: string;
  /** Null for one that takes nothing. */
  readonly takes: keyof CreemWire | null;
  /** Answers the object. Throws CreemProblem, which leaves no traces. */
  run(call: Call<never>): object;
}

export interface Call<P> {
  readonly world: CreemWorld;
  /** Checked. */
  readonly params: P;
  /** The part of the path. */
  readonly id: string;
}

/** Declares an endpoint whose parameters are those of the SDK. */
export function endpoint<T extends keyof CreemWire>(
  route: `${Endpoint['method']} /v1/${string}`,
  takes: T,
  run: (call: Call<CreemWire[T]>) => object,
): Endpoint {
  const [method, path] = route.split(' ') as [Endpoint['method'], string];
  return { method, path, takes, run: run as Endpoint['run'] };
}

/** Declares an endpoint that takes nothing but the id in its path. */
export function plainEndpoint(
  route: `${Endpoint['method']} /v1/${string}`,
  run: (call: Call<unknown>) => object,
): Endpoint {
  const [method, path] = route.split(' ') as [Endpoint['method'], string];
  return { method, path, takes: null, run: run as Endpoint['run'] };
}

/** A page of a list as Creem wraps it: pages are numbered from 1. */
export function pageOf<T>(all: readonly T[], page = 1, size = 10) {
  const totalPages = Math.ceil(all.length / size);
  return {
    items: all.slice((page - 1) * size, page * size),
    pagination: {
      total_records: all.length,
      total_pages: totalPages,
      current_page: page,
      next_page: page < totalPages ? page + 1 : null,
      prev_page: page > 1 ? page - 1 : null,
    },
  };
}
