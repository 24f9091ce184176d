import { APPLIED, type Apply } from '../edge/configuration';
import { isJsonObject, type JsonObject } from '../json/json';
import { clientMetaTopic, clientTelemetryTopic } from '../topics/clients';
import { every, type Machine, type MachineContext, Outlet } from './machine';

const DEFAULT_INTERVAL_SECONDS = 10;

/** A signal tower that shows its lamps on `telemetry/tower/state`, and at once when they change. */
export function signalTower(context: MachineContext): Machine {
  const outlet = new Outlet(context);
  const telemetryTopic = clientTelemetryTopic(context.ref, 'tower', 'state');
  const metaTopic = clientMetaTopic(context.ref, 'tower', 'state');
  let stop: () => void = () => undefined;
  let settings: JsonObject | undefined;
  let revision = 0;

  const tellMeta = () => {
    if (settings !== undefined) outlet.meta(metaTopic, { revision, lamps: settings.lamps ?? {} });
  };
  const tellState = () => {
    if (settings === undefined) return;
    const buzzer = isJsonObject(settings.buzzer) && settings.buzzer.enabled === true;
    outlet.telemetry(telemetryTopic, 'SignalTowerState', revision, {
      lamps: litLamps(settings.lamps, context.clock.now()),
      buzzer,
    });
  };
  const tell = () => {
    tellMeta();
    tellState();
  };
  const apply: Apply = async (configuration) => {
    stop();
    settings = configuration.settings;
    revision = configuration.revision;
    const { publishIntervalSeconds } = settings;
    const seconds =
      typeof publishIntervalSeconds === 'number' ? publishIntervalSeconds : DEFAULT_INTERVAL_SECONDS;
    stop = every(context.clock, seconds * 1000, tellState);
    tell();
    return APPLIED;
  };
  return { apply, connected: tell, stop: () => stop() };
}

/** Each lamp with its colour and mode, and whether it burns at this moment. */
function litLamps(lamps: unknown, now: number): Record<string, unknown> {
  const all = Object.entries(isJsonObject(lamps) ? lamps : {}).map(([name, lamp]) => {
    const { colour, mode, blinkMs } = isJsonObject(lamp) ? lamp : {};
    const period = typeof blinkMs === 'number' ? blinkMs : 1000;
    const lit = mode === 'steady' || (mode === 'blink' && now % period < period / 2);
    return [name, { colour, mode, lit }];
  });
  return Object.fromEntries(all) as Record<string, unknown>;
}
