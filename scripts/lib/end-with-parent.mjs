// Loaded into the gateway before anything else. The gateway has a process group of its own, so that Ctrl-C reaches
// it once, through the script that started it; when that script is killed, this ends the gateway in its place.
if (process.channel) {
  process.once('disconnect', () => {
    if (!process.emit('SIGTERM', 'SIGTERM')) process.exit(143);
  });
  process.channel.unref();
}
