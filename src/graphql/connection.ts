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

interface EdgeOf<Node> {
  readonly cursor: string;
  readonly node: Node;
}

/** A page as it is filled into a connection: its nodes, and how the rest is made when it is asked for. */
interface FilledPage<Node> {
  readonly nodes: readonly Node[];
  readonly hasNextPage: boolean;
  readonly hasPreviousPage: boolean;
  readonly cursorOf: (index: number) => string;
  readonly count: () => Promise<bigint>;
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

  // Of most pages only the nodes are asked for, and cursors cost more than these.
  @ObjectType(`${name}Connection`)
  class ConnectionType {
    readonly #page: FilledPage<Node>;

    @Field(() => [node()])
    readonly nodes: readonly Node[];

    constructor(page: FilledPage<Node>) {
      this.#page = page;
      this.nodes = page.nodes;
    }

    @Field(() => [EdgeType])
    get edges(): EdgeOf<Node>[] {
      const { nodes, cursorOf } = this.#page;
      return nodes.map((edge, index) => ({ cursor: cursorOf(index), node: edge }));
    }

    @Field(() => PageInfoType)
    get pageInfo(): PageInfoType {
      const { nodes, hasNextPage, hasPreviousPage, cursorOf } = this.#page;
      const startCursor = nodes.length === 0 ? null : cursorOf(0);
      const endCursor = nodes.length === 0 ? null : cursorOf(nodes.length - 1);
      return { hasNextPage, hasPreviousPage, startCursor, endCursor };
    }

    @Field(() => SafeIntScalar, { nullable: true })
    async totalCount(): Promise<number> {
      return Number(await this.#page.count());
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
export function toConnection<Item, Node, Connection>(
  type: new (page: FilledPage<Node>) => Connection,
  { page, cursorKind, position, node, count }: ConnectionParts<Item, Node>,
): Connection {
  const { items, hasNextPage, hasPreviousPage } = page;
  return new type({
    nodes: items.map((item) => node(item)),
    hasNextPage,
    hasPreviousPage,
    cursorOf: (index) => writeCursor(cursorKind, position(items[index] as Item)),
    count,
  });
}
