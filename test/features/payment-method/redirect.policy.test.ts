import { GraphQLURL } from 'graphql-scalars';
import { describe, expect, it } from 'vitest';
import { checkRedirect } from '../../../src/features/payment-method/redirect.policy.ts';

const PRODUCTION = {
  origins: ['https://app.example.com', 'https://xn--bcher-kva.example'],
  allowLoopback: false,
};
const DEVELOPMENT = { origins: [], allowLoopback: true };

const HOSTILE = [
  'javascript:alert(1)',
  'JaVaScRiPt:alert(1)',
  ' javascript:alert(1)',
  'java\tscript:alert(1)',
  'java\nscript:alert(1)',
  '\u0001javascript:alert(1)',
  'javascript://app.example.com/%0aalert(1)',
  'javascript:https://app.example.com/',
  'data:text/html,<script>alert(1)</script>',
  'data:text/html;base64,PHNjcmlwdD4=',
  'vbscript:msgbox(1)',
  'file:///etc/passwd',
  'file://app.example.com/etc/passwd',
  'ftp://app.example.com/',
  'ws://app.example.com/',
  'wss://app.example.com/',
  'mailto:someone@app.example.com',
  'blob:https://app.example.com/0b7b1b6e',
  'filesystem:https://app.example.com/temporary/x',
  'view-source:https://app.example.com/',
  'about:blank',
  'intent://app.example.com/#Intent;scheme=https;end',
  'https://evil.example',
  'http://evil.example',
  'http://app.example.com/',
  'http://app.example.com:443/',
  'https://app.example.com:444/',
  'https://app.example.com:80/',
  'https://example.com/',
  'https://evil.app.example.com/',
  'https://app.example.com.evil.example/',
  'https://app.example.comevil.example/',
  'https://app-example.com/',
  'https://appXexample.com/',
  'https://app.example.com./',
  'https://app.example.com.:443/',
  'https://app..example.com/',
  'https://user@app.example.com/',
  'https://user:pass@app.example.com/',
  'https://:pass@app.example.com/',
  'https://app.example.com@evil.example/',
  'https://app.example.com:pass@evil.example/',
  'https://app.example.com:443@evil.example/',
  'https://app.example.com%40evil.example/',
  'https://app.example.com%2f@evil.example/',
  'https://app.example.com%00.evil.example/',
  'https://app.example.com%0d%0a@evil.example/',
  'https://app.example.com%2eevil.example/',
  'https://evil.example%2f.app.example.com/',
  'https://evil.example\\@app.example.com/',
  'https://evil.example\\.app.example.com/',
  'https://evil.example/https://app.example.com/',
  'https://evil.example?https://app.example.com/',
  'https://evil.example#https://app.example.com/',
  'https://evil.example/@app.example.com',
  'https://evil.example;app.example.com/',
  'https:evil.example',
  'https:/evil.example/',
  'https:///evil.example/',
  'https:\\\\evil.example\\',
  'https:/\\evil.example/',
  'https:\t//evil.example/',
  'https://evil\u3002example/',
  'https://\uff41pp.example.com.evil.example/',
  'https://\u0430pp.example.com/',
  'https://app.example\u00ad.com.evil.example/',
  'https://xn--pp-6kc.example.com/',
  'https://app\u200b.evil.example/',
  'https://b\u00fccher.evil.example/',
  'https://localhost/',
  'http://localhost:3000/',
  'https://127.0.0.1/',
  'https://2130706433/',
  'https://0x7f.1/',
  'https://[::1]/',
  'https://[::ffff:127.0.0.1]/',
  'https://0/',
  'https://169.254.169.254/latest/meta-data',
  `https://app.example.com/${'a'.repeat(2_000)}`,
];

const NO_URL = [
  '//evil.example',
  '//app.example.com/',
  '/welcome',
  'app.example.com',
  '\\\\evil.example',
  'https://',
  'https://app.example.com:99999/',
  'https://app exa mple.com/',
  '',
];

const GOOD: [string, string][] = [
  ['https://app.example.com', 'https://app.example.com/'],
  ['https://app.example.com/welcome?plan=pro#top', 'https://app.example.com/welcome?plan=pro#top'],
  ['https://app.example.com:443/welcome', 'https://app.example.com/welcome'],
  ['HTTPS://APP.EXAMPLE.COM/Welcome', 'https://app.example.com/Welcome'],
  ['https://app.example.com/a/../welcome', 'https://app.example.com/welcome'],
  ['https://app.example.com\\welcome', 'https://app.example.com/welcome'],
  ['https://app.exam\tple.com/', 'https://app.example.com/'],
  ['https://@app.example.com/', 'https://app.example.com/'],
  ['https://app.example.com//evil.example', 'https://app.example.com//evil.example'],
  ['https://app.example.com/?next=@evil.example', 'https://app.example.com/?next=@evil.example'],
  ['https://app.ex%61mple.com/', 'https://app.example.com/'],
  ['https://b\u00fccher.example/danke', 'https://xn--bcher-kva.example/danke'],
  [
    'https://app.example.com/?session={CHECKOUT_SESSION_ID}',
    'https://app.example.com/?session={CHECKOUT_SESSION_ID}',
  ],
  [
    'https://app.example.com/paid/{CHECKOUT_SESSION_ID}#{CHECKOUT_SESSION_ID}',
    'https://app.example.com/paid/{CHECKOUT_SESSION_ID}#{CHECKOUT_SESSION_ID}',
  ],
];

/** As a URL gets here from a request. */
function urlOf(text: string): URL {
  return GraphQLURL.parseValue(text) as URL;
}

describe('the rule for redirects', () => {
  it.each(HOSTILE)('refuses %j', (text) => {
    let url: URL;
    try {
      url = urlOf(text);
    } catch {
      return;
    }
    expect(() => checkRedirect('successUrl', url, PRODUCTION)).toThrow(/^successUrl /);
  });

  it.each(NO_URL)('never sees %j, which is no URL', (text) => {
    expect(() => urlOf(text)).toThrow();
  });

  it.each(GOOD)('lets %j through as %j', (text, sent) => {
    expect(checkRedirect('successUrl', urlOf(text), PRODUCTION)).toBe(sent);
  });

  it.each([
    'http://localhost:3000/x',
    'https://localhost/x',
    'http://127.0.0.1:8080/',
    'http://127.1/',
    'http://[::1]:3000/',
    'http://LOCALHOST:3000/',
  ])('lets %j through in development', (text) => {
    expect(checkRedirect('cancelUrl', urlOf(text), DEVELOPMENT)).toBe(urlOf(text).href);
  });

  it.each([
    'http://localhost.evil.example/',
    'http://evil.localhost/',
    'http://localhost./',
    'http://user@localhost/',
    'http://127.0.0.2/',
    'http://0.0.0.0/',
    'http://[::]/',
    'http://[::ffff:127.0.0.1]/',
    'ftp://localhost/',
    'javascript:localhost',
    'https://app.example.com/',
  ])('refuses %j even in development', (text) => {
    expect(() => checkRedirect('cancelUrl', urlOf(text), DEVELOPMENT)).toThrow(/^cancelUrl /);
  });

  it('names the origin that it refused, and nothing of the rest', () => {
    const url = urlOf('https://evil.example/?token=secret');
    expect(() => checkRedirect('successUrl', url, PRODUCTION)).toThrow(
      'successUrl leads to https://evil.example, which is not in REDIRECT_ORIGINS.',
    );
  });
});
