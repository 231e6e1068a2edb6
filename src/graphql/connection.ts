import { type ClassType, Field, ObjectType } from 'type-graphql';
import { type Page, writeCursor } from '../platform/paging.ts';
import { SafeIntScalar } from './scalars.ts';

@ObjectType('PageInfo')
export class PageInfoType {
  @Field(() => Boolean)
  hasNextPage!: boolean;

  @Field(() => Boolean)
  hasPreviousPage!: boolean;

  @Field(() => String, { nullable: true })
  startCursor!: string | null;

  @Field(() => String, { nullable: true })
  endCursor!: string | null;
}

export interface ConnectionOf<Node> {
  edges: { cursor: string; node: Node }[];
  nodes: Node[];
  pageInfo: PageInfoType;
}

/** Makes the Relay edge and connection types for one node type: `<name>Edge` and `<name>Connection`. */
export function connectionType<Node extends object>(name: string, node: () => ClassType<Node>) {
  @ObjectType(`${name}Edge`)
  class EdgeType {
    @Field(() => String)
    cursor!: string;

    @Field(node)
    node!: Node;
  }

  @ObjectType(`${name}Connection`)
  class ConnectionType implements ConnectionOf<Node> {
    @Field(() => [EdgeType])
    edges!: EdgeType[];

    @Field(() => [node()])
    nodes!: Node[];

    @Field(() => PageInfoType)
    pageInfo!: PageInfoType;

    /** Counted only when it is asked for. */
    countAll!: () => Promise<bigint>;

    @Field(() => SafeIntScalar, { nullable: true })
    async totalCount(): Promise<number> {
      return Number(await this.countAll());
    }
  }
  return ConnectionType;
}

interface ConnectionParts<Item, Node> {
  readonly page: Page<Item>;
  /** The list's name within its cursors. */
  readonly cursorKind: string;
  readonly position: (item: Item) => string | bigint;
  readonly node: (item: Item) => Node;
  readonly count: () => Promise<bigint>;
}

/** Fills a connection from a page that a service returned. */
export function toConnection<
  Item,
  Node,
  Connection extends ConnectionOf<Node> & { countAll: () => Promise<bigint> },
>(type: new () => Connection, parts: ConnectionParts<Item, Node>): Connection {
  const edges = parts.page.items.map((item) => ({
    cursor: writeCursor(parts.cursorKind, parts.position(item)),
    node: parts.node(item),
  }));
  return Object.assign(new type(), {
    edges,
    nodes: edges.map((edge) => edge.node),
    pageInfo: {
      hasNextPage: parts.page.hasNextPage,
      hasPreviousPage: parts.page.hasPreviousPage,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: edges.at(-1)?.cursor ?? null,
    },
    countAll: parts.count,
  });
}
