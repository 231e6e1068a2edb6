import { describeProviderContract } from './contract.ts';
import { startCreemWorld } from './creem-world.ts';

describeProviderContract('Creem', startCreemWorld);
