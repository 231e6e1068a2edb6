import type { FastifyReply } from 'fastify';
import { type Html, html } from './html.ts';
import { STYLE } from './page-style.ts';

/** Sends a page of the sandbox: no scripts, nothing from elsewhere, never framed or kept. */
export function sendPage(reply: FastifyReply, status: number, page: Html): FastifyReply {
  return reply
    .code(status)
    .type('text/html; charset=utf-8')
    .headers({
      'content-security-policy':
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
      'referrer-policy': 'no-referrer',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .send(page.text);
}

/** The frame of every page, with the note that no money moves here. */
export function pageFrame(title: string, body: Html): Html {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${STYLE}</style>
</head>
<body>
<p class="ribbon"><strong>Sandbox</strong> No real money moves here.</p>
${body}
</body>
</html>`;
}

/** A page with one message. */
export function messagePage(
  title: string,
  text: string,
  link: { href: string; label: string } | null,
): Html {
  return pageFrame(
    title,
    html`<main class="message">
<h1>${title}</h1>
<p>${text}</p>
${link && html`<p><a class="button" href="${link.href}">${link.label}</a></p>`}
</main>`,
  );
}
