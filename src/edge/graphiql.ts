import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

/** GraphiQL as one page that loads nothing from elsewhere. It has megabytes, and is made once. */
export function graphiqlPage(): string {
  page ??= renderGraphiQL({
    endpoint: '/graphql',
    title: 'Tollgate',
    subscriptionsProtocol: 'WS',
    defaultQuery: FIRST_QUERY,
    headers: '{"Authorization": "Bearer "}',
  });
  return page;
}

let page: string | undefined;

const FIRST_QUERY = `# Put a key behind "Bearer" in the headers below.
{
  plans {
    slug
    name
  }
}
`;
