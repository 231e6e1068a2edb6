// Loaded into a gateway's process before the gateway: answers the question how much memory it needs.
process.on('message', () => {
  // Twice: what the first collection lets go of may hold more, such as buffers.
  globalThis.gc?.();
  globalThis.gc?.();
  process.send?.(process.memoryUsage());
});
// Nobody is left to stop it when the test itself was killed.
process.once('disconnect', () => process.exit(1));
process.channel?.unref();
