import type { PresenceMetrics } from '../../lib/metrics/presence';
import { accountOf, type DeviceRecord } from '../../lib/presence/device';
import type { PresenceEvents } from '../../lib/presence/tracker';
import { deviceView } from '../../lib/presence/view';
import type { FlowMessage } from '../shell/input';
import type { WayOut } from '../shell/start';

/** Output 1: every change; output 2: flapping, and its end. */
export function presenceEvents({ send }: WayOut, metrics: PresenceMetrics): PresenceEvents {
  return {
    onChange(device, from) {
      metrics.countChange(device.state);
      send([message(device, { from: from ?? null }), null, null]);
    },
    onFlapping(device) {
      send([null, message(device, { changes: device.changes.length }), null]);
    },
    onForgotten(device) {
      send([message(device, { from: device.state, state: 'forgotten' }), null, null]);
    },
  };
}

/** Node-RED gives the message its id. */
function message(device: DeviceRecord, more: object): FlowMessage {
  const payload = { ...deviceView(device), ...more };
  return { topic: accountOf(device.place), payload } as unknown as FlowMessage;
}
