import type { Duplex } from 'node:stream';
import { WebSocket } from 'ws';
import type { Logger } from '../platform/logger.ts';
import type { LiveProtocol } from './live-protocol.ts';

/** A peer that does not answer a ping until the next one is gone, or reads so little that the ping does not get through. */
const PING_EVERY_MS = 10_000;
const INTERNAL_ERROR = 4500;
const TOO_LARGE = 1009;
const TRY_AGAIN_LATER = 1013;

/**
 * Speaks the protocol on one socket until it closes; `connection`: what it writes to. A message counts as sent when the network has taken it: as long as
 * the peer does not read, nothing more is made for it.
 */
export function attachSocket(
  socket: WebSocket,
  connection: Duplex,
  protocol: LiveProtocol,
  logger: Logger,
): void {
  let isAlive = true;
  const pinging = setInterval(() => {
    if (socket.readyState !== WebSocket.OPEN) return;
    if (!isAlive) {
      logger.debug('a subscriber that does not read is let go');
      // Whoever is still there reads this after what is on its way, and resumes; whoever is not is cut off soon after.
      socket.close(TRY_AGAIN_LATER, 'You did not read for too long: come back and resume.');
      return;
    }
    isAlive = false;
    socket.ping();
  }, PING_EVERY_MS).unref();
  socket.on('pong', () => {
    isAlive = true;
  });
  socket.on('error', (error) => {
    logger.debug({ reason: error.message }, 'a socket failed');
    if (isTooLarge(error)) socket.close(TOO_LARGE, 'This message is too large.');
  });
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (text) => send(socket, text),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (receive) => {
        socket.on('message', (data) => {
          receive(String(data)).catch((error: Error) => {
            logger.error({ err: error }, 'a message on a socket failed');
            socket.close(INTERNAL_ERROR, 'Something went wrong on our side.');
          });
        });
      },
    },
    { socket, connection },
  );
  socket.once('close', (code, reason) => {
    clearInterval(pinging);
    closed(code, reason.toString()).catch((error: Error) =>
      logger.error({ err: error }, 'a socket did not close cleanly'),
    );
  });
}

/** Nobody waits for what was on its way to a socket that closed. */
function send(socket: WebSocket, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    if (socket.readyState !== WebSocket.OPEN) return resolve();
    socket.send(text, (error) => {
      if (error && socket.readyState === WebSocket.OPEN) reject(error);
      else resolve();
    });
  });
}

function isTooLarge(error: Error): boolean {
  return (error as { code?: string }).code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH';
}
