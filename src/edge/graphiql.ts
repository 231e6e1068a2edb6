import { renderGraphiQL } from '@graphql-yoga/render-graphiql';

/** GraphiQL as one page that loads nothing from elsewhere. */
export async function graphiqlPage(): Promise<string> {
  return renderGraphiQL({
    endpoint: '/graphql',
    title: 'Tollgate',
    subscriptionsProtocol: 'WS',
    defaultQuery:
      '# Set the header {"Authorization": "Bearer tg_master_…"} below.\n{\n  plans {\n    slug\n    name\n  }\n}\n',
  });
}
