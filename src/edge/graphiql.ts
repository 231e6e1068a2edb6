import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { invariant } from '../platform/assert.ts';

/** GraphiQL as one page that loads nothing from elsewhere. It has megabytes, and is made once. */
export function graphiqlPage(): string {
  page ??= withSocketCredentials(
    renderGraphiQL({
      endpoint: '/graphql',
      title: 'Tollgate',
      subscriptionsProtocol: 'WS',
      defaultQuery: FIRST_QUERY,
    }),
  );
  return page;
}

let page: string | undefined;

const FIRST_QUERY = `# To ask as somebody, put this into the headers below: {"Authorization": "Bearer tg_master_..."}
{
  plans {
    slug
    name
  }
}
`;

/** The page gives its headers to requests only; a browser's sockets have none, and take them as connection parameters. */
function withSocketCredentials(html: string): string {
  const passed = /extensions:\{headers:(\w+\?\.headers)\}/g;
  invariant(html.match(passed)?.length === 1, 'GraphiQL passes its headers on in one place');
  return html.replace(passed, 'extensions:{headers:$1,connectionParams:$1}');
}
