// The sandbox in a process of its own: the provider does not die with those who use it. Started with its options as JSON.
import { createLogger } from '../../src/platform/logger.ts';
import { type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.ts';

const options = JSON.parse(process.argv[2] ?? '{}') as Omit<SandboxOptions, 'logger'>;
const sandbox = await startSandbox({ ...options, logger: createLogger('error') });
process.on('message', async () => {
  // Everything that waits for another attempt is tried now.
  process.send?.(await sandbox.drain(5_000));
});
process.once('disconnect', async () => {
  await sandbox.close();
  process.exit();
});
process.send?.(sandbox.url);
