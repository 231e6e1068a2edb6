import type { App } from '../app.ts';
import type { KeysAtStart } from './first-keys.ts';

/** What a person reads when the gateway has started. */
export function welcome(app: App, keys: KeysAtStart, isProduction: boolean): string {
  const channels = [...app.services.providers.keys()].map((channel) => channel.toLowerCase());
  return [
    '',
    `  Tollgate is listening on ${app.url}`,
    '',
    `  GraphQL     ${app.url}/graphql   (HTTP and graphql-ws)`,
    ...(isProduction ? [] : [`  GraphiQL    ${app.url}/graphiql`]),
    ...channels.map((channel) => `  Webhooks    ${app.url}/webhooks/${channel}`),
    `  Health      ${app.url}/healthz, ${app.url}/readyz`,
    ...(app.sandboxUrl === null
      ? []
      : [`  Sandbox     ${app.sandboxUrl}   (plays the payment providers: no real money)`]),
    '',
    ...keyLines(keys),
    '  Try it:',
    '',
    ...curlLines(app.url, keys),
    '',
    '',
  ].join('\n');
}

function keyLines({ file, made, kept }: KeysAtStart): string[] {
  if (made !== null) {
    return [
      ...(made.adminKey === null ? [] : [`  Admin key   ${made.adminKey}`]),
      ...(made.masterKey === null
        ? []
        : [`  Demo key    ${made.masterKey}   (master key of account ${made.accountId})`]),
      `  Shown only now; from now on in ${file}`,
      '',
    ];
  }
  if (kept.adminKey === null && kept.masterKey === null) return [];
  return [`  The keys of the first start are in ${file}`, ''];
}

function curlLines(url: string, { made, kept, file }: KeysAtStart): string[] {
  const head = [`  curl -s ${url}/graphql \\`, "    -H 'content-type: application/json' \\"];
  if (kept.masterKey === null) return [...head, `    -d '{"query":"{ plans { slug name } }"}'`];
  const key = made?.masterKey ?? `$(sed -n 's/.*"masterKey": "\\(.*\\)".*/\\1/p' ${quoted(file)})`;
  const query = '{ account { name status plan { slug } creditBalance { available } } }';
  return [...head, `    -H "authorization: Bearer ${key}" \\`, `    -d '{"query":"${query}"}'`];
}

/** As one word of a shell. */
function quoted(path: string): string {
  return `'${path.replaceAll("'", "'\\''")}'`;
}
