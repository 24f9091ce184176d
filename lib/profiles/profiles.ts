import { CLIENT_STATUS_FILTER } from '../topics/clients';
import { SENSOR_STATUS_FILTERS } from '../topics/sensors';
import { clientsProfile } from './clients';
import type { Profile } from './profile';
import { sensorsProfile } from './sensors';

/** Every form of addressing that the package knows (SPEC 1). */
export function shippedProfiles(): readonly Profile[] {
  return [clientsProfile, sensorsProfile()];
}

/** The filters of all of them. */
export const REPORT_FILTERS: readonly string[] = [CLIENT_STATUS_FILTER, ...SENSOR_STATUS_FILTERS];
