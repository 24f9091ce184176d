import type { Command } from 'commander';
import { registerAuthorities } from '../pki/authorities';
import { registerIssuing } from '../pki/issuing';
import { registerListing } from '../pki/listing';
import { registerRevocation } from '../pki/revocation';

export function registerPki(program: Command): void {
  const pki = program
    .command('pki')
    .description('Certificates of the broker, clients, boards and services, by an authority of your own.');
  for (const register of [registerAuthorities, registerIssuing, registerListing, registerRevocation]) {
    register(pki);
  }
}
