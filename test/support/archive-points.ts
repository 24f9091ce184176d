/** Telemetry of one board as the archive has it in the raw bucket. */
export interface Board {
  readonly device: string;
  readonly equipment?: string;
}

/** Line protocol of message `seq` of boot `boot`, measured at `time` (ms since 1970). */
export function telemetryPoint(
  { device, equipment = device }: Board,
  boot: number,
  seq: number,
  time: number,
): string {
  return `${pointTags({ device, equipment })} voltage_a=220.5,boot_id=${boot}i,seq=${seq}i ${time}000000`;
}

/** Of a board that sends no numbers. */
export function unnumberedPoint({ device, equipment = device }: Board, time: number): string {
  return `${pointTags({ device, equipment })} voltage_a=220.5 ${time}000000`;
}

function pointTags({ device, equipment }: Required<Board>): string {
  return `electrical,factory_id=factory-a,equipment_type=oven,equipment_id=${equipment},sensor_type=electrical,device_id=${device},thing_id=factory:${equipment},voltage_unit=V`;
}
