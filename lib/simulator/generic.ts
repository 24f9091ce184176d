import { APPLIED, type Apply } from '../edge/configuration';
import { clientTelemetryTopic } from '../topics/clients';
import { every, type Machine, type MachineContext, Outlet } from './machine';

const INTERVAL_MS = 10_000;

/** A client of a type nobody simulates in particular: it shows which configuration it runs. */
export function genericClient(context: MachineContext): Machine {
  const outlet = new Outlet(context);
  const topic = clientTelemetryTopic(context.ref, 'client', 'configuration');
  let stop: () => void = () => undefined;
  let tell: () => void = () => undefined;
  const apply: Apply = async ({ revision, schema, hash }) => {
    stop();
    tell = () => outlet.telemetry(topic, 'ConfigurationInEffect', revision, { schema, hash });
    stop = every(context.clock, INTERVAL_MS, tell);
    tell();
    return APPLIED;
  };
  return { apply, connected: () => tell(), stop: () => stop() };
}
