import type { App } from '../app.ts';
import type { KeysAtStart } from './first-keys.ts';

/** What a person reads when the gateway has started. */
export function welcome(app: App, keys: KeysAtStart, isProduction: boolean): string {
  return [
    '',
    `  Tollgate is listening on ${app.url}`,
    '',
    `  GraphQL     ${app.url}/graphql   (HTTP and graphql-ws)`,
    ...(isProduction ? [] : [`  GraphiQL    ${app.url}/graphiql`]),
    `  Webhooks    ${app.url}/webhooks/stripe`,
    `  Health      ${app.url}/healthz, ${app.url}/readyz`,
    ...(app.sandboxUrl === null
      ? []
      : [`  Sandbox     ${app.sandboxUrl}   (plays Stripe: no real money)`]),
    '',
    ...keyLines(keys),
    '',
    '  Try it:',
    '',
    ...curlLines(app.url, keys),
    '',
    '',
  ].join('\n');
}

function keyLines({ file, made }: KeysAtStart): string[] {
  if (made === null) return [`  The keys of the first start are in ${file}`];
  return [
    ...(made.adminKey === null ? [] : [`  Admin key   ${made.adminKey}`]),
    ...(made.masterKey === null
      ? []
      : [`  Demo key    ${made.masterKey}   (master key of account ${made.accountId})`]),
    `  They are shown once; from now on they are in ${file}`,
  ];
}

function curlLines(url: string, { made, file }: KeysAtStart): string[] {
  const key = made?.masterKey ?? `$(node -p "require('${file}').masterKey")`;
  const query = '{ account { name status plan { slug } creditBalance { available } } }';
  return [
    `  curl -s ${url}/graphql \\`,
    "    -H 'content-type: application/json' \\",
    `    -H "authorization: Bearer ${key}" \\`,
    `    -d '{"query":"${query}"}'`,
  ];
}
