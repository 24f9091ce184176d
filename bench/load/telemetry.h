/* What a board publishes: telemetry that passes the schemas, with boot_id and seq. */
#ifndef LOAD_TELEMETRY_H
#define LOAD_TELEMETRY_H

#include <stddef.h>
#include <stdint.h>

#define TELEMETRY_ROOM 1024

/* Writes a message of a board on its topic openegiz/FACTORY/TYPE/EQUIPMENT/SENSOR/telemetry; returns its length. */
size_t telemetry_write(char *out, const char *device, const char *topic, uint32_t seq);

#endif
