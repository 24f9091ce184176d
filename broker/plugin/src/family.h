/* Topic families: the few kinds of message the counters are kept for. */
#ifndef GUARD_FAMILY_H
#define GUARD_FAMILY_H

#include <stddef.h>
#include <stdint.h>

/* The sensor types of a plant are few; past these they count as `other`. */
#define FAMILY_SENSORS_MAX 16
#define FAMILY_SENSOR_LEN 32

enum family {
    FAMILY_OTHER,
    FAMILY_STATUS,
    FAMILY_COMMAND,
    FAMILY_CLIENT_CONFIG,
    FAMILY_CLIENT_STATUS,
    FAMILY_CLIENT_TELEMETRY,
    FAMILY_CLIENT_META,
    FAMILY_SENSOR_OTHER,
    FAMILY_SENSOR_FIRST, /* + the index of the sensor type */
    FAMILIES = FAMILY_SENSOR_FIRST + FAMILY_SENSORS_MAX
};

struct families {
    char sensors[FAMILY_SENSORS_MAX][FAMILY_SENSOR_LEN];
    size_t sensor_count;
    uint64_t messages[FAMILIES];
};

/* The family of a topic name; learns its sensor type if there is room. */
size_t family_of(struct families *families, const char *topic);

/* The counter's name below .../messages/, written into `name`. */
void family_name(const struct families *families, size_t family, char *name, size_t size);

/* How many families there are to publish now. */
size_t family_count(const struct families *families);

#endif
